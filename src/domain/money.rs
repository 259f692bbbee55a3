//! Exact money: a decimal and its currency, never a binary float, never two currencies in one sum.
//!
//! Strict where money leaves ([`Money::parse_input`]), faithful where it arrives
//! ([`Money::parse_wire`]).

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::text::group_digits;

/// An amount of one currency, in major units (12.40 USD), with all the digits it came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

/// Why a text is not money, or a sum cannot be formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a plain decimal number.
    #[error("not an amount: write digits with at most one point, such as 12.40")]
    NotAnAmount,
    /// More decimals than the currency has.
    #[error("too many decimals: this currency has {allowed}")]
    TooPrecise {
        /// Decimals that the currency has.
        allowed: u32,
    },
    /// Zero, where a sum to send is wanted.
    #[error("the amount must be more than zero")]
    Zero,
    /// How many decimals the currency has is not known, so nothing can be sent in it.
    #[error("cardtop does not know how many decimals this currency has, so it will not send it")]
    UnknownDecimals,
    /// Two currencies in one sum.
    #[error("two currencies cannot be added")]
    Mixed,
    /// Beyond 28 digits.
    #[error("the amount is too large")]
    TooLarge,
    /// Not three to five letters.
    #[error("not a currency code: three to five letters, such as USD")]
    NotACurrency,
}

impl Money {
    /// What a provider sent: as many decimals as it has, a sign if it has one.
    ///
    /// # Errors
    /// When the text is not a decimal number of at most 28 digits.
    pub fn parse_wire(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        Ok(Self { amount: read_decimal(text)?, currency })
    }

    /// What a person typed and may be sent: plain digits, more than zero, no more decimals than the
    /// currency has.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn parse_input(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && text.bytes().any(|b| b.is_ascii_digit());
        let amount = Decimal::from_str_exact(text)
            .ok()
            .filter(|_| plain)
            .ok_or(MoneyError::NotAnAmount)?
            .normalize();
        let allowed = currency.decimals().ok_or(MoneyError::UnknownDecimals)?;
        if amount.scale() > allowed {
            return Err(MoneyError::TooPrecise { allowed });
        }
        if amount.is_zero() {
            return Err(MoneyError::Zero);
        }
        Ok(Self { amount, currency })
    }

    /// An exact amount that is already a decimal.
    #[must_use]
    pub const fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Nothing, in this currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { amount: Decimal::ZERO, currency }
    }

    /// The number, in major units.
    #[must_use]
    pub const fn amount(self) -> Decimal {
        self.amount
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum.
    ///
    /// # Errors
    /// When the currencies differ or the sum has more than 28 digits.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.joined(other, Decimal::checked_add)
    }

    /// The difference.
    ///
    /// # Errors
    /// When the currencies differ or the difference has more than 28 digits.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.joined(other, Decimal::checked_sub)
    }

    /// The same size without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        Self { amount: self.amount.abs(), ..self }
    }

    /// The same size with the other sign.
    #[must_use]
    pub fn negated(self) -> Self {
        Self { amount: -self.amount, ..self }
    }

    /// Below zero. Minus zero is not.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.amount.is_sign_negative() && !self.amount.is_zero()
    }

    /// The digits as JSON and the wires want them: `1234.50`, at least the currency's decimals, no
    /// separators.
    #[must_use]
    pub fn digits(self) -> String {
        let mut amount = self.amount.normalize();
        let decimals = self.currency.decimals().unwrap_or(0);
        if amount.scale() < decimals {
            amount.rescale(decimals);
        }
        if amount.is_zero() {
            amount.set_sign_positive(true);
        }
        amount.to_string()
    }

    /// The digits as people read them: `1,234.50`.
    #[must_use]
    pub fn grouped(self) -> String {
        let digits = self.digits();
        let (sign, digits) =
            digits.strip_prefix('-').map_or(("", digits.as_str()), |rest| ("-", rest));
        let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
        format!("{sign}{}{fraction}", group_digits(whole))
    }

    fn joined(
        self,
        other: Self,
        with: fn(Decimal, Decimal) -> Option<Decimal>,
    ) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed);
        }
        let amount = with(self.amount, other.amount).ok_or(MoneyError::TooLarge)?;
        Ok(Self { amount, currency: self.currency })
    }
}

/// Reads a decimal as wires write it, without ever passing through a float: plain digits, `1e2`,
/// and commas between groups of thousands (`1,234.56`, also India's `1,23,456.78`). Commas count
/// only beside a decimal point: `1,234` may be more than a thousand or a little more than one.
/// Amounts in brackets are not read: whether they are negative is the sender's convention.
///
/// # Errors
/// `TooLarge` beyond 28 digits, which could only be kept rounded; `NotAnAmount` when the text is no
/// number.
pub fn read_decimal(text: &str) -> Result<Decimal, MoneyError> {
    let text = text.trim();
    let plain = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'))
    };
    if plain(text) {
        return read_plain(text);
    }
    let grouped =
        without_commas(text).filter(|digits| plain(digits)).ok_or(MoneyError::NotAnAmount)?;
    read_plain(&grouped)
}

