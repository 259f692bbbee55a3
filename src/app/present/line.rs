//! A line of words with their roles, and the few things that are done to every line.

use super::Role;
use crate::domain::text;

/// Words with their roles, from left to right.
pub(crate) type Line = Vec<(Role, String)>;

/// Display columns that a line takes.
pub(crate) fn width(line: &[(Role, String)]) -> usize {
    line.iter().map(|(_, text)| text::width(text)).sum()
}

/// What stands between two parts of a line. Drawn as ` | ` where box drawing is off.
pub(crate) fn separator() -> (Role, String) {
    (Role::Border, " │ ".to_owned())
}

/// Words on lines of at most `columns`; a longer word is cut.
pub(crate) fn wrapped(text: &str, columns: usize) -> impl Iterator<Item = String> {
    text::wrap(text, columns).into_iter().map(move |line| text::fit(&line, columns))
}

/// Words on as many lines as they need, all of one role.
pub(crate) fn paragraph(
    role: Role,
    text: &str,
    columns: usize,
) -> impl Iterator<Item = Line> + use<> {
    wrapped(text, columns).map(move |line| vec![(role, line)]).collect::<Vec<Line>>().into_iter()
}

/// Words on as many lines as they need, with a label before the first. The label takes
/// `label_columns` of the `columns`.
pub(crate) fn labelled(
    label: &str,
    label_columns: usize,
    (role, text): (Role, &str),
    columns: usize,
) -> Vec<Line> {
    wrapped(text, columns.saturating_sub(label_columns))
        .enumerate()
        .map(|(index, part)| {
            let label = if index == 0 { label } else { "" };
            vec![(Role::Muted, text::pad_right(label, label_columns)), (role, part)]
        })
        .collect()
}
