//! How well what is typed fits a name: its letters in their order, best at the beginnings of words. No I/O.

/// For each letter that is found.
const LETTER: i32 = 1;
/// For a letter right behind the one before it: more than for another word, which a long text always has.
const RUN: i32 = 6;
/// For a letter that begins a word.
const WORD: i32 = 5;

/// How well a text fits, and which of its characters are those that were typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fit {
    pub(crate) score: i32,
    pub(crate) places: Vec<usize>,
}

/// Returns how well `text` fits `typed`, whose spaces do not count; none when a letter is not there.
pub(crate) fn fit(typed: &str, text: &str) -> Option<Fit> {
    let typed: Vec<char> = typed.chars().filter(|c| !c.is_whitespace()).map(lower).collect();
    let text: Vec<char> = text.chars().map(lower).collect();
    // The best score of each letter so far at each place, and the place of the letter before it.
    let mut rows: Vec<Vec<Option<(i32, usize)>>> = Vec::with_capacity(typed.len());
    for (number, letter) in typed.iter().enumerate() {
        let row = (0..text.len()).map(|place| {
            if text[place] != *letter {
                return None;
            }
            let begins_word = place == 0 || !text[place - 1].is_alphanumeric();
            let own = LETTER + if begins_word { WORD } else { 0 };
            if number == 0 {
                return Some((own, place));
            }
            let before = &rows[number - 1][..place];
            let best = before.iter().enumerate().filter_map(|(at, found)| {
                let run = if at + 1 == place { RUN } else { 0 };
                found.map(|(score, _)| (score + run, at))
            });
            best.max_by_key(|(score, _)| *score).map(|(score, at)| (score + own, at))
        });
        rows.push(row.collect());
    }
    let Some(last) = rows.last() else { return Some(Fit { score: 0, places: Vec::new() }) };
    let (mut place, score) = last
        .iter()
        .enumerate()
        .filter_map(|(place, found)| found.map(|(score, _)| (place, score)))
        .max_by_key(|(_, score)| *score)?;
    let mut places = Vec::with_capacity(typed.len());
    for row in rows.iter().rev() {
        places.push(place);
        place = row[place].map_or(place, |(_, before)| before);
    }
    places.reverse();
    Some(Fit { score, places })
}

fn lower(character: char) -> char {
    character.to_lowercase().next().unwrap_or(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginnings_of_words_and_runs_fit_best() {
        let best = |typed: &str, texts: &[&'static str]| {
            let fits = texts.iter().rev().filter_map(|text| fit(typed, text).map(|fit| (fit.score, *text)));
            // Of equals the first, as a stable sort has it.
            fits.max_by_key(|(score, _)| *score).map(|(_, text)| text)
        };
        let names = ["cancel the selected order", "clear my view", "close the selected position", "flatten"];
        for (typed, expected) in [
            ("co", Some("cancel the selected order")),
            ("cl", Some("clear my view")),
            ("close", Some("close the selected position")),
            ("csp", Some("close the selected position")),
            ("C S O", Some("cancel the selected order")),
            ("FLAT", Some("flatten")),
            ("zebra", None),
        ] {
            assert_eq!(best(typed, &names), expected, "{typed}");
        }
    }

    #[test]
    fn what_was_typed_is_found_again_in_the_text() {
        assert_eq!(fit("ord", "cancel order").unwrap().places, [7, 8, 9]);
        assert_eq!(fit("", "anything").unwrap().places, Vec::<usize>::new());
    }
}
