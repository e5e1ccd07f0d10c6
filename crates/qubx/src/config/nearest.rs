//! Guesses what was meant by a misspelt word. No I/O.

/// Returns the candidate that `word` is most likely a misspelling of; none when nothing is near.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the word may be wrong; a guess that is further off confuses more than it helps.
    let most = word.chars().count().div_ceil(3);
    candidates
        .into_iter()
        .map(|candidate| {
            (strsim::damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase()), candidate)
        })
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns the hint for `word` where only `valid` words are allowed: the nearest one, then all of them.
pub(crate) fn hint(word: &str, noun: &str, valid: &[&str]) -> String {
    let all = format!("Valid {noun}: {}", valid.join(", "));
    match nearest(word, valid.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`? {all}"),
        None => all,
    }
}
