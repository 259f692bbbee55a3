//! What a dialect says of itself in a written configuration.

/// One provider's table in the configuration. What all providers have is added by the writer.
pub(in crate::sandbox) struct ConfigEntry {
    /// What a reader of the file should know; a line each.
    pub(in crate::sandbox) comment: &'static [&'static str],
    /// Where its servers are, by key; `base_url` first.
    pub(in crate::sandbox) urls: Vec<(&'static str, String)>,
    /// For wires that cannot list cards.
    pub(in crate::sandbox) roster: Option<Roster>,
    /// Settings that only this kind has, by key.
    pub(in crate::sandbox) settings: Vec<(&'static str, Setting)>,
    pub(in crate::sandbox) credentials: &'static [Credential],
}

/// The value of a setting.
pub(in crate::sandbox) enum Setting {
    Text(&'static str),
    Flag(bool),
}

/// A secret, and where it is kept.
pub(in crate::sandbox) struct Credential {
    pub(in crate::sandbox) key: &'static str,
    /// Name in the folder of secrets.
    pub(in crate::sandbox) file: &'static str,
    pub(in crate::sandbox) secret: &'static str,
}

/// Which ids a roster has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Roster {
    Cards,
    /// Calls name the holder beside the card.
    CardsAndHolders,
}
