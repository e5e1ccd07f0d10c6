"""On whose behalf code runs."""

import threading
from typing import Any

from qubx_strategy import causes


class Service:
    """Keeps what it heard."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, dict[str, Any]]] = []

    def send(self, type: str, **fields: Any) -> None:
        self.messages.append((type, fields))


def request(code: Any, **header: Any) -> dict[str, Any]:
    return {"header": {"msg_id": "m-1", **header}, "content": {"code": code}}


def in_thread(work: Any) -> Any:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join(10)
    return results[0]


def test_a_cell_is_told_before_and_after_and_its_threads_act_for_it() -> None:
    causes.hand_cause_on()
    service = Service()
    assert causes.origin() == "outside"
    cell = causes.begin(service, request("1", username="ann"), 7)
    assert causes.origin() == {"cell": cell.number}
    # Also a thread that a thread of it starts, long after the cell.
    grandchild = in_thread(lambda: in_thread(causes.origin))
    late: list[Any] = []
    go = threading.Event()
    thread = threading.Thread(target=lambda: late.append((go.wait(10), causes.origin())))
    thread.start()
    causes.note_reply({"status": "ok"})
    causes.end(service, cell)
    assert causes.origin() == "outside"
    go.set()
    thread.join(10)
    assert grandchild == late[0][1] == {"cell": cell.number}
    begins, ends = service.messages
    told = {
        "cell": cell.number,
        "request": "m-1",
        "user": "ann",
        "code": "1",
        "execution_count": 7,
        "stored": True,
    }
    assert begins == ("cell_begins", told)
    assert ends == ("cell_ends", {"cell": cell.number, "status": "ok"})


def test_the_end_of_a_cell_says_how_it_was_answered() -> None:
    service = Service()
    for reply, status in [
        ({"status": "error", "ename": "ValueError"}, "error"),
        ({"status": "error", "ename": "KeyboardInterrupt"}, "interrupted"),
        ({"status": "aborted"}, "aborted"),
        (None, "error"),
    ]:
        cell = causes.begin(service, request("x"), None)
        if reply is not None:
            causes.note_reply(reply)
        causes.end(service, cell)
        assert service.messages[-1][1]["status"] == status


def test_a_huge_cell_is_told_with_head_and_tail() -> None:
    service = Service()
    causes.end(service, causes.begin(service, request("a" * 5_000_000 + "b"), None))
    code = service.messages[0][1]["code"]
    assert len(code) < causes.LONGEST_CODE + 100
    assert code.endswith("b")


def test_threads_of_the_strategy_act_for_it() -> None:
    causes.hand_cause_on()

    def strategy() -> Any:
        causes.act_for_strategy()
        return causes.origin(), in_thread(causes.origin)

    assert in_thread(strategy) == ("strategy", "strategy")
