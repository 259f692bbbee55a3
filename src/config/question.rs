//! What nobody but the operator can say of an account: the keys that `cardtop init` asks for.

/// A key of an account that has to be asked for, and one line of help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The key: one of the kind's settings or credentials, or `roster`.
    pub key: &'static str,
    /// What kind of answer it wants.
    pub wants: Wants,
    /// What it is, in a few words, as the end of a sentence such as "merchant_id: …".
    pub help: &'static str,
}

/// What kind of answer a key wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// A text as the provider gave it.
    Text,
    /// An address: https, or http on this machine.
    Address,
    /// Where a secret is that the account cannot do without.
    Secret,
    /// Where a secret is that only webhooks need. Of several, one is enough.
    WebhookSecret,
    /// The file of the cards, where the provider has no list of them.
    Roster,
}

impl Question {
    /// A setting that the account cannot do without.
    #[must_use]
    pub const fn text(key: &'static str, help: &'static str) -> Self {
        Self { key, wants: Wants::Text, help }
    }

    /// An address that the account cannot do without.
    #[must_use]
    pub const fn address(key: &'static str, help: &'static str) -> Self {
        Self { key, wants: Wants::Address, help }
    }

    /// A credential that the account cannot do without.
    #[must_use]
    pub const fn secret(key: &'static str, help: &'static str) -> Self {
        Self { key, wants: Wants::Secret, help }
    }

    /// A credential that only webhooks need.
    #[must_use]
    pub const fn webhook_secret(key: &'static str, help: &'static str) -> Self {
        Self { key, wants: Wants::WebhookSecret, help }
    }

    /// The roster of a kind without a list of cards.
    #[must_use]
    pub const fn roster(help: &'static str) -> Self {
        Self { key: "roster", wants: Wants::Roster, help }
    }
}
