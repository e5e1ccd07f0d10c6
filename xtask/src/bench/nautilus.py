"""NautilusTrader's backtest engine, measured for `cargo xtask bench`: a run each time, a line of JSON out.

Measured is `BacktestEngine.run`, from the first quote to the last, with a strategy in Python on every quote;
apart from it, what reading the file, making `QuoteTick`s of it and adding them to the engine takes.
Generating quotes is not counted. The time of an order grows with the number of orders before it: each closed
position is appended to a copy of all earlier ones, and each fill looks through all orders of its position,
of which a venue that nets has one per instrument. So orders must be equally many where runs are compared.

The market: one perpetual, BTCUSDT-PERP, tick 0.1, lot 0.001, on a venue that nets and has 2 basis points for
makers and 5 for takers, an account of `--capital` USDT with leverage 3, top-of-book quotes, no bars, no
latency, no slippage model. What an order needs beyond the quoted amount fills one tick worse, as a second
fill.

The strategy: two exponential averages of the mid price (bid + ask) / 2 of every quote, with alpha = 2 / (n +
1) and the first mid as their first value. At every quote whose number, from 1, divides by `--every`, after
it went into the averages, the strategy wants +size while fast > slow, else -size. It trades the difference
to its position at market, if there is one. With `--flip` it wants +size the first time and then the opposite
of the last time whatever the averages say, so that there is exactly one order each time. Orders fill at the
quote that they were decided at.

The quotes: a file with the header timestamp,ask_amount,ask_price,bid_price,bid_amount, plain or gzipped, or
else `--quotes` quotes of a random walk, which any language can make alike. All in unsigned integers of 64
bits:

    state = 1, bid = 50000 ticks, time = 1767225600 s (2026-01-01 UTC)
    for each quote:
        state = state * 6364136223846793005 + 1442695040888963407 modulo 2^64, then draw = state >> 33
        bid = bid + draw modulo 3 - 1, ask = bid + 1
        bid_amount = 1000 + (draw >> 4) modulo 9000 lots, ask_amount = 1000 + (draw >> 12) modulo 9000 lots
        the quote is (time, bid, ask, bid_amount, ask_amount), then time = time + 1 s

Its prices are low so that the account can pay the fees of many orders, and each amount is more than an
order's.
"""

import argparse
import json
import resource
import sys
import time
import warnings
from decimal import Decimal
from typing import Any

try:
    import nautilus_trader
    import numpy as np
    import pandas as pd
    from nautilus_trader.backtest.config import BacktestEngineConfig
    from nautilus_trader.backtest.engine import BacktestEngine
    from nautilus_trader.config import LoggingConfig, StrategyConfig
    from nautilus_trader.model.currencies import BTC, USDT
    from nautilus_trader.model.data import QuoteTick
    from nautilus_trader.model.enums import AccountType, BookType, OmsType, OrderSide, OrderStatus
    from nautilus_trader.model.events import OrderFilled
    from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
    from nautilus_trader.model.instruments import CryptoPerpetual
    from nautilus_trader.model.objects import Money, Price, Quantity
    from nautilus_trader.trading.strategy import Strategy
except ImportError as error:
    sys.exit(
        f"the package nautilus_trader is not installed, or does not work, for {sys.executable}: {error}\n"
        "  hint: it needs Python 3.12 or newer; run `python -m pip install nautilus_trader`"
    )

# What the engine and we use of pandas is deprecated. That is nothing for the reader of a bench.
warnings.filterwarnings("ignore", category=DeprecationWarning)
# The engine appends each closed position to a Series with an index of strings. As pandas 3 keeps these, ten
# thousand orders take several times longer than with pandas 2, to whose way this goes back.
pd.options.future.infer_string = False

VENUE = Venue("SIM")
LEVERAGE = Decimal(3)

TICKS = 10
"""The ticks in one USDT."""
LOTS = 1000
"""The lots in one BTC."""

