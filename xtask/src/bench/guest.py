"""A Jupyter guest that subscribes to all output, for `cargo xtask bench`: it reads until it is killed."""

import sys

from jupyter_client.blocking.client import BlockingKernelClient

LIMIT = 60.0
"""The seconds that the kernel may take to answer."""


def main() -> None:
    """Subscribes, says so, and reads."""
    client = BlockingKernelClient(connection_file=sys.argv[1])
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(timeout=LIMIT)
    print("subscribed", flush=True)
    while True:
        client.get_iopub_msg()


main()
