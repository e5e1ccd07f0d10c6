"""Two moving averages of the closing price: the classic first strategy."""

from qubx_strategy import Bar, Context, Strategy


class Ema:
    """An exponential moving average."""

    def __init__(self, length: int) -> None:
        self.weight = 2 / (length + 1)
        self.value: float | None = None

    def update(self, price: float) -> float:
        """Takes in a price and returns the new average."""
        if self.value is None:
            self.value = price
        else:
            self.value += self.weight * (price - self.value)
        return self.value


class EmaCross(Strategy):
    """Long while the fast average of closes is above the slow one, short while below."""

    fast: int = 20
    slow: int = 60
    timeframe: str = "1s"
    size: float = 0.1

    def on_start(self, ctx: Context) -> None:
        ctx.subscribe_bars(self.timeframe)
        self.averages = {i: (Ema(self.fast), Ema(self.slow)) for i in ctx.instruments}

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        fast, slow = (e.update(bar.close) for e in self.averages[bar.instrument])
        target = self.size if fast > slow else -self.size
        delta = target - ctx.get_position(bar.instrument).quantity
        if abs(delta) >= bar.instrument.lot_size:
            ctx.trade(bar.instrument, delta)
