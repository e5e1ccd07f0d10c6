"""The strategy of `cargo xtask bench replay`, with the same rules as the one in `nautilus.py`.

Two exponential averages of the mid price of every quote; at every quote whose number, from 1, divides by
`every`, it turns the position over, whatever the averages say, so that there is exactly one order each time.
`FlipOnBars` does so with the closes of bars.
"""

from qubx_strategy import Bar, Context, Instrument, Quote, Strategy


class Flips(Strategy):
    """Turns its position over every so many prices."""

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

    def take(self, ctx: Context, instrument: Instrument, mid: float) -> None:
        """Takes a price in."""
        if self.fast_average is None:
            self.fast_average = self.slow_average = mid
        self.fast_average += self.fast_weight * (mid - self.fast_average)
        self.slow_average += self.slow_weight * (mid - self.slow_average)
        self.count += 1
        if self.count % self.every == 0:
            ctx.trade(instrument, self.target - ctx.get_position(instrument).quantity)
            self.target = -self.target


class Flip(Flips):
    """Takes every quote."""

    def on_quote(self, ctx: Context, quote: Quote) -> None:
        self.take(ctx, quote.instrument, (quote.bid + quote.ask) / 2)


class FlipOnBars(Flips):
    """Takes every bar of a minute."""

    def on_start(self, ctx: Context) -> None:
        ctx.subscribe_bars("1m")

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        self.take(ctx, bar.instrument, bar.close)
