//! What a misspelt word was probably meant to be.

/// What to say after an unknown word: `did you mean …?` with the closest known word, or the list
/// of known words where none is close.
#[must_use]
pub fn meant(word: &str, known: &[&str]) -> String {
    nearest(word, known).map_or_else(
        || format!("known are {}", known.join(", ")),
        |near| format!("did you mean `{near}`?"),
    )
}

/// The known word that is closest to an unknown one, where any is close.
#[must_use]
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = known.iter().map(|known| (distance(word, known), *known)).min();
    near.filter(|(far, _)| *far <= 3).map(|(_, known)| known)
}

/// The Levenshtein distance: how many insertions, deletions and substitutions of one character turn
/// one word into the other. `row` is one row of the usual matrix.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (above, y) in row.iter().skip(1).zip(&b) {
            left = (corner + usize::from(x != *y)).min(left + 1).min(above + 1);
            corner = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
