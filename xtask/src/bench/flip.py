"""The strategy of `cargo xtask bench replay`, with the same rules as the one in `nautilus.py`.

Two exponential averages of the mid price of every quote; at every quote whose number, from 1, divides by
`every`, it turns the position over, whatever the averages say, so that there is exactly one order each time.
"""

from qubx_strategy import Context, Quote, Strategy


class Flip(Strategy):
    """Turns its position over every so many quotes."""

    fast: int = 20
    slow: int = 60
    every: int = 1000
    size: float = 0.1

    def __init__(self) -> None:
        self.count = 0
        self.target = self.size
        self.fast_average: float | None = None
        self.slow_average = 0.0
        self.fast_weight = 2 / (self.fast + 1)
        self.slow_weight = 2 / (self.slow + 1)

    def on_quote(self, ctx: Context, quote: Quote) -> None:
        mid = (quote.bid + quote.ask) / 2
        if self.fast_average is None:
            self.fast_average = self.slow_average = mid
        self.fast_average += self.fast_weight * (mid - self.fast_average)
        self.slow_average += self.slow_weight * (mid - self.slow_average)
        self.count += 1
        if self.count % self.every == 0:
            ctx.trade(quote.instrument, self.target - ctx.get_position(quote.instrument).quantity)
            self.target = -self.target
