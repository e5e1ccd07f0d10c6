"""The other side of the measure of the screen: three tables of the same size in the terminal, by Textual.

It changes every number of its tables so many times a second, as a market does.
"""

import random
import sys

from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import DataTable, Footer, Header, RichLog

POSITIONS = ("Symbol", "S", "Qty", "Avg", "Last", "uPnL")
ORDERS = ("Symbol", "Side", "Type", "Qty", "Price", "Age")
MARKET = ("Symbol", "Bid", "Ask", "BidSz", "Age")
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")


class Tables(App):
    """A log and three tables."""

    CSS = "#log { width: 66; } DataTable { height: 1fr; }"

    def compose(self) -> ComposeResult:
        yield Header(show_clock=True)
        with Horizontal():
            yield RichLog(id="log")
            with Vertical():
                yield DataTable(id="positions")
                yield DataTable(id="orders")
                yield DataTable(id="market")
        yield Footer()

    def on_mount(self) -> None:
        for name, columns in (("positions", POSITIONS), ("orders", ORDERS), ("market", MARKET)):
            table = self.query_one(f"#{name}", DataTable)
            for column in columns:
                table.add_column(column, key=column, width=9)
            for symbol in SYMBOLS:
                table.add_row(symbol, *("0.00" for _ in columns[1:]), key=symbol)
        self.query_one(RichLog).write("ready")
        self.set_interval(1 / int(sys.argv[1]), self.change)

    def change(self) -> None:
        """Changes what a quote of each instrument changes."""
        for name, columns in (
            ("positions", ("Last", "uPnL")),
            ("orders", ("Age",)),
            ("market", ("Bid", "Ask", "BidSz", "Age")),
        ):
            table = self.query_one(f"#{name}", DataTable)
            for symbol in SYMBOLS:
                for column in columns:
                    table.update_cell(symbol, column, f"{random.uniform(10, 99_999):,.2f}")


Tables().run()
