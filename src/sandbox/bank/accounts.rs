//! Accounts that belong to customers, and what pays for a top-up: one of them, or the merchant's
//! float.

use rust_decimal::Decimal;

use super::amounts::{code, scaled};
use super::{Bank, Kind, Progress};
use crate::domain::money::{Currency, Money};

/// A customer's account. It belongs to that customer alone.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Account {
    pub(in crate::sandbox) id: String,
    /// The customer's id, as cards have it.
    pub(in crate::sandbox) customer: String,
    pub(in crate::sandbox) asset: Currency,
    pub(in crate::sandbox) holds: Decimal,
    pub(in crate::sandbox) switched_off: bool,
    /// What it held before the first row.
    opening: Decimal,
}

/// Number of the first customer's account; the merchant's own has another.
const FIRST_ACCOUNT: u64 = 8_301;

impl Bank {
    /// Opens the accounts of every customer that has a card: most in dollars, one in digital
    /// dollars only, one with an old account that is switched off, and all with coins that pay for
    /// nothing here.
    pub(super) fn open_accounts(&mut self) {
        let mut customers: Vec<String> = self.cards.iter().map(|card| card.user.clone()).collect();
        customers.sort_unstable();
        customers.dedup();
        let open =
            |bank: &mut Self, customer: &str, asset: &str, cents: u64, switched_off: bool| {
                let id = (FIRST_ACCOUNT + bank.accounts.len() as u64).to_string();
                let opening = scaled(cents, code("USD"));
                let customer = customer.to_owned();
                bank.accounts.push(Account {
                    id,
                    customer,
                    asset: code(asset),
                    holds: opening,
                    switched_off,
                    opening,
                });
            };
        // Not the bank's own chance: what cardholders do must not depend on it.
        for (i, customer) in (0_u64..).zip(&customers) {
            let cents = 51_200 + i * 83_000;
            match i % 4 {
                1 => open(self, customer, "dUSD", cents, false),
                2 => {
                    open(self, customer, "USD", 4_000, true);
                    open(self, customer, "USD", cents, false);
                }
                _ => open(self, customer, "USD", cents, false),
            }
            open(self, customer, "USDC", 10_000, false);
        }
    }

    /// What a top-up is paid from.
    pub(super) fn funds(
        &mut self,
        payer: Option<usize>,
        currency: Currency,
    ) -> Option<&mut Decimal> {
        match payer {
            Some(account) => self.accounts.get_mut(account).map(|account| &mut account.holds),
            None => self.floats.iter_mut().find(|(of, _)| *of == currency).map(|(_, sum)| sum),
        }
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
    ) -> Option<Money> {
        let account = self.accounts.get_mut(position)?;
        account.opening += sum - account.holds;
        account.holds = sum;
        Some(Money::new(sum, account.asset))
    }

    /// Accounts that have not what their rows say.
    pub(super) fn audit_accounts(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (position, account) in self.accounts.iter().enumerate() {
            let paid: Decimal = self
                .rows
                .iter()
                .filter(|row| row.kind == Kind::TopUp && row.payer == Some(position))
                .filter(|row| matches!(row.progress, Progress::Pending | Progress::Cleared))
                .map(|row| row.amount + row.fee)
                .sum();
            let left = account.opening - paid;
            if left != account.holds {
                wrong.push(format!(
                    "account {} has {}, its rows say {left}",
                    account.id, account.holds
                ));
            }
        }
        wrong
    }
}
