"""Quotes both sides of every market and leans against what it holds."""

from datetime import datetime, timedelta

from qubx_strategy import Context, Instrument, Quote, Strategy, action


class MarketMaker(Strategy):
    """Keeps a post-only order on each side of the middle, and shifts both so that what is held shrinks.

    Distances are in basis points (hundredths of a percent) of the price.
    """

    notional: float = 2_000.0  # The value of each order.
    most_orders: float = 5.0  # How many orders' worth may be held, on either side.
    half_spread_bps: float = 4.0  # From the middle to each order.
    skew_bps: float = 1.0  # How far both move for each order's worth that is held.
    patience_bps: float = 0.5  # An order stays while it is not farther from its place than this.

    def on_start(self, ctx: Context) -> None:
        ctx.cancel_orders()  # Python may have been started again, and knows no order of before.
        ctx.set_timer("show", "1s")
        self.ids: dict[tuple[Instrument, int], str] = {}
        self.waits_until: datetime | None = None

    def on_quote(self, ctx: Context, quote: Quote) -> None:
        if self.waits_until is not None and ctx.time() < self.waits_until:
            return
        amount = self.notional / quote.mid
        held = ctx.get_position(quote.instrument).quantity / amount
        middle = quote.mid * (1 - self.skew_bps / 10_000 * held)
        distance = quote.mid * self.half_spread_bps / 10_000
        # Never through the other side: a post-only order would be refused there.
        prices = {1: min(middle - distance, quote.bid), -1: max(middle + distance, quote.ask)}
        for side, price in prices.items():
            wanted = amount if held * side < self.most_orders else 0.0
            self.keep(ctx, quote.instrument, side, wanted, price)

    def keep(self, ctx: Context, instrument: Instrument, side: int, amount: float, price: float) -> None:
        """Makes the order of one side what it should be: there, at its price, or gone."""
        order = ctx.get_orders(instrument).get(self.ids.get((instrument, side), ""))
        if order is None and amount:
            order = ctx.trade(instrument, side * amount, price, post_only=True)
            self.ids[instrument, side] = order.id
        elif order is not None and not amount:
            order = ctx.cancel_order(order)
        elif order is not None and abs((order.price or 0.0) - price) > price * self.patience_bps / 10_000:
            try:
                order = ctx.modify_order(order, price=price)
            except RuntimeError:
                return  # It was filled meanwhile; the next quote finds it gone.
        if order is not None and order.status == "rejected":
            # Paused or at a limit, most likely; asking again at every quote would only fill the log.
            self.waits_until = ctx.time() + timedelta(seconds=5)

    def on_timer(self, ctx: Context, name: str) -> None:
        ctx.publish("spread, bps", 2 * self.half_spread_bps)
        rows = []
        for instrument, position in ctx.get_positions().items():
            value = position.quantity * (position.last_price or 0.0) * instrument.multiplier
            rows.append({"instrument": instrument.symbol, "held": position.quantity, "value": value})
            ctx.plot("held", value, instrument)
        ctx.publish("inventory", rows)

    def on_stop(self, ctx: Context) -> None:
        for id in ctx.get_orders().keys() & self.ids.values():
            ctx.cancel_order(id)

    @action
    def widen(self, ctx: Context, by_bps: float = 1.0) -> str:
        """Moves both orders away from the middle, or nearer with a negative number."""
        self.half_spread_bps = max(0.0, self.half_spread_bps + by_bps)
        return f"{self.half_spread_bps:g} bps from the middle"
