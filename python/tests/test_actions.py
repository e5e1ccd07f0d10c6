"""Actions: what is listed, what may be given, and what comes of it."""

from typing import Any

import pytest

from qubx_strategy import Context, Quote, Strategy, action
from qubx_strategy.actions import ActionError, find_action, list_actions
from qubx_strategy.probe import probe
from tests.conftest import Run
from tests.harness import BTC, fact, order, quote


class Base(Strategy):
    size: float = 0.5

    @action
    def widen(
        self, ctx: Context, ticks: int, factor: float = 2, *, note: "str" = "", more: Any = None
    ) -> Any:
        """Quotes wider,
        by some ticks.

        Not shown.
        """
        return ticks, factor, note, more

    @action(dangerous=True)
    def leave(self, ctx: Context) -> None:
        ctx.close_position(BTC)

    @action
    def gone(self, ctx: Context) -> None: ...


class Example(Base):
    def gone(self, ctx: Context) -> None: ...

    @action
    def fail(self, ctx: Context) -> None:
        raise OSError("broken")

    @action
    def resize(self, ctx: Context) -> float:
        self.size = 0.75
        return self.size


def test_actions_are_listed_as_they_are_declared() -> None:
    assert list_actions(Example) == [
        {
            "name": "widen",
            "description": "Quotes wider, by some ticks.",
            "dangerous": False,
            "parameters": [
                {"name": "ticks", "kind": "int"},
                {"name": "factor", "kind": "float", "default": 2},
                {"name": "note", "kind": "str", "default": ""},
                {"name": "more", "kind": "any", "default": None},
            ],
        },
        {"name": "leave", "description": "", "dangerous": True, "parameters": []},
        {"name": "fail", "description": "", "dangerous": False, "parameters": []},
        {"name": "resize", "description": "", "dangerous": False, "parameters": []},
    ]
    assert list_actions(Strategy) == []
    answer = probe(__name__, "Example", {})
    assert [entry["name"] for entry in answer["actions"]] == ["widen", "leave", "fail", "resize"]


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("widne", {}, "no action 'widne'; did you mean 'widen'?"),
        ("gone", {}, "no action 'gone'"),
        ("on_stop", {}, "no action 'on_stop'"),
        ("widen", {"tick": 1}, "widen has no argument 'tick'; did you mean 'ticks'?"),
        ("leave", {"now": 1}, "leave has no argument 'now'; there are none"),
        ("widen", {}, "widen needs the argument 'ticks'"),
        ("widen", {"ticks": 1.5}, "argument 'ticks' of widen must be int, not float: 1.5"),
        ("widen", {"ticks": True}, "argument 'ticks' of widen must be int, not bool: True"),
        ("widen", {"ticks": 1, "factor": "2"}, "argument 'factor' of widen must be float, not str: '2'"),
        ("widen", {"ticks": 1, "self": 2}, "widen has no argument 'self'"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(name: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ActionError) as caught:
        find_action(Example(), name, given)
    assert str(caught.value).startswith(message)


def test_an_action_is_an_ordinary_method_too(run: Run) -> None:
    ctx = run(Example).ctx
    assert Example().widen(ctx, 3, note="x") == (3, 2, "x", None)
    method, arguments = find_action(Example(), "widen", {"ticks": 3, "factor": 4})
    assert method(ctx, **arguments) == (3, 4.0, "", None)


def test_an_action_used_wrongly_is_refused_when_the_class_is_made() -> None:
    def no_ctx(self: Any) -> None: ...
    def many(self: Any, ctx: Context, *names: str) -> None: ...
    def bad_default(self: Any, ctx: Context, size: int = 0.5) -> None: ...  # type: ignore[assignment]
    def only_place(self: Any, ctx: Context, size: int, /) -> None: ...
    def _hidden(self: Any, ctx: Context) -> None: ...
    async def later(self: Any, ctx: Context) -> None: ...

    for method, message in [
        (no_ctx, r"no_ctx must take \(self, ctx, …\)"),
        (many, r"given by name, and '\*names: str' cannot be"),
        (only_place, r"must take \(self, ctx, …\)"),
        (bad_default, "the default of 'size' of .*bad_default must be int, not float: 0.5"),
        (_hidden, "must not begin with an underscore"),
        (later, "must be a plain method, without async or yield"),
        ("widen", "@action marks a method, not 'widen'"),
        (staticmethod(no_ctx), "@action marks a method"),
    ]:
        with pytest.raises(TypeError, match=message):
            action(method)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="dangerous must be True or False, not 'yes'"):
        action(dangerous="yes")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"Wrong\.on_quote is a callback and cannot be an action"):

        class Wrong(Strategy):
            @action
            def on_quote(self, ctx: Context, quote: Quote) -> None: ...


def test_an_action_of_the_service_runs_between_the_records_and_is_answered(run: Run) -> None:
    session = run(Example)
    session.start()
    assert [entry["name"] for entry in session.heard[0]["actions"]] == ["widen", "leave", "fail", "resize"]
    commands = [
        ("widen", {"ticks": 1}),
        ("leave", {}),
        ("widen", {}),
        ("fail", {}),
        ("resize", {}),
    ]
    session.batch(
        quote(0, 1, 1, 2),
        *(fact(place, 1) for place in range(len(commands))),
        facts=[
            ["c", f"k-{place}", "action", {"name": name, "arguments": arguments}]
            for place, (name, arguments) in enumerate(commands)
        ],
    )
    call = session.answer(order())
    assert (call["request"]["verb"], call["at"]) == ("close_position", {"batch": 1, "record": 3})
    assert call["origin"] == {"command": "k-1"}
    session.hear("batch_done")
    after = [m for m in session.heard if m["type"] in ("command_done", "callback_error", "parameters")]
    told = [(m["type"], m.get("command"), m.get("ok", m.get("error"))) for m in after]
    assert told == [
        ("command_done", "k-0", "(1, 2, '', None)"),
        ("command_done", "k-1", "done"),
        ("command_done", "k-2", "widen needs the argument 'ticks'"),
        ("callback_error", None, None),
        ("command_done", "k-3", "OSError: broken"),
        ("parameters", None, None),
        ("command_done", "k-4", "0.75"),
    ]
    assert (after[3]["callback"], after[3]["in_a_row"]) == ("fail", 0)
    assert "test_actions.py" in "".join(after[3]["traceback"])
