//! Which column of a file holds what: headers differ from source to source. No I/O.

use csv::StringRecord;

/// What a file of quotes must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Time,
    Bid,
    Ask,
    BidSize,
    AskSize,
}

impl Field {
    const ALL: [Field; 5] = [Field::Time, Field::Bid, Field::Ask, Field::BidSize, Field::AskSize];

    /// Returns the names under which the field is found, the usual one first.
    fn names(self) -> &'static [&'static str] {
        match self {
            Field::Time => &["timestamp", "time", "ts", "datetime"],
            Field::Bid => &["bid_price", "bid"],
            Field::Ask => &["ask_price", "ask"],
            Field::BidSize => &["bid_amount", "bid_size", "bid_qty"],
            Field::AskSize => &["ask_amount", "ask_size", "ask_qty"],
        }
    }
}

/// The place of each field, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    places: [usize; Field::ALL.len()],
}

impl Columns {
    /// Finds the columns by the header.
    ///
    /// # Errors
    /// The problem, and what to do about it.
    pub(super) fn find(header: &StringRecord) -> Result<Self, (String, String)> {
        let names: Vec<String> = header.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
        let mut places = [0; Field::ALL.len()];
        for field in Field::ALL {
            let place = names.iter().position(|name| field.names().contains(&name.as_str()));
            places[field as usize] = place.ok_or_else(|| {
                let wanted = field.names().join("`, `");
                (
                    format!(
                        "there is no column for the {}; the header is `{}`",
                        field.names()[0],
                        names.join(",")
                    ),
                    format!("a file of quotes needs one that is named `{wanted}`"),
                )
            })?;
        }
        Ok(Self { places })
    }

    /// Returns the place of a field.
    pub(super) fn place(&self, field: Field) -> usize {
        self.places[field as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_any_of_their_names_in_any_order() {
        for header in [
            ["timestamp", "bid_price", "ask_price", "bid_amount", "ask_amount"],
            ["ts", "bid", "ask", "bid_size", "ask_size"],
            [" Time ", "BID", "Ask_Price", "bid_qty", "ask_qty"],
        ] {
            let columns = Columns::find(&StringRecord::from(header.to_vec())).unwrap();
            assert_eq!(columns.places, [0, 1, 2, 3, 4]);
        }
        let header = StringRecord::from(vec!["ask", "extra", "ask_size", "bid", "time", "bid_size"]);
        assert_eq!(Columns::find(&header).unwrap().places, [4, 3, 0, 5, 2]);
    }

    #[test]
    fn a_missing_column_is_named_with_what_there_is() {
        let header = StringRecord::from(vec!["time", "open", "close"]);
        let (problem, hint) = Columns::find(&header).unwrap_err();
        assert_eq!(problem, "there is no column for the bid_price; the header is `time,open,close`");
        assert_eq!(hint, "a file of quotes needs one that is named `bid_price`, `bid`");
    }
}
