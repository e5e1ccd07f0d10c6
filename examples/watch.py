"""Follows a session: a client of docs/protocol.md.

watch.py NAME              prints a line for each event until the session ends
watch.py NAME --run CODE   runs a cell, prints what it shows, and exits with 0 if it ended well
"""

import argparse
import json
import os
import socket
import sys
import time
from pathlib import Path


def kind_of(tagged):
    """Returns the one key of a message and its fields; a message without fields is a bare string."""
    return next(iter(tagged.items())) if isinstance(tagged, dict) else (tagged, {})


def harmless(text):
    """Makes control characters visible, which a terminal would obey."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


def find_socket(name):
    """Returns the socket of the session with this name."""
    home = Path(os.environ.get("QUBX_HOME") or Path.home() / ".qubx")
    for file in sorted(home.glob("kernels/*.json"), reverse=True):
        session = json.loads(file.read_text()).get("qubx", {})
        if session.get("name") == name:
            return session["socket"]
    sys.exit(f"no session {name} is running")


class Watch:
    """A connection to a session, and what was heard."""

    def __init__(self, code):
        self.command = code and {"id": os.urandom(16).hex(), "command": {"execute": {"code": code}}}
        self.log, self.head, self.cell = None, 0, None

    def follow(self, path):
        """Connects, and connects again when the connection breaks; the head tells where to go on."""
        while True:
            try:
                with socket.socket(socket.AF_UNIX) as self.socket:
                    self.socket.connect(path)
                    self.say_hello()
                    stream = self.socket.makefile("rb")
                    while header := stream.read(4):
                        self.take(*kind_of(json.loads(stream.read(int.from_bytes(header, "big")))))
            except (OSError, ValueError):
                time.sleep(0.5)

    def send(self, message):
        frame = json.dumps(message).encode()
        self.socket.sendall(len(frame).to_bytes(4, "big") + frame)

    def say_hello(self):
        self.welcomed, after = False, self.head if self.log else None
        self.send({"hello": {"version": 1, "log": self.log, "after": after, "identity": "watch.py"}})

    def take(self, kind, message):
        if kind == "welcome":
            self.welcomed, self.log = True, message["log"]
            print(f"connected, newest event {message['head']}", file=sys.stderr, flush=True)
            if message["snapshot"]:
                self.head = message["head"]
            if self.command and self.cell is None:  # Not answered; it is done once, however often it is sent.
                self.send({"command": self.command})
        elif kind == "event" and self.welcomed and message["seq"] == self.head + 1:
            self.head += 1
            self.apply(message["time"], *kind_of(message["fact"]))
        elif kind == "event" and self.welcomed and message["seq"] > self.head:
            self.say_hello()  # Events are missing.
        elif kind == "refused" or (kind == "error" and message["code"] not in ("too_slow", "busy")):
            is_end = message.get("code") == "ended" and not self.command
            sys.exit(0 if is_end else harmless(message["message"]))

    def apply(self, at, kind, fact):
        if not self.command:
            print(at, kind, harmless(json.dumps(fact, ensure_ascii=False)), flush=True)
        elif kind == "cell" and fact["command"] == self.command["id"]:
            self.cell = fact["cell"]
        elif kind == "output" and fact["cell"] == self.cell:
            form, content = kind_of(fact["content"])
            text = {"stream": content.get("text"), "data": content.get("data", {}).get("text/plain")}
            print(harmless(text.get(form) or f"[{form}]"), end="" if form == "stream" else "\n", flush=True)
        elif kind == "error" and fact["cell"] == self.cell:
            print(harmless(f"{fact['ename']}: {fact['evalue']}"), file=sys.stderr)
        elif kind == "cell_finished" and fact["cell"] == self.cell:
            sys.exit(0 if fact["status"] == "ok" else fact["status"])


arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
arguments.add_argument("name")
arguments.add_argument("--run", metavar="CODE")
asked = arguments.parse_args()
Watch(asked.run).follow(find_socket(asked.name))
