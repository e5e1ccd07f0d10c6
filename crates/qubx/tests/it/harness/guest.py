"""A plain Jupyter client: reads commands as JSON lines, and answers each with one."""

import json
import sys

from jupyter_client import BlockingKernelClient

TIMEOUT = 30


def text_of(content):
    """What a message of the kernel says."""
    if "data" in content:
        return content["data"].get("text/plain", "")
    if "ename" in content:
        return f"{content['ename']}: {content['evalue']}"
    return content.get("text", content.get("code", content.get("execution_state", "")))


def read_until(client, marker):
    """All messages up to the first that has the marker, as pairs of type and text."""
    seen = []
    while True:
        message = client.get_iopub_msg(timeout=TIMEOUT)
        seen.append((message["msg_type"], text_of(message["content"])))
        if marker(message):
            return seen


client = BlockingKernelClient(connection_file=sys.argv[1])
client.load_connection_file()
client.start_channels()
client.wait_for_ready(timeout=TIMEOUT)
print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    command = json.loads(line)
    if "run" in command:
        id = client.execute(command["run"], **command.get("how", {}))

        def is_end(message, id=id):
            idle = message["content"].get("execution_state") == "idle"
            return idle and message["parent_header"].get("msg_id") == id

        seen = read_until(client, is_end)
        reply = client.get_shell_msg(timeout=TIMEOUT)["content"]
        answer = {"status": reply["status"], "seen": seen}
    elif "ready" in command:
        client.wait_for_ready(timeout=TIMEOUT)
        answer = "ready"
    elif "until" in command:
        wanted = command["until"]
        answer = {"seen": read_until(client, lambda message: wanted in text_of(message["content"]))}
    else:
        client.shutdown(restart=command["restart"])
        answer = client.get_control_msg(timeout=TIMEOUT)["content"]
    print(json.dumps(answer), flush=True)