/// The exact value of digits with at most one exponent.
fn read_plain(text: &str) -> Result<Decimal, MoneyError> {
    let exact = |digits: &str| {
        let count = digits.bytes().filter(u8::is_ascii_digit).count();
        Decimal::from_str_exact(digits)
            .map_err(|_| if count > 28 { MoneyError::TooLarge } else { MoneyError::NotAnAmount })
    };
    let Some((base, exponent)) = text.split_once(['e', 'E']) else { return exact(text) };
    let (base, exponent) =
        (exact(base)?, exponent.parse::<i32>().map_err(|_| MoneyError::NotAnAmount)?);
    let mut value = base;
    for _ in 0..exponent.unsigned_abs().min(64) {
        if value.is_zero() {
            break;
        }
        if exponent > 0 && value.scale() == 0 {
            value = value.checked_mul(Decimal::TEN).ok_or(MoneyError::TooLarge)?;
        } else {
            let scale = if exponent > 0 { value.scale() - 1 } else { value.scale() + 1 };
            value.set_scale(scale).map_err(|_| MoneyError::TooLarge)?;
        }
    }
    Ok(value)
}

/// The digits of a grouped number that has a decimal point; `None` when the groups are not of
/// thousands or of India's lakhs.
fn without_commas(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) if text.starts_with('-') => ("-", digits),
        Some(digits) => ("", digits),
        None => ("", text),
    };
    let (whole, fraction) = digits.split_once('.')?;
    let mut groups: Vec<&str> = whole.split(',').collect();
    let last = groups.pop().filter(|_| !groups.is_empty())?;
    let first = groups.remove(0);
    let thousands = (1..=3).contains(&first.len()) && groups.iter().all(|group| group.len() == 3);
    let lakhs = (1..=2).contains(&first.len()) && groups.iter().all(|group| group.len() == 2);
    let digits_only = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let right = last.len() == 3
        && (thousands || lakhs)
        && digits_only(fraction)
        && digits_only(&whole.replace(',', ""));
    right.then(|| format!("{sign}{}.{fraction}", whole.replace(',', "")))
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.grouped(), self.currency)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut object = to.serialize_struct("Money", 2)?;
        object.serialize_field("amount", &self.digits())?;
        object.serialize_field("currency", &self.currency)?;
        object.end()
    }
}

/// A currency code: ISO 4217, a coin that a provider uses, or letters that are shown as they came.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 5]);

/// Coins beside ISO 4217, with the decimals that the wires use for them.
const COINS: [(&str, u32); 3] = [("USDT", 6), ("USDC", 6), ("dUSD", 2)];

impl Currency {
    /// The code as text.
    #[must_use]
    pub fn code(&self) -> &str {
        let end = self.0.iter().position(|&b| b == 0).unwrap_or(self.0.len());
        std::str::from_utf8(self.0.get(..end).unwrap_or_default()).unwrap_or("")
    }

    /// How many decimals the currency has; `None` where that is not known: then it is shown, but
    /// never typed or summed.
    #[must_use]
    pub fn decimals(self) -> Option<u32> {
        if let Some((_, decimals)) = COINS.iter().find(|(code, _)| *code == self.code()) {
            return Some(*decimals);
        }
        iso_currency::Currency::from_code(self.code())?.exponent().map(u32::from)
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let text = text.trim();
        if !(3..=5).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_alphabetic()) {
            return Err(MoneyError::NotACurrency);
        }
        let code = COINS
            .iter()
            .find(|(coin, _)| coin.eq_ignore_ascii_case(text))
            .map_or_else(|| text.to_ascii_uppercase(), |(coin, _)| (*coin).to_owned());
        let mut bytes = [0; 5];
        for (to, from) in bytes.iter_mut().zip(code.bytes()) {
            *to = from;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        code.parse().expect("a currency code of the test")
    }

    fn typed(text: &str, code: &str) -> Result<String, MoneyError> {
        Money::parse_input(text, currency(code)).map(Money::digits)
    }

    #[test]
    fn typed_amounts_have_no_more_decimals_than_the_currency() {
        assert_eq!(typed("30", "USD"), Ok("30.00".into()));
        assert_eq!(typed("30.10", "USD"), Ok("30.10".into()));
        assert_eq!(typed("5000", "JPY"), Ok("5000".into()));
        assert_eq!(typed("3.250", "KWD"), Ok("3.250".into()));
        assert_eq!(typed("3.2505", "KWD"), Err(MoneyError::TooPrecise { allowed: 3 }));
        assert_eq!(typed("0.5", "JPY"), Err(MoneyError::TooPrecise { allowed: 0 }));
        assert_eq!(typed("1.0", "JPY"), Ok("1".into()));
    }

