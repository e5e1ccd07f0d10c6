"""The other side of the measure of the page: the tables of `tables.py` in the browser, by textual-serve."""

import sys

from textual_serve.server import Server

Server(f"{sys.executable} {sys.argv[2]} {sys.argv[3]}", host="127.0.0.1", port=int(sys.argv[1])).serve()
