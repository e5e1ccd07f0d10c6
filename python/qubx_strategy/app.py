"""ipykernel with our rules: a guest can neither end the kernel nor make it grow without bound.

Only the launcher imports this, when the process is prepared.
"""

import hmac
import json
import os
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import ipykernel
from ipykernel import kernelapp
from ipykernel.heartbeat import Heartbeat
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQExitAutocall, ZMQInteractiveShell
from IPython.core.error import StdinNotImplementedError
from jupyter_client.jsonutil import json_clean, json_default
from jupyter_client.session import json_packer
from traitlets import default

from . import causes
from .bridge import Bridge
from .inputs import Inputs
from .output import NumberedOutput, number_output
from .streams import drain_streams
from .text import encoded

IOPUB_HIGH_WATER_MARK = 8_000
"""Messages kept for one slow reader. ipykernel's 1,000 lose output of a single cell; without a bound a
stopped guest makes the kernel grow. The service is never that far behind, as long as it reads."""

ZMQ_HIGH_WATER_MARK = 1_000
"""The library's default, for all other sockets."""

HEARTBEAT_BINDS_WITHIN_SECONDS = 10.0
"""How long the heartbeat's thread may take. It takes a millisecond, unless the machine is very busy."""

INPUT_LOOK_MILLISECONDS = 10
"""How often a waiting cell looks for an answer of the service; an interrupt is noticed then too."""

EXIT_HELP = """\
This kernel is shared and keeps running.
To leave: Ctrl+Q in the screen, Ctrl+D in jupyter console.
To end the session: qubx kernel stop NAME"""


class Exit(ZMQExitAutocall):
    """`exit` and `quit` in a cell: they would end the kernel for everyone."""

    def __call__(self, keep_kernel: bool = False) -> None:
        print(EXIT_HELP)


class Nothing(dict[int, list[Any]]):
    """What IPython keeps of every cell's output, for a notebook that it could write: nothing.

    The session has it already, and a kernel that lives for weeks would only grow.
    """

    def __missing__(self, key: int) -> list[Any]:
        return []


class Shell(ZMQInteractiveShell):
    """The REPL."""

    def init_history(self) -> None:
        """Makes the history forget what cells wrote and showed."""
        super().init_history()
        self.history_manager.outputs = Nothing()

    def _tee(self, channel: str) -> Any:
        # IPython 9 would keep a copy of all that is printed.
        return nullcontext()

    @default("exiter")
    def _default_exiter(self) -> Any:
        return Exit(self)

    def ask_exit(self) -> None:
        """Says how to leave; the kernel stays."""
        print(EXIT_HELP)


class Kernel(IPythonKernel):
    """The kernel, which only its owner can end."""

    shell_class = Shell
    banner = ""

    async def shutdown_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Ends the kernel for its owner; a guest gets a refusal."""
        token = str(parent["content"].get("qubx_token", ""))
        if hmac.compare_digest(token.encode(), self.parent.token.encode()):
            await super().shutdown_request(stream, ident, parent)
            return
        content = {
            "status": "error",
            "restart": False,
            "ename": "PermissionError",
            "evalue": EXIT_HELP,
            "traceback": [],
        }
        self.session.send(stream, "shutdown_reply", content, parent, ident=ident)

    async def execute_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Runs a cell; the service hears of it before and after, whoever sent it and whatever it hides."""
        cell = causes.begin(self.parent.bridge, parent, self.execution_count)
        try:
            await super().execute_request(stream, ident, parent)
        except KeyboardInterrupt:
            # It hit the code around the cell, and there is no reply.
            cell.status = "interrupted"
            raise
        finally:
            causes.end(self.parent.bridge, cell)

    def finish_metadata(self, parent: Any, metadata: Any, reply_content: Any) -> Any:
        """Notes how a cell was answered."""
        causes.note_reply(reply_content)
        return super().finish_metadata(parent, metadata, reply_content)

    def _publish_execute_input(self, code: str, parent: Any, execution_count: int) -> None:
        # As in the base class, plus whether the request belongs in the history, which readers cannot see.
        self.session.send(
            self.iopub_socket,
            "execute_input",
            {"code": code, "execution_count": execution_count},
            parent=parent,
            ident=self._topic("execute_input"),
            metadata={"qubx_history": parent["content"].get("store_history", True)},
        )

    def _input_request(self, prompt: Any, ident: Any, parent: Any, password: bool = False) -> str:
        # As in the base class, but every screen hears of the wait and may answer, not only who asked.
        if threading.current_thread() is not threading.main_thread():
            raise StdinNotImplementedError("input() works in a cell's own thread, not in one that it started")
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        while self._client_reply(ident) is not None:
            pass  # A late answer to an earlier wait must not answer this one.
        after = self.parent.iopub_thread.published()
        with self.parent.inputs.wait(parent["header"]["msg_id"], str(prompt), password, after) as wait:
            content = {"prompt": str(prompt), "password": password}
            self.session.send(self.stdin_socket, "input_request", content, parent, ident=ident)
            answer: str | None = None
            while answer is None:
                self.stdin_socket.poll(INPUT_LOOK_MILLISECONDS)
                answer = wait.answer
                if answer is None:
                    answer = self._client_reply(ident)
        if answer == "\x04":
            raise EOFError
        return answer

    def _client_reply(self, ident: Any) -> str | None:
        """Returns the text of a reply that the asking client has sent; none when there is none."""
        while True:
            try:
                sender, reply = self.session.recv(self.stdin_socket)
            except (TypeError, ValueError):  # No message, or not signed with the key.
                continue
            if reply is None:
                return None
            # Another client was not asked: its reply is to an earlier wait.
            if sender == ident and isinstance(reply["content"], dict):
                return str(reply["content"].get("value", ""))

    async def poll_stopped_queue(self) -> None:
        """Does nothing: there is no debugger."""


