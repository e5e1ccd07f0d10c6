"""A breakout: the smallest strategy that trades, can be told something, and shows something."""

from collections import deque

from qubx_strategy import Bar, Context, Strategy, action


class MyStrategy(Strategy):
    """Buys what closes above all closes of the last bars, and sells it when it closes below all of them."""

    # Parameters: the config gives their values, and `qubx set` changes them while the strategy runs.
    timeframe: str = "1s"
    length: int = 10  # How many bars a breakout is measured by.
    notional: float = 10_000.0  # The value of a position.

    def on_start(self, ctx: Context) -> None:
        ctx.subscribe_bars(self.timeframe)
        self.closes: dict[str, deque[float]] = {i.symbol: deque(maxlen=self.length) for i in ctx.instruments}

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        closes = self.closes[bar.instrument.symbol]
        if len(closes) == closes.maxlen:
            self.decide(ctx, bar, min(closes), max(closes))
        closes.append(bar.close)

    def decide(self, ctx: Context, bar: Bar, lowest: float, highest: float) -> None:
        """Trades when the bar closes outside of what the bars before it did."""
        # On the dashboard: a line for each instrument, above zero at a breakout.
        ctx.plot("over the highest", bar.close - highest, bar.instrument)
        held = ctx.get_position(bar.instrument).quantity
        if not held and bar.close > highest:
            ctx.trade(bar.instrument, self.notional / bar.close)
        elif held and bar.close < lowest:
            ctx.close_position(bar.instrument)

    @action(dangerous=True)
    def start_over(self, ctx: Context) -> str:
        """Closes every position and forgets the bars, so that nothing is bought before there are new ones."""
        for closes in self.closes.values():
            closes.clear()
        ctx.close_positions()
        return f"trades again after {self.length} bars of {self.timeframe}"
