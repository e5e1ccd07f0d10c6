"""Two instruments that move together: sells the dear one and buys the cheap one, until they meet again."""

from math import log
from statistics import fmean, pstdev

from qubx_strategy import Bar, Context, Strategy, action


class Pairs(Strategy):
    """Trades the ratio of two prices when it is far from its average.

    How far is told by the z-score: the distance of the ratio's logarithm from its average over the last
    bars, in standard deviations. Everything is read from the bars and positions that there are, so a new
    start of Python changes nothing.
    """

    timeframe: str = "1s"
    lookback: int = 60  # How many bars the average is of.
    enter: float = 2.0  # The z-score at which a position is opened,
    leave: float = 0.5  # and the one below which it is closed.
    notional: float = 10_000.0  # The value of each leg.

    def on_start(self, ctx: Context) -> None:
        if len(ctx.instruments) != 2:
            raise ValueError(f"pairs trades two instruments, and the config has {len(ctx.instruments)}")
        self.legs = ctx.instruments
        ctx.subscribe_bars(self.timeframe)

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        if bar.instrument is not self.legs[1]:
            return  # Bars come in the config's order; at the second leg's, the first one's is there.
        score = self.score(ctx, bar)
        ctx.plot("z-score", score)
        if score is None:
            return
        held = ctx.get_position(self.legs[0]).quantity
        if held and (abs(score) < self.leave or score * held > 0):
            self.close(ctx)
        elif not held and abs(score) > self.enter:
            self.open(ctx, -1 if score > 0 else 1)

    def score(self, ctx: Context, bar: Bar) -> float | None:
        """Returns the z-score at a bar; none while there are too few bars, or no movement in them."""
        # One more than needed: the newest may not be finished.
        history = [ctx.ohlc(leg, self.timeframe, self.lookback + 1) for leg in self.legs]
        first, second = ({b.time_ns: b.close for b in bars if b.time_ns <= bar.time_ns} for bars in history)
        ratios = [log(first[time] / second[time]) for time in sorted(first.keys() & second.keys())]
        ratios = ratios[-self.lookback :]
        deviation = pstdev(ratios) if len(ratios) == self.lookback else 0.0
        return (ratios[-1] - fmean(ratios)) / deviation if deviation else None

    def open(self, ctx: Context, direction: int) -> None:
        """Opens both legs, or neither; the direction is the first one's."""
        for leg, sign in zip(self.legs, (direction, -direction), strict=True):
            quote = ctx.quote(leg)
            if quote is None or ctx.trade(leg, sign * self.notional / quote.mid).status == "rejected":
                self.close(ctx)
                return

    @action(dangerous=True)
    def close(self, ctx: Context) -> None:
        """Closes both legs at market."""
        for leg in self.legs:
            ctx.close_position(leg)
