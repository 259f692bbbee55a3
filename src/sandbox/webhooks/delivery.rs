//! A webhook as whoever delivers it gets it, what proves it, and what a bank tells a cardholder
//! only because somebody asks it to.

use std::fmt;

use jiff::Timestamp;

use crate::sandbox::bank::{Bank, IssueStep};
use crate::sandbox::letter::{Letter, WebhookOptions};
use crate::sandbox::{Dialect, Sandbox};

/// A webhook that is due: an HTTP POST.
#[derive(Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Whose it is.
    pub dialect: Dialect,
    /// The number of this sending at its provider; a repetition has another.
    pub number: u64,
    /// How often it was sent, with this sending.
    pub attempt: u32,
    /// The wire's own word for the event, spelt as in its document's list.
    pub kind: &'static str,
    /// Behind the receiver's address: `/artha`, or `/enkash/SECRET`.
    pub path: String,
    /// With the content type.
    pub headers: Vec<(&'static str, String)>,
    /// The bytes, which are JSON.
    pub body: String,
}

/// What a receiver proves a provider's webhooks with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookSecrets {
    /// `webhook_secret` of the configuration.
    pub secret: Option<&'static str>,
    /// `callback_public_key` of the configuration, PEM.
    pub public_key: Option<&'static str>,
}

/// Something about a card that happens only when it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardNotice {
    /// A one-time code is sent for the card's newest transaction.
    PurchaseCode,
    /// A one-time code is sent for a wallet of a telephone.
    WalletCode,
    /// The holder's identity was checked.
    HolderChecked {
        /// With success.
        approved: bool,
    },
    /// An application for the card was decided.
    Applied {
        /// In its favour.
        approved: bool,
    },
    /// A physical card was given to its holder.
    Assigned {
        /// With success.
        approved: bool,
    },
}

impl Delivery {
    pub(super) fn new(
        dialect: Dialect,
        number: u64,
        attempt: u32,
        kind: &'static str,
        letter: Letter,
    ) -> Self {
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(letter.headers);
        let path = format!("/{}{}", dialect.name(), letter.path);
        Self { dialect, number, attempt, kind, path, headers, body: letter.body }
    }

    /// A header's value, by its name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Without path, headers and body: they have secrets, and codes of cardholders.
impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, Self { number, attempt, kind, .. }) = (self.dialect.name(), self);
        write!(f, "Delivery {{ {name} {kind}, number {number}, attempt {attempt} }}")
    }
}

impl Sandbox {
    /// What a receiver proves a provider's webhooks with, as the written configuration has it.
    /// Where both are `None` (banana) it is the key that the configuration has anyway.
    #[must_use]
    pub fn webhook_secrets(&self, dialect: Dialect) -> WebhookSecrets {
        let credential = dialect.wire().webhook_credential(&self.webhook_options());
        let of = |key: &str| credential.as_ref().filter(|it| it.key == key).map(|it| it.secret);
        WebhookSecrets { secret: of("webhook_secret"), public_key: of("callback_public_key") }
    }

    /// The options of the webhooks; the usual ones where they are off.
    pub(super) fn webhook_options(&self) -> WebhookOptions {
        self.0.options.webhooks.unwrap_or_default()
    }

    /// Lets a provider tell something about a card now. Whether a webhook follows depends on its
    /// wire. False for an unknown card.
    pub fn tell(&self, dialect: Dialect, card_id: &str, notice: CardNotice) -> bool {
        self.with_card(dialect, card_id, |bank, card, now| tell(bank, card, notice, now)).is_some()
    }
}

pub(super) fn tell(bank: &mut Bank, card: usize, notice: CardNotice, now: Timestamp) {
    let (step, approved) = match notice {
        CardNotice::WalletCode => return bank.send_code(card, None, now),
        CardNotice::PurchaseCode => {
            let newest = bank.rows.iter().rposition(|row| row.card == card);
            return bank.send_code(card, newest, now);
        }
        CardNotice::HolderChecked { approved } => (IssueStep::HolderChecked, approved),
        CardNotice::Applied { approved } => (IssueStep::Applied, approved),
        CardNotice::Assigned { approved } => (IssueStep::Assigned, approved),
    };
    bank.note_issue(card, step, approved, now);
}
