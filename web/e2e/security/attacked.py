"""A strategy that hands payloads on wherever a strategy has a say."""

import json
from pathlib import Path

from qubx_strategy import Context, Strategy, action


class Attacked(Strategy):
    """<img src=x onerror=top.canary(1)>"""

    note: str = "<img src=x onerror=top.canary(1)>"

    @action
    def speak(self, ctx: Context, first: int = 0, last: int = 1, words: str = "<svg onload=top.canary(1)>") -> str:
        """<img src=x onerror=top.canary(1)> logs, publishes and returns payloads."""
        payloads = json.loads(Path(__file__).with_name("payloads.json").read_text())
        texts = [payload["text"] for payload in payloads[first:last]]
        for text in texts:
            ctx.log(text)
            ctx.log(text, level="error")
            self.note = text
        ctx.publish("<b onclick=top.canary(1)>text", "\n".join(texts)[:4_000])
        ctx.publish("<b onclick=top.canary(1)>rows", [{"text": text, "again": text} for text in texts])
        names = [text for text in texts if len(text) <= 64 and text.isprintable()]
        if names:
            ctx.publish("<b onclick=top.canary(1)>columns", [{name: name for name in names[:50]}])
        for name in names[:10]:
            ctx.publish(name, name)
            ctx.plot(name, 1.0)
        return f"spoke {first}\n" + "\n".join(texts)
