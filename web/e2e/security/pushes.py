"""Pushes payloads through every way that leads from a kernel to a screen."""

import base64
import json
import sys
from pathlib import Path
from typing import Any

from IPython import get_ipython
from IPython.display import display, publish_display_data

PAYLOADS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("payloads.json").read_text())


def mark(way: str, payload: dict[str, Any]) -> str:
    """Returns what tells that a payload was shown."""
    return f"¤{way}-{payload['id']}¤"


def form(way: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Returns the output with which a payload takes a way; where a way has several, payloads take them in turn."""
    text = payload["text"]
    encoded = base64.b64encode(text.encode("utf-8", "replace")).decode()
    turns: dict[str, list[dict[str, Any]]] = {
        "html": [{"text/html": text, "text/plain": text}],
        "markdown": [{"text/markdown": text}],
        "latex": [{"text/latex": text if payload["kind"] == "latex" else f"${text}$"}],
        "svg": [{"image/svg+xml": text, "text/plain": text}],
        "image": [
            {"image/png": text, "text/plain": text},
            {"image/png": encoded, "text/plain": text},
            {"image/gif": f'{encoded}" onerror="{text}'},
        ],
        "other": [
            {"application/javascript": text},
            {"application/json": {"x": text, text: [text]}},
            {"application/vnd.plotly.v1+json": {"data": [{"text": text}], "layout": {"title": text}}},
            {"application/vnd.vegalite.v5+json": {"$schema": text, "data": {"url": text}}},
            {"application/vnd.jupyter.widget-view+json": {"model_id": text}, "text/plain": text},
            {text: text},
            {"text/html": [text, text]},
        ],
    }
    return turns[way][payload["id"] % len(turns[way])]


def show(way: str, first: int, last: int) -> None:
    """Shows payloads as outputs of other forms than text."""
    for payload in PAYLOADS[first:last]:
        publish_display_data(form(way, payload))
        print(mark(way, payload))


def say(first: int, last: int) -> None:
    """Prints payloads, plain, coloured and as errors."""
    for payload in PAYLOADS[first:last]:
        text = payload["text"]
        print(f"{text}\n\x1b[1;31m{text}\x1b[0m{mark('text', payload)}")
        print(text, file=sys.stderr)


def fail(first: int, last: int) -> None:
    """Has exceptions with payloads as their names and their words; one that goes back in its line leaves the second mark."""
    for payload in PAYLOADS[first:last]:
        text = payload["text"]
        try:
            raise type(text.replace("\0", ""), (Exception,), {})(f"{mark('error', payload)} {text} {mark('error', payload)}")
        except Exception:
            get_ipython().showtraceback()


def replace(first: int, last: int) -> None:
    """Shows payloads in the place of harmless outputs."""
    for payload in PAYLOADS[first:last]:
        handle = display({"text/html": "<i>harmless</i>"}, raw=True, display_id=True)
        handle.update({"text/html": payload["text"]}, raw=True)
        print(mark("replaced", payload))
