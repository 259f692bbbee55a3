//! What paying a file would do: nothing is sent.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Bulk;
use crate::cli::exit::{Exit, warn};
use crate::cli::failure::Failure;
use crate::contract::Fate;
use crate::domain::card::ProviderId;
use crate::domain::money::Money;
use crate::domain::text::thousands;
use crate::engine::ProviderReport;

/// What is to be paid, by account and currency.
type Totals = BTreeMap<(ProviderId, String), Total>;

struct Total {
    count: usize,
    sum: Money,
    /// Where any is known.
    fees: Option<Money>,
}

impl Bulk<'_> {
    /// Asks what each line would cost, and says the totals and what the floats have.
    ///
    /// # Errors
    /// Where it cannot be read who would pay.
    pub(super) async fn preview(&mut self) -> Result<(), Failure> {
        for at in 0..self.shown.len() {
            if self.shown.get(at).is_none_or(|line| line.fate != Fate::ToSend) {
                continue;
            }
            let terms = self.terms(at, true).await;
            let Some(line) = self.shown.get_mut(at) else { continue };
            match terms {
                Ok(terms) => {
                    line.fee = terms.fee;
                    let trouble = terms.payer.and_then(|payer| payer.trouble);
                    let why = trouble.map(|trouble| trouble.to_string()).or(terms.fee_unread);
                    line.detail = why.or_else(|| line.detail.take());
                }
                Err(failure) if failure.exit == Exit::Unreachable => return Err(failure),
                Err(failure) => line.detail = Some(failure.sentence()),
            }
        }
        let reports = self.session.engine.read_providers().await;
        for sentence in sentences(&self.totals(), &reports) {
            warn(&sentence);
        }
        self.say_what_was_sent_before();
        warn("nothing was sent: add --yes to do it");
        Ok(())
    }

    /// Says how many lines are not sent because the journal has them, and since when: the file of
    /// another month may have the same lines.
    pub(super) fn say_what_was_sent_before(&self) {
        let before = self.shown.iter().filter(|line| line.fate == Fate::SentBefore);
        let times: Vec<Timestamp> =
            before.filter_map(|line| Some(line.operation?.0.made_at())).collect();
        let Some(newest) = times.iter().max() else { return };
        let (of_all, newest) = (self.shown.len(), self.session.view.time(*newest));
        warn(&format!(
            "{} of {} lines were sent before, the last of them {newest}, and are not sent again; \
             to pay the same again say another --batch",
            thousands(times.len()),
            thousands(of_all)
        ));
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals::new();
        for line in self.shown.iter().filter(|line| line.fate == Fate::ToSend) {
            let currency = line.amount.currency();
            let name = (line.card.key.provider.clone(), currency.code().to_owned());
            let none = Total { count: 0, sum: Money::zero(currency), fees: None };
            let total = totals.entry(name).or_insert(none);
            total.count += 1;
            total.sum = total.sum.checked_add(line.amount).unwrap_or(total.sum);
            total.fees = match (total.fees, line.fee) {
                (Some(known), Some(fee)) => known.checked_add(fee).ok(),
                (known, fee) => known.or(fee),
            };
        }
        totals
    }
}

/// `acme: 12 lines, 340.00 USD, fees 1.20 USD; the float has 1,000.00 USD`.
fn sentences(totals: &Totals, reports: &[ProviderReport]) -> Vec<String> {
    let sentence = |((provider, currency), total): (&(ProviderId, String), &Total)| {
        let Total { count, sum, fees } = total;
        let lines = if *count == 1 { "line" } else { "lines" };
        let fees = fees.map(|fees| format!(", fees {fees}")).unwrap_or_default();
        let report = reports.iter().find(|report| report.info.id == *provider);
        let float = match report.and_then(|report| report.float.as_ref()) {
            Some(Ok((sums, _))) => {
                let float = sums.iter().find(|sum| sum.currency().code() == currency);
                match float {
                    Some(float) if float.amount() < sum.amount() => {
                        format!("the float has only {float}: it is not enough")
                    }
                    Some(float) => format!("the float has {float}"),
                    None => format!("the float has no {currency}: not compared"),
                }
            }
            Some(Err(error)) => format!("the float could not be read: {}", error.reason()),
            None => "the provider tells no float".to_owned(),
        };
        format!("{provider}: {} {lines}, {sum}{fees}; {float}", thousands(*count))
    };
    totals.iter().map(sentence).collect()
}
