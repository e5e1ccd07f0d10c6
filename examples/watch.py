"""Follows a session: a client of docs/protocol.md on the standard library alone (it sends no pings).

`watch.py NAME` prints a line for each event until the session ends or `--timeout S` is over. `--run CODE`
runs a cell, `--cancel-orders` cancels all orders; both exit 0 if that went well, else 1."""
import argparse, atexit, contextlib, json, os, signal, socket, sys, time  # noqa: I001
from pathlib import Path

SHOWN = {  # the kinds of facts that this client knows, and the fields that it prints of them
    "started": "epoch restored", "status": "phase paused ownership", "cell": "cell author code",
    "cell_started": "cell", "cell_finished": "cell status", "output": "cell text", "error": "cell evalue",
    "input_requested": "cell prompt", "input_ended": "text", "order": "side quantity instrument status",
    "fill": "side quantity instrument price", "verb": "author verb outcome text", "log": "level source text"}
def unpack(tagged: dict | str) -> tuple[str, dict]:  # {kind: fields}, or the bare kind when it has none
    return next(iter(tagged.items())) if isinstance(tagged, dict) else (tagged, {})
def harmless(text: str) -> str:  # a terminal obeys control characters: make them visible
    return "".join(it if it.isprintable() or it == "\n" else f"\\x{ord(it):02x}" for it in text)

class Watch:
    def __init__(self, command: dict | None) -> None:
        self.command = {"id": os.urandom(16).hex(), "command": command} if command else {"id": ""}
        self.log, self.head, self.cell, self.pause = None, 0, None, 0.1
        self.state: dict = {"running": None, "orders": {}, "positions": {}}
    def send(self, message: dict) -> None:
        frame = json.dumps(message).encode()
        self.socket.sendall(len(frame).to_bytes(4, "big") + frame)
    def say_hello(self) -> None:  # once it has a log and a head, the service goes on from there
        self.welcomed, about = False, {"identity": "watch@script", "screen": True, "latest": False}
        self.send({"hello": {"version": 1, "log": self.log, "after": self.log and self.head} | about})
    def follow(self, name: str) -> None:
        files = Path(os.environ.get("QUBX_HOME") or Path.home() / ".qubx").glob("kernels/*.json")
        sessions = [json.loads(file.read_text()).get("qubx", {}) for file in files]
        living = [it for it in sessions if it.get("name") == name and Path(f"/proc/{it['pid']}").exists()]
        session = living[0] if len(living) == 1 else sys.exit(f"{len(living)} sessions run as {name}")
        while True:
            with contextlib.suppress(OSError, ValueError), socket.socket(socket.AF_UNIX) as self.socket:
                self.socket.connect(session["socket"])
                self.say_hello()
                stream = self.socket.makefile("rb")
                while length := stream.read(4):
                    self.take(*unpack(json.loads(stream.read(int.from_bytes(length, "big")))))
            print("connection lost")
            time.sleep(self.pause)
            self.pause = min(2 * self.pause, 5)
    def take(self, kind: str, fields: dict) -> None:
        if kind == "welcome":
            self.welcomed, self.pause = True, 0.1
            if snapshot := fields["snapshot"]:  # the whole state; what was missed stands in its history
                known = {None: fields["head"], fields["log"]: self.head}.get(self.log, 0)
                self.cell = self.cell if known else None  # the log is another one, with other numbers
                past = [e for it in ("session", "trading", "log") for e in snapshot["history"][it]["events"]]
                for event in sorted(past, key=lambda it: it["seq"]):
                    if event["seq"] > known:
                        self.apply(event["time"], *unpack(event["fact"]))
                whole = snapshot | {"running": (snapshot["running"] or {}).get("cell")}
                self.log, self.head, self.state = fields["log"], fields["head"], whole
            if self.command["id"] and self.cell is None:  # not answered; sent twice it is done once
                self.send({"command": self.command})
        elif kind == "event" and self.welcomed and fields["seq"] > self.head + 1:
            self.say_hello()  # events are missing
        elif kind == "event" and self.welcomed and fields["seq"] == self.head + 1:
            self.apply(fields["time"], *unpack(fields["fact"]))
            self.head += 1
        elif kind in ("refused", "error") and fields.get("code") != "too_slow":
            ended = fields.get("code") == "ended"
            sys.exit(0 if ended and not self.command["id"] else harmless(fields["message"]))
    def apply(self, at: str, kind: str, fields: dict) -> None:
        state, about = self.state, fields[kind] if kind in ("order", "fill", "verb") else fields
        if kind == "output":
            form, shown = unpack(fields["content"])
            about = fields | {"text": shown.get("text") or shown.get("data", {}).get("text/plain") or form}
        text = " ".join(str(about.get(it)) for it in SHOWN.get(kind, "").split()) or "(unknown)"
        ours = self.cell is not None and fields.get("cell") == self.cell
        print(at, kind, harmless(text if ours else " ".join(text.split())[:100]), flush=True)
        if kind == "started":
            state |= {"running": None} | ({} if fields["restored"] else {"orders": {}, "positions": {}})
        elif kind == "cell" and fields["command"] == self.command["id"]:
            self.cell = fields["cell"]
        elif kind == "cell_started" or kind == "cell_finished" and state["running"] == fields["cell"]:
            state["running"] = fields["cell"] if kind == "cell_started" else None
        elif kind == "order" and about["status"] in ("intended", "new", "partially_filled"):
            state["orders"][about["id"]] = about
        elif kind == "order":
            state["orders"].pop(about["id"], None)
        elif kind == "fill":
            state["positions"][about["instrument"]] = fields["position"]
        done = ours if kind == "cell_finished" else kind == "verb" and about["command"] == self.command["id"]
        if done and about.get("outcome") != "started":
            sys.exit(0 if "ok" == about.get("status") or "done" == about.get("outcome") else 1)
parser = argparse.ArgumentParser(usage=__doc__)
parser.add_argument("name")
parser.add_argument("--run", metavar="CODE")
parser.add_argument("--cancel-orders", action="store_const", const={"cancel_orders": {"instrument": None}})
parser.add_argument("--timeout", type=float, default=0)
asked = parser.parse_args()
watch = Watch({"execute": {"code": asked.run}} if asked.run else asked.cancel_orders)
signal.signal(signal.SIGALRM, lambda *_: sys.exit(1 if watch.command["id"] else 0))
signal.setitimer(signal.ITIMER_REAL, asked.timeout)
held = lambda: [f"{it['instrument']} {it['quantity']}" for it in watch.state["positions"].values()]
atexit.register(lambda: print("positions:", held(), "open orders:", list(watch.state["orders"])))
watch.follow(asked.name)
