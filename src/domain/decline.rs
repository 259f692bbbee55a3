//! Why a purchase was declined: the reasons behind providers' codes, with the words for each and
//! what of it a caller may be told.
//!
//! Codes and words are data (`assets/declines.toml`). A code that is in no reason's list has no
//! reason here and is shown as it is, never guessed.

mod dictionary;
mod funds;

use jiff::Timestamp;
use serde::Deserialize;

use super::money::Money;
use dictionary::DICTIONARY;
pub use dictionary::{Disclosure, Remedy};
pub use funds::Funds;

macro_rules! reasons {
    ($($(#[$doc:meta])+ $reason:ident $word:literal,)+) => {
        /// A reason for a decline that a provider's code stands for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum DeclineReason {
            $($(#[$doc])+ $reason,)+
        }

        impl DeclineReason {
            /// Every reason, in the order of the vocabulary.
            pub const ALL: &'static [Self] = &[$(Self::$reason,)+];

            /// The word in JSON and in filters, and the name of its table in the data file.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$reason => $word,)+
                }
            }
        }
    };
}

reasons! {
    /// The card has less than was asked.
    NotEnoughMoney "not-enough-money",
    /// Frozen by the programme; the programme can unfreeze it.
    CardFrozen "card-frozen",
    /// Blocked by the issuer; only the issuer can undo it.
    CardBlocked "card-blocked",
    /// The issuer allows the card only some purchases, or some countries.
    RestrictedCard "restricted-card",
    /// Closed for good.
    CardClosed "card-closed",
    /// Not activated yet.
    CardNotActivated "card-not-activated",
    /// Past its expiry date, by the date that the purchase gave.
    CardExpired "card-expired",
    /// The expiry date that was given is not the card's.
    WrongExpiry "wrong-expiry",
    /// The security code that was given is not the card's.
    WrongCvv "wrong-cvv",
    /// The PIN that was entered is not the card's.
    WrongPin "wrong-pin",
    /// A wrong PIN was entered so often that the right one is not taken any more.
    PinTriesExceeded "pin-tries-exceeded",
    /// The PIN could not be compared.
    PinNotChecked "pin-not-checked",
    /// More than the card may spend in a day.
    OverDailyLimit "over-daily-limit",
    /// More than another limit of the card.
    OverALimit "over-a-limit",
    /// More purchases than the card may make in some time.
    TooOften "too-often",
    /// The programme does not allow this kind of merchant.
    MerchantBlocked "merchant-blocked",
    /// The programme does not allow this country.
    CountryBlocked "country-blocked",
    /// A rule of the issuer about risk stopped it.
    BlockedByRule "blocked-by-rule",
    /// A law forbids it.
    ViolationOfLaw "violation-of-law",
    /// The card may not make this kind of transaction.
    NotPermittedToCard "not-permitted-to-card",
    /// The terminal may not make this kind of transaction.
    NotPermittedToTerminal "not-permitted-to-terminal",
    /// A check of the card's data or cryptogram failed.
    SecurityViolation "security-violation",
    /// Stopped by the issuer's fraud rules.
    SuspectedFraud "suspected-fraud",
    /// The shop is to keep the card.
    PickUpCard "pick-up-card",
    /// Reported lost.
    CardLost "card-lost",
    /// Reported stolen.
    CardStolen "card-stolen",
    /// Reported lost or stolen, in a code that does not say which.
    CardLostOrStolen "card-lost-or-stolen",
    /// The issuer has no card of this number.
    UnknownCard "unknown-card",
    /// The cardholder revoked a recurring payment.
    RecurringStopped "recurring-stopped",
    /// The code means one thing with one card network and another with the next.
    DiffersByNetwork "differs-by-network",
    /// The cardholder did not pass the 3-D Secure check.
    ThreeDsFailed "three-ds-failed",
    /// The shop did not ask for the 3-D Secure check.
    ThreeDsRequired "three-ds-required",
    /// The issuer wants to be called.
    ReferToIssuer "refer-to-issuer",
    /// The issuer declined without a reason (do not honour).
    NoReasonGiven "no-reason-given",
    /// The issuer or the way to it was down.
    IssuerUnavailable "issuer-unavailable",
    /// An error between shop and issuer.
    TechnicalProblem "technical-problem",
    /// The issuer asks for the same again.
    TryAgain "try-again",
    /// The same purchase came before.
    Duplicate "duplicate",
    /// The amount is not valid.
    InvalidAmount "invalid-amount",
    /// The transaction is not valid in some other way.
    InvalidTransaction "invalid-transaction",
    /// The network does not know the merchant.
    InvalidMerchant "invalid-merchant",
    /// The terminal asked for a kind of account that the card does not have.
    NoSuchAccount "no-such-account",
}

impl DeclineReason {
    /// The reason behind a provider's code, whatever its case and separators; `None` for a code
    /// that is not mapped.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        DICTIONARY.reason_of(code)
    }

    /// What an operator reads.
    #[must_use]
    pub fn words(self) -> &'static str {
        &DICTIONARY.entry(self).words
    }

    /// To whom it may be told.
    #[must_use]
    pub fn disclosure(self) -> Disclosure {
        DICTIONARY.entry(self).tell
    }

    /// The action of the board that helps, where one does.
    #[must_use]
    pub fn remedy(self) -> Option<Remedy> {
        DICTIONARY.entry(self).next.action
    }

    /// What can be done, for the operator of an account called `provider`. In words about a top-up
    /// `{short}` stands for what is missing.
    #[must_use]
    pub fn next(self, provider: &str) -> String {
        DICTIONARY.entry(self).next.words.replace("{provider}", provider)
    }
}

