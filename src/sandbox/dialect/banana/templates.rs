//! banana's card templates: what cards of a currency and form cost and may do (banana wire notes,
//! 2.2).

use rust_decimal::Decimal;

use super::reply::amount;
use crate::domain::money::Currency;
use crate::sandbox::bank::{Programme, from_us_cents, parse_currency};
use crate::sandbox::dialect::ProgrammeRules;
use crate::sandbox::json::{Json, number, object, text};

/// The template of a currency and form: a virtual one and a physical one each (2.2).
pub(super) fn template_of(programme: &Programme, currency: Currency, physical: bool) -> u64 {
    let mut currencies = programme.float_currencies.iter();
    let index = currencies.position(|of| *of == currency.code()).unwrap_or(0) as u64;
    1 + 2 * index + u64::from(physical)
}

/// Smallest and largest recharge (`recharge_min_limit`, `recharge_max_limit`, 2.2).
pub(super) fn limits(currency: Currency) -> (Decimal, Decimal) {
    (Decimal::ONE, from_us_cents(1_000_000, currency))
}

pub(super) fn templates(rules: &dyn ProgrammeRules) -> Vec<Json> {
    rules
        .programme()
        .float_currencies
        .iter()
        .flat_map(|currency| [(*currency, false), (*currency, true)])
        .map(|(currency, physical)| template(rules, currency, physical))
        .collect()
}

fn template(rules: &dyn ProgrammeRules, currency: &str, physical: bool) -> Json {
    let form = if physical { "plastic" } else { "virtual" };
    let of = parse_currency(currency);
    let (low, high) = limits(of);
    object([
        ("id", number(template_of(rules.programme(), of, physical))),
        ("description", text(format!("{currency} prepaid, {form}"))),
        ("type", text(if physical { "Physical" } else { "Virtual" })),
        ("payment_system", text("Mastercard")),
        ("currency", text(currency)),
        ("apply_fee", amount(from_us_cents(500, of))),
        ("recharge_fee", amount(rules.top_up_fee(low, of))),
        ("refund_fee", amount(Decimal::ZERO)),
        ("activate_min_limit", amount(low)),
        ("recharge_min_limit", amount(low)),
        ("recharge_max_limit", amount(high)),
        ("limit_per_tx", amount(from_us_cents(250_000, of))),
        ("limit_per_day", amount(from_us_cents(500_000, of))),
        ("limit_per_month", amount(from_us_cents(2_000_000, of))),
        ("requires_kyc", physical.into()),
        ("requires_phone_only", (!physical).into()),
        ("needs_activation", true.into()),
        ("requires_initial_deposit", false.into()),
    ])
}