class PunctualHeartbeat(Heartbeat):
    """The heartbeat, which tells when its socket is bound."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.bound = threading.Event()
        super().__init__(*args, **kwargs)

    def _bind_socket(self) -> None:
        try:
            super()._bind_socket()
        finally:
            self.bound.set()


class App(IPKernelApp):
    """The application around the kernel."""

    kernel_class = Kernel
    heartbeat: PunctualHeartbeat
    bridge: Bridge
    inputs: Inputs
    iopub_thread: NumberedOutput
    token: str
    folder: str

    def init_iopub(self, context: Any) -> None:
        """Bounds what a slow reader can make the kernel keep; it must be set before the socket exists."""
        context.sndhwm = IOPUB_HIGH_WATER_MARK
        super().init_iopub(context)
        context.sndhwm = ZMQ_HIGH_WATER_MARK
        # ipykernel makes this thread's way to itself at the first output. By then a cell may have taken
        # the last descriptor, and no output would ever come again.
        self.iopub_thread.schedule(partial(getattr, self.iopub_thread, "_event_pipe", None))

    def init_sockets(self) -> None:
        """Binds the sockets, for this user alone."""
        bind_private(super().init_sockets)

    def init_heartbeat(self) -> None:
        """Binds the heartbeat's socket, for this user alone."""
        bind_private(self._start_heartbeat)

    def _start_heartbeat(self) -> None:
        super().init_heartbeat()
        # It binds on its own thread, and the umask is everybody's.
        self.heartbeat.bound.wait(HEARTBEAT_BINDS_WITHIN_SECONDS)

    def write_connection_file(self, **_: Any) -> None:
        """Leaves the file as the service wrote it, and tells that every socket is bound."""
        self.bridge.send("bound")

    def init_path(self) -> None:
        """Looks in the config's folder, then in this package's, and only then in the caller's."""
        sys.path.insert(0, self.folder)
        sys.path.insert(2, "")

    def start(self) -> None:
        """Tells that requests are answered from now on, and runs until the owner ends it."""
        self.bridge.send("ready", python=sys.version.split()[0], ipykernel=ipykernel.__version__)
        super().start()
        # The answer to the owner is still being written there. If the output thread ended first, ipykernel
        # would wait twenty seconds for it.
        self.control_thread.join(timeout=5)


def pack(part: Any) -> bytes:
    """Returns a part of a message as JSON, also when a text in it has halves of characters.

    Jupyter's own way fails at most of them, and the output, or even a cell's end, would never be told.
    """
    try:
        packed: bytes = json_packer(part)
        packed.decode()
    except UnicodeError:
        text = json.dumps(json_clean(part), default=json_default, ensure_ascii=False, allow_nan=False)
        return encoded(text)
    return packed


def bind_private(bind: Callable[[], None]) -> None:
    """Runs `bind` so that the socket files that it makes are the user's alone, whatever the umask says."""
    umask = os.umask(0o177)
    try:
        bind()
    finally:
        os.umask(umask)


def build(bridge: Bridge, inputs: Inputs, settings: dict[str, Any], connection_file: str) -> App:
    """Returns the application, its sockets bound and its shell made."""
    number_output()
    kernelapp.Heartbeat = PunctualHeartbeat
    app: App = App.instance(
        parent_handle=1
    )  # 1 means: do not poll for a parent, and no advice on the terminal.
    app.bridge = bridge
    app.inputs = inputs
    app.token = settings["token"]
    app.folder = settings["folder"]
    app.initialize(
        [
            f"--IPKernelApp.connection_file={connection_file}",
            "--IPKernelApp.outstream_class=qubx_strategy.streams.Stream",
            # The session has its own history; IPython's would be a second one, in another file.
            "--HistoryManager.enabled=False",
            "--HistoryManager.hist_file=:memory:",
        ]
    )
    app.session.pack = pack
    app.shell.events.register("post_run_cell", drain_streams)
    return app