/// Why a purchase was declined, as far as its row says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclineCause<'a> {
    /// The provider sent no reason.
    NotSent,
    /// The provider's code, which is in no list.
    Unmapped(&'a str),
    /// The provider's code, and what it stands for.
    Known(&'a str, DeclineReason),
}

impl<'a> DeclineCause<'a> {
    /// Of the code of a declined row.
    #[must_use]
    pub fn of_code(code: Option<&'a str>) -> Self {
        match code {
            None | Some("") => Self::NotSent,
            Some(code) => DeclineReason::of_code(code)
                .map_or(Self::Unmapped(code), |reason| Self::Known(code, reason)),
        }
    }

    /// The reason, where the code is mapped.
    #[must_use]
    pub const fn reason(self) -> Option<DeclineReason> {
        match self {
            Self::Known(_, reason) => Some(reason),
            Self::NotSent | Self::Unmapped(_) => None,
        }
    }

    /// The code that is not mapped.
    #[must_use]
    pub const fn unmapped(self) -> Option<&'a str> {
        match self {
            Self::Unmapped(code) => Some(code),
            Self::NotSent | Self::Known(..) => None,
        }
    }

    /// What an operator reads.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::NotSent => "declined, no reason sent".to_owned(),
            Self::Unmapped(code) => format!("not mapped: {code}"),
            Self::Known(_, reason) => reason.words().to_owned(),
        }
    }

    /// What the code means with one card network and not with another, where they differ.
    #[must_use]
    pub fn note(self) -> Option<&'static str> {
        match self {
            Self::Known(code, reason) => DICTIONARY.note_of(code, reason),
            Self::NotSent | Self::Unmapped(_) => None,
        }
    }

    /// What may be told to anybody who calls about a purchase of `asked`. One sentence stands for
    /// every reason that may not be told, and for a reason that is not known, so that it gives none
    /// of them away. What is on the card is never in it.
    #[must_use]
    pub fn say(self, asked: Money) -> String {
        let reason = self.reason();
        let safe = reason.and_then(|reason| DICTIONARY.entry(reason).say.as_ref());
        safe.unwrap_or(&DICTIONARY.neutral).replace("{asked}", &asked.grouped())
    }

    /// What may be told as well once it is known who calls; `None` where that is nothing more.
    /// `clock` writes the time at which the balance was read.
    #[must_use]
    pub fn say_verified(
        self,
        asked: Money,
        funds: Funds,
        clock: impl Fn(Timestamp) -> String,
    ) -> Option<String> {
        let reason = self.reason()?;
        let entry = DICTIONARY.entry(reason);
        match reason.disclosure() {
            Disclosure::Safe => Some(filled(entry.with_balance(funds)?, asked, funds, clock)),
            Disclosure::AfterVerification => {
                Some(entry.say_verified.as_ref()?.replace("{asked}", &asked.grouped()))
            }
            Disclosure::Never => Some(DICTIONARY.undisclosed.clone()),
        }
    }
}

fn filled(
    sentence: &str,
    asked: Money,
    funds: Funds,
    clock: impl Fn(Timestamp) -> String,
) -> String {
    let sentence = sentence.replace("{asked}", &asked.grouped());
    match funds {
        Funds::NotKnown => sentence,
        Funds::Read { available, last_known, .. } => sentence
            .replace("{available}", &available.grouped())
            .replace("{read_at}", &last_known.map(clock).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests;