    #[test]
    fn grouped_amounts_are_read_where_the_groups_are_right_and_a_point_shows_what_the_commas_are() {
        let read = |text: &str| read_decimal(text).map(|decimal| decimal.to_string());
        for (text, digits) in [
            ("1,234.56", "1234.56"),
            ("-1,234.56", "-1234.56"),
            ("+12,345,678.90", "12345678.90"),
            ("1,23,456.78", "123456.78"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(digits), "{text}");
        }
        for text in [
            "1,234",
            "12,34.56",
            "1,2345.67",
            ",234.56",
            "1.234,56",
            "1,,234.56",
            "(12.00)",
            "1,234.",
            "1,234.5,6",
            "US$ 5",
        ] {
            assert_eq!(read(text), Err(MoneyError::NotAnAmount), "{text}");
        }
    }

    #[test]
    fn an_amount_of_more_than_28_digits_is_never_rounded() {
        let long = "1234567890123456789012345678901.5";
        assert_eq!(read_decimal(long), Err(MoneyError::TooLarge));
        assert_eq!(read_decimal("0.12345678901234567890123456789012"), Err(MoneyError::TooLarge));
        assert_eq!(read_decimal("1.23456789012345678901234567890123e0"), Err(MoneyError::TooLarge));
        assert_eq!(read_decimal("1e40"), Err(MoneyError::TooLarge));
        assert_eq!(read_decimal("1.5e3").map(|decimal| decimal.to_string()).as_deref(), Ok("1500"));
        assert_eq!(read_decimal("25e-1").map(|decimal| decimal.to_string()).as_deref(), Ok("2.5"));
    }

    #[test]
    fn typed_amounts_are_plain_digits() {
        for text in
            ["", ".", "1_000", "1,000", "-5", "+5", "1e3", " 5", "0", "0.00", "five", "1.2.3"]
        {
            assert!(typed(text, "USD").is_err(), "{text:?} was taken");
        }
        assert_eq!(typed("5", "XYZQ"), Err(MoneyError::UnknownDecimals));
    }

    #[test]
    fn arriving_amounts_keep_every_digit() {
        let money = Money::parse_wire("207.5700", currency("USD")).expect("a documented amount");
        assert_eq!(money.digits(), "207.57");
        assert_eq!(Money::parse_wire("-0.0", currency("USD")).expect("zero").digits(), "0.00");
        assert_eq!(
            Money::parse_wire("1e2", currency("USD")).expect("scientific").digits(),
            "100.00"
        );
        assert_eq!(
            Money::parse_wire("1234567.5", currency("USD")).expect("large").to_string(),
            "1,234,567.50 USD"
        );
        assert_eq!(Money::parse_wire("-999", currency("JPY")).expect("negative").grouped(), "-999");
    }

    #[test]
    fn currencies_are_never_mixed() {
        let usd = Money::zero(currency("USD"));
        assert_eq!(usd.checked_add(Money::zero(currency("EUR"))), Err(MoneyError::Mixed));
        assert_eq!(currency("usd"), currency("USD"));
        assert_eq!(currency("dusd").code(), "dUSD");
        assert_eq!(currency("kwd").decimals(), Some(3));
    }

    proptest! {
        #[test]
        fn adding_and_taking_away_again_changes_nothing(
            a in -1_000_000_000_i64..1_000_000_000,
            b in -1_000_000_000_i64..1_000_000_000,
            scale in 0_u32..6,
        ) {
            let usd = currency("USD");
            let a = Money::new(Decimal::new(a, scale), usd);
            let b = Money::new(Decimal::new(b, 2), usd);
            let back = a.checked_add(b).and_then(|sum| sum.checked_sub(b));
            prop_assert_eq!(back.map(Money::digits), Ok(a.digits()));
        }

        #[test]
        fn printed_digits_read_back_as_the_same_amount(units in any::<i64>(), scale in 0_u32..10) {
            let money = Money::new(Decimal::new(units, scale), currency("EUR"));
            let back = Money::parse_wire(&money.digits(), currency("EUR"));
            prop_assert_eq!(back.map(Money::amount), Ok(money.amount().normalize()));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            let _ = Money::parse_wire(&text, currency("USD"));
            if let Ok(money) = Money::parse_input(&text, currency("USD")) {
                prop_assert!(money.amount() > Decimal::ZERO && money.amount().scale() <= 2);
            }
        }
    }
}
