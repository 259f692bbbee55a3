//! How banana says that a call failed, and how it writes amounts.

use rust_decimal::Decimal;

use crate::sandbox::json::Json;

/// Why a call failed: a class of problem (1.9) and what it is about, for the encrypted 400.
pub(super) struct Failure(pub(super) String);

pub(super) fn failure<T>(why: impl Into<String>) -> Result<T, Failure> {
    Err(Failure(why.into()))
}

/// Digits with a point in them, as the document's examples write amounts: `100.0` (5.4).
pub(super) fn amount(sum: Decimal) -> Json {
    let digits = sum.to_string();
    Json::Number(if digits.contains('.') { digits } else { format!("{digits}.0") })
}
