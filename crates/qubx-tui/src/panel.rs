//! The panels, by number. No I/O.

/// The panels, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Panel {
    Session,
    Positions,
    Orders,
    Market,
    Equity,
    Fills,
    Log,
    Peers,
    Strategy,
}

impl Panel {
    /// All panels in their order.
    pub(crate) const ALL: [Panel; 9] = [
        Panel::Session,
        Panel::Positions,
        Panel::Orders,
        Panel::Market,
        Panel::Equity,
        Panel::Fills,
        Panel::Log,
        Panel::Peers,
        Panel::Strategy,
    ];

    /// Returns its number, which is also its key.
    pub(crate) fn number(self) -> u8 {
        match self {
            Panel::Session => 1,
            Panel::Positions => 2,
            Panel::Orders => 3,
            Panel::Market => 4,
            Panel::Equity => 5,
            Panel::Fills => 6,
            Panel::Log => 7,
            Panel::Peers => 8,
            Panel::Strategy => 9,
        }
    }

    /// Returns its name, and a shorter one for narrow screens.
    pub(crate) fn name(self) -> (&'static str, &'static str) {
        match self {
            Panel::Session => ("Session", "Sess"),
            Panel::Positions => ("Positions", "Pos"),
            Panel::Orders => ("Orders", "Ord"),
            Panel::Market => ("Market", "Mkt"),
            Panel::Equity => ("Equity", "Eq"),
            Panel::Fills => ("Fills", "Fills"),
            Panel::Log => ("Log", "Log"),
            Panel::Peers => ("Peers", "Peers"),
            Panel::Strategy => ("Strategy", "Strat"),
        }
    }

    /// Returns the panel `step` places on, around the end.
    pub(crate) fn step(self, step: isize) -> Panel {
        let place = Self::ALL.iter().position(|panel| *panel == self).unwrap_or_default();
        Self::ALL[place.wrapping_add_signed(step).wrapping_add(Self::ALL.len()) % Self::ALL.len()]
    }
}
