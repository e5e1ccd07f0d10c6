"""The strategy of `cargo xtask bench fill`: an order at market on every quote, and a line that says which."""

from qubx_strategy import Context, Quote, Strategy


class OnEveryQuote(Strategy):
    """Buys and sells in turn."""

    size: float = 0.01

    def on_quote(self, ctx: Context, quote: Quote) -> None:
        held = ctx.get_position(quote.instrument).quantity
        order = ctx.trade(quote.instrument, -self.size if held > 0 else self.size)
        ctx.log(f"quoted {order.id} {quote.time_ns}")
