//! How much of an instrument open orders could add, and which orders would increase a position. No I/O.

use qubx_protocol::{Order, OrderId, OrderStatus, Side};
use rust_decimal::Decimal;

use super::orders::Working;
use super::state::State;
use super::{Refusal, value};

impl State {
    /// Tells whether an order would only reduce the position, with all others of its side.
    ///
    /// Those that may only reduce are cut to what is left when they fill, so they take nothing of it.
    pub(super) fn reduces(&self, place: usize, side: Side, quantity: Decimal) -> bool {
        self.reduces_with(place, side, quantity, |order| !order.reduce_only)
    }

    /// Tells whether an order would only reduce the position, with the orders that are on their way.
    ///
    /// In a pause that is enough: what rests and would increase the position then is cancelled.
    pub(super) fn reduces_in_a_pause(&self, place: usize, side: Side, quantity: Decimal) -> bool {
        self.reduces_with(place, side, quantity, |order| order.status == OrderStatus::Intended)
    }

    fn reduces_with(
        &self,
        place: usize,
        side: Side,
        quantity: Decimal,
        counts: impl Fn(&Order) -> bool,
    ) -> bool {
        let held = self.held(place);
        let of_its_side = |order: &&Order| order.side == side && counts(order);
        let others = self.open.values().filter(|working| working.book == place).map(|working| &working.order);
        let others: Decimal =
            others.filter(of_its_side).map(|order| order.remaining().0.max(Decimal::ZERO)).sum();
        held * side.sign() < Decimal::ZERO && others + quantity <= held.abs()
    }

    /// Tells whether an order that arrives now could increase the position.
    pub(crate) fn increases(&self, order: &Order) -> bool {
        let held = self.position(&order.instrument).map_or(Decimal::ZERO, |position| position.quantity.0);
        let reduces = held * order.side.sign() < Decimal::ZERO && order.remaining().0 <= held.abs();
        !(order.reduce_only || reduces)
    }

    /// Returns the largest position, signed, that an order with the open ones of its side could lead to.
    pub(super) fn position_at_worst(&self, place: usize, side: Side, quantity: Decimal) -> Decimal {
        let open = self.open_quantities()[place][index(side)];
        self.held(place) + side.sign() * (open + quantity)
    }

    /// Returns the value of all positions of an account with the open orders that would increase them; none while one of
    /// them has no price. Until the market has told one, a position is worth what it was entered at.
    pub(super) fn gross_at_worst(&self, account: usize) -> Option<Decimal> {
        self.gross_but(account, usize::MAX)
    }

    /// Returns the same without one instrument.
    pub(super) fn gross_but(&self, account: usize, without: usize) -> Option<Decimal> {
        let open = self.open_quantities();
        let books = self.books.values().zip(&open).enumerate();
        let mut total = Decimal::ZERO;
        for (place, (book, [buying, selling])) in books {
            if book.exchange != account || place == without {
                continue;
            }
            let held = book.position.quantity.0;
            let most = (held + buying).abs().max((held - selling).abs());
            if !most.is_zero() {
                let price = book.last_price().or(book.position.avg_price)?;
                total += value(&book.instrument, price.0, most);
            }
        }
        Some(total)
    }

    /// Returns the open orders of which each by itself would increase a position, oldest first.
    ///
    /// Exits that together are more than the position stay: whatever is filled first, the others are looked at again before
    /// anything else is.
    pub(crate) fn increasing_orders(&self) -> Vec<OrderId> {
        let increasing =
            self.open.values().map(|working| &working.order).filter(|order| self.increases(order));
        increasing.map(|order| order.id.clone()).collect()
    }

    /// Returns the side whose open orders only reduce the position, all together; none when there are none, or more.
    pub(super) fn covered_side(&self, place: usize) -> Option<Side> {
        let held = self.held(place);
        if held.is_zero() {
            return None;
        }
        let side = if held.is_sign_positive() { Side::Sell } else { Side::Buy };
        let open = self.open.values().filter(|working| working.book == place).map(|working| &working.order);
        let open = open.filter(|order| order.side == side && !order.reduce_only);
        let open: Decimal = open.map(|order| order.remaining().0.max(Decimal::ZERO)).sum();
        (open > Decimal::ZERO && open <= held.abs()).then_some(side)
    }

    /// Takes where open orders only reduced a position, and do not any more.
    pub(crate) fn take_uncovered(&mut self) -> Vec<(usize, Side)> {
        std::mem::take(&mut self.uncovered)
    }

    /// Returns the newest open order of a side, if what it could open is too much, and why.
    pub(crate) fn newest_too_much(&mut self, place: usize, side: Side) -> Option<(OrderId, Refusal)> {
        let of_side = |working: &&Working| {
            working.book == place && working.order.side == side && !working.order.reduce_only
        };
        let id = self.open.values().rev().find(of_side)?.order.id.clone();
        self.check_arrival(&id).err().map(|refusal| (id, refusal))
    }

    /// Returns the signed quantity that is held.
    pub(super) fn held(&self, place: usize) -> Decimal {
        self.books[place].position.quantity.0
    }

    /// Returns what the open orders to buy and to sell of each instrument still want. Those that only reduce add nothing.
    fn open_quantities(&self) -> Vec<[Decimal; 2]> {
        let mut open = vec![[Decimal::ZERO; 2]; self.books.len()];
        for working in self.open.values().filter(|working| !working.order.reduce_only) {
            open[working.book][index(working.order.side)] += working.order.remaining().0.max(Decimal::ZERO);
        }
        open
    }
}

fn index(side: Side) -> usize {
    match side {
        Side::Buy => 0,
        Side::Sell => 1,
    }
}