MULTIPLIER, INCREMENT, MASK = 6364136223846793005, 1442695040888963407, 2**64 - 1
"""Knuth's generator for MMIX. Its low bits repeat soon, so only the upper 31 are drawn."""
FIRST_BID = 50_000
FIRST_SECOND = 1_767_225_600
NANOSECONDS = 1_000_000_000

Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Nanoseconds since 1970, bid and ask prices, bid and ask amounts."""


def instrument() -> CryptoPerpetual:
    """Returns the one instrument.

    Its initial margin is its whole value, of which the leverage then asks for a third.
    """
    return CryptoPerpetual(
        instrument_id=InstrumentId(Symbol("BTCUSDT-PERP"), VENUE),
        raw_symbol=Symbol("BTCUSDT"),
        base_currency=BTC,
        quote_currency=USDT,
        settlement_currency=USDT,
        is_inverse=False,
        price_precision=1,
        size_precision=3,
        price_increment=Price.from_str("0.1"),
        size_increment=Quantity.from_str("0.001"),
        margin_init=Decimal(1),
        margin_maint=Decimal("0.005"),
        maker_fee=Decimal("0.0002"),
        taker_fee=Decimal("0.0005"),
        ts_event=0,
        ts_init=0,
    )


def generated(count: int) -> Columns:
    """Returns the random walk that the module describes."""
    rows = np.empty((count, 3), dtype=np.uint64)
    state, bid = 1, FIRST_BID
    for row in range(count):
        state = (state * MULTIPLIER + INCREMENT) & MASK
        draw = state >> 33
        bid += draw % 3 - 1
        rows[row] = bid, 1000 + (draw >> 4) % 9000, 1000 + (draw >> 12) % 9000
    bids, bid_amounts, ask_amounts = rows.T
    times = (FIRST_SECOND + np.arange(count, dtype=np.uint64)) * NANOSECONDS
    return times, bids / TICKS, (bids + 1) / TICKS, bid_amounts / LOTS, ask_amounts / LOTS


def read(path: str) -> Columns:
    """Returns the quotes of a file."""
    frame = pd.read_csv(path)
    times = pd.to_datetime(frame["timestamp"], utc=True).dt.as_unit("ns").astype("int64")
    names = ("bid_price", "ask_price", "bid_amount", "ask_amount")
    # What pandas hands out is read-only, which the engine does not take.
    bid, ask, bid_amount, ask_amount = (frame[name].to_numpy("float64", copy=True) for name in names)
    return times.to_numpy("uint64", copy=True), bid, ask, bid_amount, ask_amount


class CrossConfig(StrategyConfig, frozen=True):
    """What a run of the strategy is about."""

    instrument_id: InstrumentId
    fast: int
    slow: int
    size: Decimal
    every: int
    flip: bool


class Cross(Strategy):
    """The strategy that the module describes."""

    def __init__(self, config: CrossConfig) -> None:
        super().__init__(config)
        self.fast_weight = 2 / (config.fast + 1)
        self.slow_weight = 2 / (config.slow + 1)
        # Before the first quote there is no average.
        self.fast = self.slow = float("nan")
        self.every = config.every
        self.seen = 0
        self.long = False

    def on_start(self) -> None:
        """Subscribes to the quotes."""
        self.instrument = self.cache.instrument(self.config.instrument_id)
        self.subscribe_quote_ticks(self.config.instrument_id)

    def on_quote_tick(self, tick: QuoteTick) -> None:
        """Takes a quote into the averages, and every so often trades."""
        mid = (tick.bid_price.as_double() + tick.ask_price.as_double()) / 2
        if self.seen == 0:
            self.fast = self.slow = mid
        else:
            self.fast += self.fast_weight * (mid - self.fast)
            self.slow += self.slow_weight * (mid - self.slow)
        self.seen += 1
        if self.seen % self.every == 0:
            self.trade()

    def trade(self) -> None:
        """Brings the position to what the rules want."""
        self.long = not self.long if self.config.flip else self.fast > self.slow
        target = self.config.size if self.long else -self.config.size
        delta = target - self.portfolio.net_position(self.config.instrument_id)
        if delta != 0:
            order = self.order_factory.market(
                instrument_id=self.config.instrument_id,
                order_side=OrderSide.BUY if delta > 0 else OrderSide.SELL,
                quantity=self.instrument.make_qty(abs(delta)),
            )
            self.submit_order(order)


def engine_of(traded: CryptoPerpetual, capital: int) -> BacktestEngine:
    """Returns an engine with the venue and the instrument. It writes no log and, after a run, no analysis."""
    engine = BacktestEngine(
        BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True), run_analysis=False)
    )
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        book_type=BookType.L1_MBP,
        base_currency=USDT,
        starting_balances=[Money(capital, USDT)],
        default_leverage=LEVERAGE,
        bar_execution=False,
        trade_execution=False,
    )
    engine.add_instrument(traded)
    return engine


def add_quotes(engine: BacktestEngine, traded: CryptoPerpetual, columns: Columns) -> None:
    """Makes the engine's quotes in bulk and adds them."""
    times, bid, ask, bid_amount, ask_amount = columns
    ticks = QuoteTick.from_raw_arrays_to_list(
        traded.id,
        traded.price_precision,
        traded.size_precision,
        bid,
        ask,
        bid_amount,
        ask_amount,
        times,
        times,
    )
    engine.add_data(ticks, validate=False, sort=False)
    engine.sort_data()


