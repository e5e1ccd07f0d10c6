"""Instruments: one object each, however it travels."""

import copy
import pickle
import subprocess
import sys

import pytest

from qubx_strategy import Instrument
from qubx_strategy.instrument import parse_instrument
from qubx_strategy.mirror import Mirror

FIELDS = {
    "exchange": "SIM",
    "symbol": "BTCUSDT",
    "tick_size": 0.1,
    "lot_size": 0.001,
    "min_notional": 5,
    "currency": "USDT",
}


def test_what_the_service_does_not_say_is_as_for_most() -> None:
    plain = parse_instrument(0, FIELDS)
    assert (plain.multiplier, plain.kind, plain.maintenance_rate) == (1.0, "perpetual", 0.0)
    said = {"multiplier": "10", "kind": "future", "maintenance_rate": "0.005", "something_new": 1}
    full = parse_instrument(2, FIELDS | said)
    assert (full.index, full.multiplier, full.kind, full.maintenance_rate) == (2, 10.0, "future", 0.005)
    assert (str(full), repr(full)) == ("SIM:BTCUSDT", "Instrument(SIM:BTCUSDT)")


def test_a_label_says_the_exchange_where_the_symbol_does_not_tell_it() -> None:
    others = (FIELDS | {"exchange": "ALT"}, FIELDS | {"symbol": "ETHUSDT"})
    mirror = Mirror(parse_instrument(*entry) for entry in enumerate((FIELDS, *others)))
    assert [instrument.label for instrument in mirror.instruments] == [
        "SIM:BTCUSDT",
        "ALT:BTCUSDT",
        "ETHUSDT",
    ]


def test_an_instrument_does_not_change() -> None:
    instrument = parse_instrument(0, FIELDS)
    with pytest.raises(AttributeError, match="tick_size cannot be set"):
        instrument.tick_size = 1.0
    with pytest.raises(AttributeError):
        del instrument.symbol


def test_copies_are_the_instrument_itself() -> None:
    instrument = parse_instrument(0, FIELDS)
    assert copy.copy(instrument) is instrument
    assert copy.deepcopy({instrument: [instrument]}) == {instrument: [instrument]}


def test_a_pickled_instrument_comes_back_as_the_sessions_own() -> None:
    (instrument,) = Mirror([parse_instrument(0, FIELDS)]).instruments
    pickled = pickle.dumps({instrument: 1})
    assert pickle.loads(pickled)[instrument] == 1
    # Another process makes one of its own, and only one.
    program = (
        "import pickle, sys; data = sys.stdin.buffer.read(); "
        "(a,), (b,) = pickle.loads(data), pickle.loads(data); print(a is b, a.name, a.tick_size)"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], input=pickled, capture_output=True, check=True, timeout=60
    ).stdout
    assert output == b"True SIM:BTCUSDT 0.1\n"


def test_instruments_have_an_order() -> None:
    instruments = [Instrument(i, "SIM", name, 1, 1, 0, "USDT") for i, name in enumerate("CAB")]
    assert [i.symbol for i in sorted(instruments)] == ["A", "B", "C"]
