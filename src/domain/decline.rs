//! Why a purchase was declined: the reasons behind providers' codes, with the words for each.
//!
//! Codes and words are data (`assets/declines.toml`). A code that is in no reason's list has no
//! reason here and is shown as it is, never guessed.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::money::Money;

/// A reason for a decline that a provider's code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeclineReason {
    /// The card has less than was asked.
    NotEnoughMoney,
    /// Frozen by the programme; the programme can unfreeze it.
    CardFrozen,
    /// Blocked by the issuer; only the issuer can undo it.
    CardBlocked,
    /// Closed for good.
    CardClosed,
    /// Not activated yet.
    CardNotActivated,
    /// Past its expiry date.
    CardExpired,
    /// The PIN that was entered is not the card's.
    WrongPin,
    /// More than the card may spend in a day.
    OverDailyLimit,
    /// More than another limit of the card.
    OverALimit,
    /// The programme does not allow this kind of merchant.
    MerchantBlocked,
    /// The cardholder did not pass the 3-D Secure check.
    ThreeDsFailed,
    /// Stopped by the issuer's fraud rules.
    SuspectedFraud,
    /// The issuer declined without a reason (do not honour).
    NoReasonGiven,
}

impl DeclineReason {
    /// Every reason, in the order of the data file.
    pub const ALL: [Self; 13] = [
        Self::NotEnoughMoney,
        Self::CardFrozen,
        Self::CardBlocked,
        Self::CardClosed,
        Self::CardNotActivated,
        Self::CardExpired,
        Self::WrongPin,
        Self::OverDailyLimit,
        Self::OverALimit,
        Self::MerchantBlocked,
        Self::ThreeDsFailed,
        Self::SuspectedFraud,
        Self::NoReasonGiven,
    ];

    /// The reason behind a provider's code, whatever its case and separators; `None` for a code
    /// that is not mapped.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        DICTIONARY.by_code.get(normalized(code).as_str()).copied()
    }

    /// What an operator reads.
    #[must_use]
    pub fn words(self) -> &'static str {
        DICTIONARY.entry(self).map_or("", |entry| &entry.words)
    }

    /// What may be told to the cardholder of a purchase of `asked`, with what is `available` on the
    /// card now, where that is known.
    #[must_use]
    pub fn say(self, asked: Money, available: Option<Money>) -> String {
        let Some(entry) = DICTIONARY.entry(self) else { return String::new() };
        let template = match (&entry.say_without_balance, available) {
            (Some(without), None) => without,
            (_, None) | (None | Some(_), Some(_)) => &entry.say,
        };
        let available = available.map(Money::grouped).unwrap_or_default();
        template.replace("{asked}", &asked.grouped()).replace("{available}", &available)
    }
}

/// One table of the data file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    codes: Vec<String>,
    words: String,
    say: String,
    say_without_balance: Option<String>,
}

struct Dictionary {
    entries: BTreeMap<DeclineReason, Entry>,
    by_code: BTreeMap<String, DeclineReason>,
}

impl Dictionary {
    fn entry(&self, reason: DeclineReason) -> Option<&Entry> {
        self.entries.get(&reason)
    }
}

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| {
    let entries: BTreeMap<DeclineReason, Entry> =
        toml::from_str(include_str!("../../assets/declines.toml"))
            .expect("the data file is part of the program, and a test parses it");
    let by_code = entries
        .iter()
        .flat_map(|(reason, entry)| entry.codes.iter().map(|code| (normalized(code), *reason)))
        .collect();
    Dictionary { entries, by_code }
});

fn normalized(code: &str) -> String {
    code.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_an_entry_and_every_code_belongs_to_one_reason() {
        for reason in DeclineReason::ALL {
            let entry = DICTIONARY.entry(reason).unwrap_or_else(|| panic!("{reason:?}"));
            assert!(!entry.words.is_empty() && !entry.codes.is_empty(), "{reason:?}");
            assert_eq!(entry.say.contains("{available}"), entry.say_without_balance.is_some());
        }
        assert_eq!(DICTIONARY.entries.len(), DeclineReason::ALL.len());
        let codes: usize = DICTIONARY.entries.values().map(|entry| entry.codes.len()).sum();
        assert_eq!(DICTIONARY.by_code.len(), codes, "a code stands under two reasons");
    }

    #[test]
    fn a_code_is_found_whatever_its_case_and_separators_and_never_guessed() {
        for code in ["insufficient-funds", "Insufficient Funds", "INSUFFICIENT_FUNDS", "51"] {
            assert_eq!(DeclineReason::of_code(code), Some(DeclineReason::NotEnoughMoney), "{code}");
        }
        for code in ["", "INSUFFICIENT", "511", "not mapped"] {
            assert_eq!(DeclineReason::of_code(code), None, "{code}");
        }
    }

    #[test]
    fn a_sentence_about_the_balance_needs_the_balance() {
        let usd = |amount: &str| {
            Money::parse_wire(amount, "USD".parse().expect("a currency")).expect("an amount")
        };
        let say = |available| DeclineReason::NotEnoughMoney.say(usd("41.90"), available);
        assert_eq!(
            say(Some(usd("12.40"))),
            "Your card is fine. The shop asked 41.90 and 12.40 is on it now."
        );
        assert_eq!(say(None), "Your card is fine. The shop asked 41.90, more than was on it.");
    }
}