def fills_of(engine: BacktestEngine) -> list[OrderFilled]:
    """Returns all fills, in order."""
    events = (event for order in engine.cache.orders() for event in order.events)
    return sorted((e for e in events if isinstance(e, OrderFilled)), key=lambda fill: fill.ts_event)


def show(fill: OrderFilled) -> None:
    """Writes a fill to stderr."""
    when = pd.Timestamp(fill.ts_event, tz="UTC").isoformat()
    side = "buy" if fill.is_buy else "sell"
    print(when, side, fill.last_qty, fill.last_px, fill.commission, file=sys.stderr)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Runs once and returns what came of it."""
    traded = instrument()
    engine = engine_of(traded, options.capital)
    engine.add_strategy(
        Cross(
            CrossConfig(
                instrument_id=traded.id,
                fast=options.fast,
                slow=options.slow,
                size=options.size,
                every=options.every,
                flip=options.flip,
            )
        )
    )
    columns = None if options.file else generated(options.quotes)
    began = time.perf_counter()
    columns = columns or read(options.file)
    quotes = len(columns[0])
    add_quotes(engine, traded, columns)
    loaded = time.perf_counter() - began
    del columns

    began = time.perf_counter()
    engine.run()
    ran = time.perf_counter() - began

    # The engine ends a run early, or rejects an order, without raising anything.
    assert engine.iteration == quotes, f"the engine stopped after {engine.iteration} of {quotes} quotes"
    orders = engine.cache.orders()
    for order in orders:
        assert order.status == OrderStatus.FILLED, f"an order was not filled: {order.last_event}"
    fills = fills_of(engine)
    if options.fills:
        for fill in fills:
            show(fill)
    return {
        "version": nautilus_trader.__version__,
        "quotes": quotes,
        "orders": len(orders),
        "fills": len(fills),
        "seconds": round(ran, 6),
        "load_seconds": round(loaded, 6),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, 1),
        "final_balance": str(engine.cache.account_for_venue(VENUE).balance_total(USDT).as_decimal()),
    }


def main() -> None:
    """Measures what the arguments say."""
    parser = argparse.ArgumentParser(prog="nautilus", description="Measures a backtest of NautilusTrader.")
    parser.add_argument("file", nargs="?", help="quotes, CSV or .csv.gz; without it they are generated")
    parser.add_argument("--quotes", type=int, default=1_000_000, help="how many quotes to generate")
    parser.add_argument("--every", type=int, default=1000, help="the quotes from one decision to the next")
    parser.add_argument("--flip", action="store_true", help="turn the position over at every decision")
    parser.add_argument("--fast", type=int, default=20, help="the period of the fast average")
    parser.add_argument("--slow", type=int, default=60, help="the period of the slow average")
    parser.add_argument("--size", type=Decimal, default=Decimal("0.1"), help="the position to hold, in BTC")
    parser.add_argument("--capital", type=int, default=100_000, help="the account at the start, in USDT")
    parser.add_argument("--fills", action="store_true", help="write each fill to stderr")
    print(json.dumps(measure(parser.parse_args())))


if __name__ == "__main__":
    main()
