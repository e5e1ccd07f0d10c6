"""The check before a session exists: is the class there, what is it, and do its parameters fit?

It reads one JSON request from standard input and writes one JSON answer to what was standard output. The
strategy's module is imported and nothing of it is called; what it prints goes to standard error.
"""

import importlib
import importlib.util
import json
import os
import re
import sys
from typing import Any

from .actions import list_actions
from .failure import describe
from .parameters import ParameterError, check_parameters, read_parameters, shown
from .strategy import Strategy, overridden_callbacks
from .text import encoded

Answer = dict[str, Any]


def main() -> None:
    """Answers the request on standard input."""
    request = json.loads(sys.stdin.buffer.read())
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    answer: Answer = {
        "python": sys.version.split()[0],
        "ipykernel": ipykernel_version(),
        "package": os.path.dirname(__file__),
    }
    # Without a module it is only this Python that is asked about: the strategy is not written in it.
    if answer["ipykernel"] is not None and request["module"] is not None:
        # As in the kernel: the config's folder, this package, the caller's folder.
        sys.path.insert(0, request["folder"])
        sys.path.insert(2, "")
        answer |= probe(request["module"], request["class"], request["parameters"])
    answers.write(encoded(json.dumps(answer, ensure_ascii=False)))
    answers.flush()
    # Threads that the module started must not keep this process.
    os._exit(0)


def ipykernel_version() -> str | None:
    """Returns the version of ipykernel without importing it; none when it is not installed."""
    spec = importlib.util.find_spec("ipykernel")
    if spec is None or spec.origin is None:
        return None
    # importlib.metadata knows too, but takes longer than everything else here together.
    with open(os.path.join(os.path.dirname(spec.origin), "_version.py"), encoding="utf-8") as file:
        found = re.search(r'^__version__ = "([^"]+)"', file.read(), re.MULTILINE)
    if found:
        return found[1]
    from importlib.metadata import version

    return version("ipykernel")


def probe(module_name: str, class_name: str, given: dict[str, Any]) -> Answer:
    """Returns what the strategy is, or `problem` and what belongs to it."""
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        # Only the module itself or a package above it: a missing import inside of it is its own failure.
        if error.name is not None and (module_name + ".").startswith(error.name + "."):
            return {"problem": "no_module"}
        return {"problem": "import", **describe(error)}
    except BaseException as error:
        return {"problem": "import", **describe(error)}
    strategy = getattr(module, class_name, None)
    if not isinstance(strategy, type):
        own = (name for name, value in vars(module).items() if is_strategy(value))
        return {"problem": "no_class", "classes": sorted(own)}
    if not is_strategy(strategy):
        return {"problem": "not_a_strategy"}
    if not issubclass(strategy, Strategy):
        return {"runtime": "qubx", "parameters": {}, "callbacks": [], "actions": []}
    try:
        values = check_parameters(strategy, given)
    except ParameterError as error:
        return {"problem": "parameter", "name": error.name, "message": str(error), "nearest": error.nearest}
    parameters = {
        name: {"kind": kind, "default": shown(default), "given": name in values}
        for name, (kind, default) in read_parameters(strategy).items()
    }
    return {
        "runtime": "native",
        "parameters": parameters,
        "callbacks": overridden_callbacks(strategy),
        "actions": list_actions(strategy),
    }


def is_strategy(value: object) -> bool:
    """Tells whether something is a strategy class: a native one, or one of the framework Qubx."""
    if not isinstance(value, type) or value is Strategy:
        return False
    names = {(base.__module__, base.__qualname__) for base in value.__mro__[1:]}
    return issubclass(value, Strategy) or ("qubx.core.interfaces", "IStrategy") in names
