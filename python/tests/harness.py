"""A session of the strategy's thread: the real bridge over a real socket, and a service that a test plays."""

import json
import socket
import struct
import sys
import threading
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from qubx_strategy import Context, Instrument, Strategy
from qubx_strategy.bridge import Bridge
from qubx_strategy.causes import act_for_strategy
from qubx_strategy.lockstep import Lockstep
from qubx_strategy.mirror import Mirror
from qubx_strategy.runner import Runner

LIMIT_SECONDS = 30
SECOND = 1_000_000_000
START = 1_767_225_600 * SECOND
"""2026-01-01."""
BTC = Instrument(0, "SIM", "BTCUSDT", 0.1, 0.001, 5.0, "USDT")
ETH = Instrument(1, "SIM", "ETHUSDT", 0.01, 0.001, 5.0, "USDT", multiplier=10.0)
RECORD = struct.Struct("<BBHIqdddd")


def quote(index: int, second: float, bid: float, ask: float, kind: int = 0) -> bytes:
    return RECORD.pack(kind, 0, 0, index, START + int(second * SECOND), bid, ask, 1.0, 2.0)


def trade(index: int, second: float, price: float, size: float, side: int) -> bytes:
    return RECORD.pack(1, 0, 0, index, START + int(second * SECOND), price, size, side, 0.0)


def fact(place: int, second: float) -> bytes:
    return RECORD.pack(2, 0, 0, place, START + int(second * SECOND), 0.0, 0.0, 0.0, 0.0)


def frame_of_batch(number: int, records: Sequence[bytes], facts: Sequence[Any] = ()) -> bytes:
    text = json.dumps(list(facts)).encode()
    return struct.pack("<BQI", ord("B"), number, len(text)) + text + b"".join(records)


def order(id: str = "o-1", status: str = "new", **changes: Any) -> dict[str, Any]:
    return {
        "id": id,
        "instrument": "SIM:BTCUSDT",
        "side": "buy",
        "type": "limit",
        "quantity": "1",
        "filled": "0",
        "price": "99",
        "time_in_force": "gtc",
        "status": status,
        "author": "strategy",
        "created_at": "2026-01-01T00:00:00Z",
        **changes,
    }


def fill(quantity: str = "1", price: str = "99", **changes: Any) -> dict[str, Any]:
    return {
        "trade_id": "t-1",
        "order": "o-1",
        "instrument": "SIM:BTCUSDT",
        "side": "buy",
        "quantity": quantity,
        "price": price,
        "fee": "0.1",
        "liquidity": "maker",
        "time": "2026-01-01T00:00:01Z",
        "author": "strategy",
        **changes,
    }


def position(quantity: str, price: str | None = "99", **changes: Any) -> dict[str, Any]:
    return {
        "instrument": "SIM:BTCUSDT",
        "quantity": quantity,
        "avg_price": price,
        "realized_pnl": "0",
        "fees": "0.1",
        **changes,
    }


class Session:
    """The service's side, and the Python side that runs beside it."""

    def __init__(self, folder: Path, source: dict[str, Any]) -> None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(folder / "bridge.sock"))
        listener.listen()
        bridge = Bridge(str(folder / "bridge.sock"))
        self._socket, _ = listener.accept()
        listener.close()
        self._socket.settimeout(LIMIT_SECONDS)
        self._input = self._socket.makefile("rb")
        self.mirror = Mirror([BTC, ETH])
        lockstep = Lockstep(bridge, self.mirror)
        self.ctx = Context(self.mirror, lockstep)
        self.strategy: Any = None
        self.heard: list[dict[str, Any]] = []
        """All messages so far."""
        runner = Runner(
            bridge,
            self.mirror,
            lockstep,
            self.ctx,
            source,
            on_thread_start=act_for_strategy,
            on_constructed=lambda strategy: setattr(self, "strategy", strategy),
            publish_output=lambda: 7,
        )
        self._reader = threading.Thread(target=bridge.read_forever, args=(runner.inbox.put,), daemon=True)
        for thread in (runner.thread, self._reader):
            thread.start()

    def send(self, message: dict[str, Any] | bytes) -> None:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        self._socket.sendall(struct.pack(">I", len(body)) + body)

    def hear(self, type: str) -> dict[str, Any]:
        """Returns the next message of a type; those before it are in `heard`."""
        while True:
            (length,) = struct.unpack(">I", self._input.read(4))
            message: dict[str, Any] = json.loads(self._input.read(length))
            self.heard.append(message)
            if message["type"] == type:
                return message

    def start(self, positions: Sequence[Any] = (), orders: Sequence[Any] = ()) -> dict[str, Any]:
        """Starts the strategy; returns what it says when it was started."""
        self.send({"type": "start", "time": START, "positions": positions, "orders": orders})
        return self.hear("started")

    def batch(self, *records: bytes, facts: Sequence[Any] = (), number: int = 1) -> None:
        self.send(frame_of_batch(number, records, facts))

    def answer(self, ok: Any, **more: Any) -> dict[str, Any]:
        """Answers the next call and returns it."""
        call = self.hear("call")
        self.send({"type": "reply", "call": call["call"], "ok": ok, **more})
        return call

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(LIMIT_SECONDS)


@contextmanager
def session(
    folder: Path,
    patch: pytest.MonkeyPatch,
    strategy: type[Strategy] | None,
    **parameters: Any,
) -> Iterator[Session]:
    """Runs a strategy, or none of Python's."""
    # The end of the service ends the process.
    patch.setattr("os._exit", lambda code: None)
    source: dict[str, Any] = {"module": None, "class": None, "parameters": parameters}
    if strategy is not None:
        module = types.ModuleType("strategy_under_test")
        setattr(module, strategy.__name__, strategy)
        patch.setitem(sys.modules, module.__name__, module)
        source |= {"module": module.__name__, "class": strategy.__name__}
    running = Session(folder, source)
    try:
        yield running
    finally:
        running.close()
