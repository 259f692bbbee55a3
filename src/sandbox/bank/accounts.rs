//! Where the money for top-ups comes from: the merchant's floats, and accounts that belong to
//! customers.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::amounts::{from_us_cents, parse_currency};
use super::{Bank, Progress, RowKind};
use crate::domain::money::{Currency, Money};

/// The merchant's own money in a currency.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Float {
    pub(in crate::sandbox) currency: Currency,
    pub(in crate::sandbox) amount: Decimal,
    /// What it held before the first row.
    pub(super) opening: Decimal,
}

/// A customer's account. It belongs to that customer alone.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Account {
    pub(in crate::sandbox) id: String,
    /// The customer's id, as cards have it.
    pub(in crate::sandbox) customer: String,
    pub(in crate::sandbox) asset: Currency,
    pub(in crate::sandbox) amount: Decimal,
    pub(in crate::sandbox) suppressed: bool,
    /// What it held before the first row.
    pub(super) opening: Decimal,
}

/// Number of the first customer's account; the merchant's own has another.
const FIRST_ACCOUNT: u64 = 8_301;

impl Bank {
    /// Opens the merchant's floats, and the customers' accounts where they have any.
    pub(super) fn open_floats(&mut self) {
        for currency in self.rules.programme().float_currencies {
            let currency = parse_currency(currency);
            let amount = from_us_cents(self.random.between(2_400_000, 4_200_000), currency);
            self.floats.push(Float { currency, amount, opening: amount });
        }
        if self.rules.programme().customers_have_accounts {
            self.open_accounts();
        }
    }

    /// Opens the accounts of every customer that has a card: most in dollars, one in digital
    /// dollars only, one with an old account that is suppressed, and all with coins that pay for
    /// nothing here.
    fn open_accounts(&mut self) {
        let mut customers: Vec<String> =
            self.cards.iter().map(|card| card.holder_id.clone()).collect();
        customers.sort_unstable();
        customers.dedup();
        // No random sums: what cardholders do must not depend on the number of accounts.
        for (i, customer) in (0_u64..).zip(&customers) {
            let cents = 51_200 + i * 83_000;
            match i % 4 {
                1 => self.open_account(customer, "dUSD", cents),
                2 => {
                    self.open_account(customer, "USD", 4_000);
                    if let Some(old) = self.accounts.last_mut() {
                        old.suppressed = true;
                    }
                    self.open_account(customer, "USD", cents);
                }
                _ => self.open_account(customer, "USD", cents),
            }
            self.open_account(customer, "USDC", 10_000);
        }
    }

    fn open_account(&mut self, customer: &str, asset: &str, cents: u64) {
        let opening = from_us_cents(cents, parse_currency("USD"));
        self.accounts.push(Account {
            id: (FIRST_ACCOUNT + self.accounts.len() as u64).to_string(),
            customer: customer.to_owned(),
            asset: parse_currency(asset),
            amount: opening,
            suppressed: false,
            opening,
        });
    }

    /// The money that pays for a top-up: of an account, or the float in this currency.
    pub(super) fn funds(
        &mut self,
        payer: Option<usize>,
        currency: Currency,
    ) -> Option<&mut Decimal> {
        match payer {
            Some(account) => self.accounts.get_mut(account).map(|account| &mut account.amount),
            None => self
                .floats
                .iter_mut()
                .find(|float| float.currency == currency)
                .map(|float| &mut float.amount),
        }
    }

    /// What the merchant has in a currency.
    pub(in crate::sandbox) fn float(&self, currency: Currency) -> Option<Money> {
        let float = self.floats.iter().find(|float| float.currency == currency)?;
        Some(Money::new(float.amount, currency))
    }

    /// Gives the float another sum, as if the merchant had paid in or out.
    pub(in crate::sandbox) fn set_float(&mut self, money: Money, at: Timestamp) {
        let mut change = Decimal::ZERO;
        for float in self.floats.iter_mut().filter(|float| float.currency == money.currency()) {
            change = money.amount() - float.amount;
            float.opening += change;
            float.amount = money.amount();
        }
        self.note_funds(None, change, at);
    }

    /// What is left on a closed card goes back to the float. The row that says so.
    pub(super) fn return_balance(&mut self, card: usize, at: Timestamp) -> Option<usize> {
        let closed = self.cards.get_mut(card)?;
        let left = closed.available();
        if left <= Decimal::ZERO {
            return None;
        }
        closed.balance.booked -= left;
        let currency = closed.currency;
        if let Some(float) = self.funds(None, currency) {
            *float += left;
        }
        Some(self.write(card, RowKind::Closing, Progress::Cleared, left, at, |_| {}))
    }

    /// Position of an account by its id.
    pub(in crate::sandbox) fn find_account(&self, id: &str) -> Option<usize> {
        self.accounts.iter().position(|account| account.id == id)
    }

    /// Gives an account another sum, as if its customer had paid in or out.
    pub(in crate::sandbox) fn set_account(
        &mut self,
        position: usize,
        sum: Decimal,
        at: Timestamp,
    ) -> Option<Money> {
        let account = self.accounts.get_mut(position)?;
        let (change, asset) = (sum - account.amount, account.asset);
        account.opening += change;
        account.amount = sum;
        self.note_funds(Some(position), change, at);
        Some(Money::new(sum, asset))
    }
}
