//! What words on screen mean.

/// What something on screen means; how a role looks is the theme's business (`ui::theme`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// Less important text.
    Muted,
    /// Column headings and labels.
    Heading,
    /// The row under the cursor.
    Selection,
    /// Border and title of the focused pane.
    Focus,
    /// DONE, OK.
    Good,
    /// UNKNOWN, LOW, SLOW, STALE.
    Caution,
    /// NEGATIVE, DOWN, FAILED.
    Danger,
    /// Amounts.
    Money,
    /// A figure that may be old; `~` stands before it.
    Stale,
    /// Border of a pane without focus, and separators.
    Border,
    /// A key in a hint.
    Key,
    /// The word PROD.
    Prod,
    /// A field that is typed into.
    Input,
}
