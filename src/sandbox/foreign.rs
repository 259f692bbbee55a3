//! What happens at a provider without a request of ours: its clock may be wrong, another system of
//! the same merchant may top up the same cards, and customers may pay into their accounts.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::bank::{Bank, Progress, TopUp, rounded};
use super::{Dialect, Sandbox};
use crate::domain::money::Money;

/// A top-up that another system of the same merchant asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignTopUp {
    /// What is asked for, in the card's currency. Where the card pays the fee (artha) it is taken
    /// out of this sum, elsewhere the merchant pays it besides.
    pub sum: Decimal,
    /// How long before now its row is dated, by the provider's clock.
    pub dated_back: SignedDuration,
    /// Refused by the provider: a row that says so, and no money moves. Not every wire lists that
    /// row.
    pub failed: bool,
}

impl ForeignTopUp {
    /// One that succeeds now.
    #[must_use]
    pub const fn of(sum: Decimal) -> Self {
        Self { sum, dated_back: SignedDuration::ZERO, failed: false }
    }
}

/// A top-up that another system made, as the bank knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignCredit {
    /// The row's id as the provider writes it.
    pub id: String,
    /// What was asked for; the amount of the row.
    pub asked: Decimal,
    /// What the card received: zero when it failed.
    pub received: Decimal,
    /// The time in its row.
    pub at: Timestamp,
    /// Whether the provider refused it.
    pub failed: bool,
}

impl Sandbox {
    /// Makes a provider's clock wrong from now on: fast when above zero, slow below. The `Date` of
    /// its answers and the times in rows that are written from now on follow it; the cardholders do
    /// not, and signatures, one-time codes and tokens are still checked by the true time.
    pub fn set_clock_offset(&self, dialect: Dialect, offset: SignedDuration) {
        self.endpoint(dialect).bank.clock_offset = offset;
    }

    /// How far a provider's clock is from the true one.
    #[must_use]
    pub fn clock_offset(&self, dialect: Dialect) -> SignedDuration {
        self.endpoint(dialect).bank.clock_offset
    }

    /// Lets another system of the same merchant top up a card now. The row is of the same kind as
    /// ours, with an id, and where the wire has them a task or a reference, of its own. The row's
    /// id, or `None` for an unknown card or one that takes no money, and when the float cannot pay.
    pub fn add_foreign_credit(
        &self,
        dialect: Dialect,
        card_id: &str,
        sum: Decimal,
    ) -> Option<String> {
        self.add_foreign_top_up(dialect, card_id, ForeignTopUp::of(sum))
    }

    /// Lets another system ask for a top-up that fails: the row says FAILED. `None` as in
    /// [`Sandbox::add_foreign_credit`].
    pub fn add_failed_foreign_top_up(
        &self,
        dialect: Dialect,
        card_id: &str,
        sum: Decimal,
    ) -> Option<String> {
        let failed = ForeignTopUp { failed: true, ..ForeignTopUp::of(sum) };
        self.add_foreign_top_up(dialect, card_id, failed)
    }

    /// The general form: dated back, or refused by the provider. `None` as in
    /// [`Sandbox::add_foreign_credit`].
    pub fn add_foreign_top_up(
        &self,
        dialect: Dialect,
        card_id: &str,
        asked: ForeignTopUp,
    ) -> Option<String> {
        let row = self.with_card(dialect, card_id, |bank, card, now| {
            let top_up = top_up(bank, card, asked.sum)?;
            let row = if asked.failed {
                bank.failed_foreign_top_up(top_up, now)
            } else {
                bank.foreign_top_up(top_up, now).ok()?
            };
            bank.date_back(row, asked.dated_back);
            bank.row_id_at(row)
        });
        row.flatten()
    }

    /// What other systems asked for on a card, in order, the failed ones included.
    #[must_use]
    pub fn foreign_credits(&self, dialect: Dialect, card_id: &str) -> Vec<ForeignCredit> {
        let endpoint = self.endpoint(dialect);
        let bank = &endpoint.bank;
        let Some(card) = bank.find(card_id) else { return Vec::new() };
        let rows = bank.top_ups.foreign.iter().filter_map(|&row| bank.rows.get(row));
        rows.filter(|row| row.card == card)
            .map(|row| {
                let failed = row.progress != Progress::Cleared;
                ForeignCredit {
                    id: bank.row_id(row),
                    asked: bank.rules.programme().fee_payer.asked(row),
                    received: if failed { Decimal::ZERO } else { row.amount },
                    at: row.at,
                    failed,
                }
            })
            .collect()
    }

    /// The accounts of the customer that has this card: id and what it holds, suppressed ones
    /// included. Not every provider's customers have any.
    #[must_use]
    pub fn customer_accounts(&self, dialect: Dialect, card_id: &str) -> Vec<(String, Money)> {
        let endpoint = self.endpoint(dialect);
        let Some(card) = endpoint.bank.card(card_id) else { return Vec::new() };
        let theirs =
            endpoint.bank.accounts.iter().filter(|account| account.customer == card.holder_id);
        theirs
            .map(|account| (account.id.clone(), Money::new(account.amount, account.asset)))
            .collect()
    }

    /// Gives a customer's account another sum, as if the customer had paid in or taken out. False
    /// for an unknown account.
    pub fn set_customer_account(&self, dialect: Dialect, account_id: &str, sum: Decimal) -> bool {
        let now = self.0.clock.now();
        let mut endpoint = self.endpoint(dialect);
        let found = endpoint.bank.find_account(account_id);
        let set =
            found.is_some_and(|account| endpoint.bank.set_account(account, sum, now).is_some());
        drop(endpoint);
        self.wake(dialect);
        set
    }

    /// The `Date` of a provider's answers.
    pub(super) fn date(&self, dialect: Dialect) -> Option<http::HeaderValue> {
        let at = self.endpoint(dialect).bank.shown(self.0.clock.now());
        let text =
            jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok()?;
        http::HeaderValue::from_str(&text).ok()
    }
}

/// A top-up of another system as the bank takes it: with the wire's fee, and a reference of its own
/// where the wire has them.
pub(super) fn top_up(bank: &Bank, card: usize, asked: Decimal) -> Option<TopUp> {
    let currency = bank.cards.get(card)?.currency;
    let asked = rounded(asked, currency);
    let fee = bank.rules.top_up_fee(asked, currency);
    let (received, paid) = bank.rules.programme().fee_payer.split(asked, fee);
    let reference = bank.rules.foreign_reference(bank.top_ups.foreign.len() + 1);
    Some(TopUp { payer: None, card, received, paid, reference })
}
