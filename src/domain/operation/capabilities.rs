//! What a provider offers and how its changes are proven, as data.

use std::str::FromStr;

use rust_decimal::Decimal;

use super::action::ActionKind;
use crate::domain::UnknownWord;
use crate::domain::money::{Currency, Money, MoneyError};

/// What a provider can do, as data: the board shows the impossible as disabled with the reason.
///
/// More than twelve fields: one for each thing that a provider may offer or not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capabilities {
    /// It can list its cards.
    pub list_cards: Support,
    /// It can list the transactions of all cards at once.
    pub list_all_transactions: Support,
    /// It tells the float.
    pub float: Support,
    /// It quotes the fee of a top-up.
    pub quote: Support,
    /// Freeze.
    pub freeze: Support,
    /// Unfreeze.
    pub unfreeze: Support,
    /// Top-up.
    pub top_up: Support,
    /// Its quote names the account that pays, and whether that account can: to be looked at before
    /// a top-up is sent.
    pub names_payer: bool,
    /// Close.
    pub close: Support,
    /// Setting a PIN, and its rule; or why not.
    pub pin: Result<PinRule, &'static str>,
    /// How a top-up is proven.
    pub top_up_proof: Proof,
    /// How freeze, unfreeze and close are proven.
    pub state_proof: Proof,
    /// How a PIN is proven.
    pub pin_proof: Proof,
    /// What protects a top-up from being executed twice.
    pub class: TopUpSafety,
    /// Least amount of a top-up, in the card's currency, where one is known.
    pub top_up_min: Option<Decimal>,
    /// Most decimals that the wire takes in an amount, where it takes fewer than the currency has.
    pub top_up_decimals: Option<u32>,
    /// Most rows a page may have.
    pub page_max: u16,
    /// Requests that one reading of a card by itself takes.
    pub calls_per_card: u16,
}

impl Capabilities {
    /// Whether a deed is offered at all.
    #[must_use]
    pub const fn offers(&self, action_kind: ActionKind) -> Support {
        match action_kind {
            ActionKind::Freeze => self.freeze,
            ActionKind::Unfreeze => self.unfreeze,
            ActionKind::TopUp => self.top_up,
            ActionKind::Close => self.close,
            ActionKind::SetPin => match self.pin {
                Ok(_) => Support::Yes,
                Err(why) => Support::No(why),
            },
        }
    }

    /// Which reading proves a deed.
    #[must_use]
    pub const fn proof(&self, action_kind: ActionKind) -> Proof {
        match action_kind {
            ActionKind::Freeze | ActionKind::Unfreeze | ActionKind::Close => self.state_proof,
            ActionKind::TopUp => self.top_up_proof,
            ActionKind::SetPin => self.pin_proof,
        }
    }

    /// An amount that a person typed for a top-up of a card of this provider.
    ///
    /// # Errors
    /// A sentence, when it is not an amount, too precise, or below the provider's least.
    pub fn typed_amount(&self, text: &str, currency: Currency) -> Result<Money, String> {
        let money =
            Money::parse_input(text, currency).map_err(|error: MoneyError| error.to_string())?;
        if let Some(allowed) =
            self.top_up_decimals.filter(|allowed| money.amount().normalize().scale() > *allowed)
        {
            return Err(format!("this provider takes at most {allowed} decimals"));
        }
        match self.top_up_min {
            Some(least) if money.amount() < least => {
                Err(format!("the least this provider takes is {}", Money::new(least, currency)))
            }
            _ => Ok(money),
        }
    }
}

/// Whether a provider offers something; `No` carries the sentence that the screen shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It does.
    Yes,
    /// It does not, and why.
    No(&'static str),
}

impl Support {
    /// Whether it is offered.
    #[must_use]
    pub const fn is_yes(self) -> bool {
        matches!(self, Self::Yes)
    }
}

/// How DONE can be established for an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Proof {
    /// The provider finds it by a reference that we chose.
    ByReference,
    /// The provider tells the fate of a task id that it answered with.
    ByTask,
    /// Found again in the transaction list by amount and time.
    ByListing,
    /// The card's state or balance shows it.
    ByState,
    /// The answer is all there is: this provider cannot be asked.
    AnswerOnly,
}

impl Proof {
    /// The word in the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ByReference => "reference",
            Self::ByTask => "task",
            Self::ByListing => "listing",
            Self::ByState => "state",
            Self::AnswerOnly => "answer",
        }
    }

    /// What the screen says of it.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::ByReference => "looked up by our reference",
            Self::ByTask => "the provider tells the task's fate",
            Self::ByListing => "found in the transaction list by amount and time",
            Self::ByState => "read back from the card",
            Self::AnswerOnly => "answer only: this provider cannot be asked",
        }
    }
}

impl FromStr for Proof {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::ByReference, Self::ByTask, Self::ByListing, Self::ByState, Self::AnswerOnly]
            .into_iter()
            .find(|proof| proof.as_str() == word)
            .ok_or(UnknownWord)
    }
}

/// What protects a top-up from being executed twice, as each adapter declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopUpSafety {
    /// K: an idempotency key, documented with its window.
    Key,
    /// R: a reference by which it can be looked up.
    Reference,
    /// N: neither. Sent at most once; only reading and the operator decide.
    Neither,
}

impl TopUpSafety {
    /// The letter in the documents.
    #[must_use]
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Key => "K",
            Self::Reference => "R",
            Self::Neither => "N",
        }
    }
}

/// How a provider lets a PIN be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinRule {
    /// Digits of a PIN the operator chooses, least and most; `None` where the provider chooses the
    /// PIN.
    pub digits: Option<(usize, usize)>,
    /// The PIN until now is asked for.
    pub needs_old: bool,
    /// Only cards with plastic have one.
    pub physical_only: bool,
    /// The rule in one sentence, shown in the dialog.
    pub sentence: &'static str,
}
