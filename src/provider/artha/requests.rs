//! What is asked of artha: bodies, and the headers that sign them.

use std::collections::BTreeMap;

use ::http::{HeaderValue, Method, Request, Uri};
use bytes::Bytes;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::Serialize;
use zeroize::Zeroizing;

use super::Artha;
use super::settings::{Names, Settings, Signature, Values};
use crate::config::lists::Dates;
use crate::config::secret::Source;
use crate::domain::card::{Card, ProviderId};
use crate::domain::money::Money;
use crate::provider::crypto::{self, MaskedSecret, RsaKey};
use crate::provider::error::{Error, ErrorKind, Result};
use crate::provider::{PageCursor, ProviderConfig, Window, listing, push_segment};

/// Signs requests (artha wire notes, 1.4 and 1.5). Holds the token and the key, so it has no
/// `Debug`.
pub(super) struct Signer {
    provider: ProviderId,
    base_url: String,
    /// Masked between two requests: the kept connection holds the head of the last one, which has
    /// the token once or twice, and beside that there is no copy.
    token: MaskedSecret,
    /// Whether the `customerToken` header is sent as well.
    sends_customer: bool,
    key: RsaKey,
    signature: Signature,
}

impl Signer {
    /// Reads token and key.
    ///
    /// # Errors
    /// A sentence, when a secret cannot be had or a setting is wrong.
    pub(super) fn new(
        config: &ProviderConfig,
        settings: &Settings,
    ) -> std::result::Result<Self, String> {
        let read = |setting: &str, source: &Source| {
            source
                .read()
                .map_err(|error| format!("the credential `{setting}` cannot be read: {error}"))
        };
        let token = read("token", &settings.token)?;
        let plain = token.expose_secret().trim();
        let is_header = HeaderValue::from_str(plain).is_ok_and(|value| value.to_str().is_ok());
        if plain.is_empty() || !is_header {
            return Err("the credential `token` is empty or has characters that no header can \
                        carry; set it again"
                .to_owned());
        }
        let token = MaskedSecret::new(plain.as_bytes())
            .map_err(|_| "the system gave no random numbers".to_owned())?;
        let key = read("private_key", &settings.private_key)?;
        let key =
            RsaKey::pem(key.expose_secret().trim(), settings.signature.padding).map_err(|_| {
                "the credential `private_key` is not an RSA private key in PEM \
                     without a passphrase (PKCS#1 or PKCS#8)"
                    .to_owned()
            })?;
        let base_url = config.base_url.trim_end_matches('/').to_owned();
        base_url.parse::<Uri>().map_err(|_| "base_url is not an address".to_owned())?;
        Ok(Self {
            provider: config.name.clone(),
            base_url,
            token,
            sends_customer: settings.customer_token,
            key,
            signature: settings.signature.clone(),
        })
    }

    /// A signed request.
    pub(super) fn request(
        &self,
        method: Method,
        path: &str,
        body: &Body,
        now: Timestamp,
    ) -> Result<Request<Bytes>> {
        let error = |kind, words: &str| Error::new(&self.provider, kind, words);
        let timestamp = now.as_second().to_string();
        let nonce = nonce().map_err(|_| {
            error(ErrorKind::Unreachable, "the system gave no random numbers; nothing was sent")
        })?;
        let (bearer, token) = self.token_headers().ok_or_else(|| {
            error(ErrorKind::Refused, "the token cannot be sent as a header; nothing was sent")
        })?;
        let customer = Some(token).filter(|_| self.sends_customer);
        let text = customer.as_ref().and_then(|token| token.to_str().ok());
        let string = canonical(&self.signature, &timestamp, &nonce, text, body);
        let signed = self.key.sign(string.as_bytes());
        let signature = self
            .signature
            .text
            .encode(&signed.map_err(|_| error(ErrorKind::Unreachable, NO_SIGNATURE))?);
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}/{}", self.base_url, path.trim_start_matches('/')))
            .header("Content-Type", "application/json")
            .header("Authorization", bearer)
            .header("timestamp", timestamp)
            .header("nonce", nonce)
            .header("signature", signature);
        if let Some(customer) = customer {
            request = request.header("customerToken", customer);
        }
        let bytes =
            if body.is_empty() { Vec::new() } else { serde_json::to_vec(body).unwrap_or_default() };
        request.body(bytes.into()).map_err(|_| {
            error(
                ErrorKind::Refused,
                "the address of this call cannot be formed: check base_url; nothing was sent",
            )
        })
    }

    /// The token behind `Bearer `, and by itself: parts of the same memory, which is wiped with the
    /// last of them.
    fn token_headers(&self) -> Option<(HeaderValue, HeaderValue)> {
        let header = |text: Bytes| {
            let mut value = HeaderValue::from_maybe_shared(text).ok()?;
            value.set_sensitive(true);
            Some(value)
        };
        let line = Bytes::from(std::mem::take(&mut *self.token.behind(BEARER)));
        Some((header(line.clone())?, header(line.slice(BEARER.len()..))?))
    }
}

/// What a header begins with that carries a token.
const BEARER: &[u8] = b"Bearer ";

const NO_SIGNATURE: &str = "the request could not be signed with private_key; nothing was sent";

/// The fields of a request's body.
pub(super) type Body = BTreeMap<&'static str, Part>;

/// A value of a request.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Part {
    Text(String),
    Whole(i64),
}

impl Artha {
    /// The body of a page of a list. An end of its time is whole seconds; what happened within the
    /// last second of the window belongs to it.
    pub(super) fn list_body(&self, window: &Window, page: PageCursor) -> Body {
        let mut body = Body::from([
            ("page", Part::Whole(i64::from(self.lists.first_page) + i64::from(page.number))),
            ("size", Part::Whole(page.size.into())),
            ("startTime", self.list_time(window.since.as_second())),
            ("endTime", self.list_time(whole_second_after(window.until))),
        ]);
        if let Some(card) = &window.card {
            body.insert("cardId", Part::Text(card.wire_id.to_string()));
        }
        body
    }

    /// An end of a list's time (artha wire notes, 2.9; INFERENCE there: RFC 3339 in UTC).
    fn list_time(&self, second: i64) -> Part {
        match self.lists.dates {
            Dates::Unix => Part::Whole(second),
            Dates::UnixMillis => Part::Whole(second.saturating_mul(1_000)),
            Dates::Rfc3339 | Dates::Day => {
                Part::Text(listing::format_time(second, self.lists.dates))
            }
        }
    }

    /// An amount as the wire takes it: a string without a currency, so it must be the card's (artha
    /// wire notes, 2.11).
    pub(super) fn amount(&self, card: &Card, amount: Money) -> Result<String> {
        if let Some(currency) = card.currency.filter(|currency| *currency != amount.currency()) {
            let words = format!(
                "artha takes amounts in the card's currency, {currency}, and {amount} is not; \
                 nothing was sent"
            );
            return Err(self.error(ErrorKind::Refused, &words));
        }
        let mut decimal = amount.amount().normalize();
        let most = self.decimals;
        if decimal.scale() > most {
            return Err(self.error(
                ErrorKind::Refused,
                &format!("artha takes at most {most} decimals; nothing was sent"),
            ));
        }
        decimal
            .rescale(amount.currency().decimals().unwrap_or(most).min(most).max(decimal.scale()));
        Ok(decimal.to_string())
    }
}

/// The string that is signed: headers and body fields by name, `name=value`, joined by `&`; empty
/// ones are left out (artha wire notes, 1.5). INFERENCE there: which headers enter it, names as
/// sent, values raw.
pub(super) fn canonical(
    how: &Signature,
    timestamp: &str,
    nonce: &str,
    customer: Option<&str>,
    body: &Body,
) -> Zeroizing<String> {
    let numbers: Vec<(&str, String)> = body
        .iter()
        .filter_map(|(name, part)| match part {
            Part::Text(_) => None,
            Part::Whole(number) => Some((*name, number.to_string())),
        })
        .collect();
    let texts = body.iter().filter_map(|(name, part)| match part {
        Part::Text(text) => Some((*name, text.as_str())),
        Part::Whole(_) => None,
    });
    let headers =
        [("timestamp", Some(timestamp)), ("nonce", Some(nonce)), ("customerToken", customer)];
    let signed = headers.iter().filter(|(name, _)| how.headers.iter().any(|header| header == name));
    let mut pairs: Vec<(&str, &str)> =
        signed.filter_map(|(name, value)| Some((*name, (*value)?))).collect();
    pairs.extend(texts);
    pairs.extend(numbers.iter().map(|(name, number)| (*name, number.as_str())));
    join_signed(how, pairs)
}

/// Names and values as the string that is signed, also of a callback.
pub(super) fn join_signed(how: &Signature, mut pairs: Vec<(&str, &str)>) -> Zeroizing<String> {
    pairs.retain(|(_, value)| !value.is_empty());
    let written = |name: &str| match how.names {
        Names::AsSent => name.to_owned(),
        Names::Lower => name.to_ascii_lowercase(),
    };
    pairs.sort_by_cached_key(|(name, _)| written(name));
    // Room for all of it at once, so that no copy of the token stays behind.
    let room = pairs.iter().map(|(name, value)| name.len() + 3 * value.len() + 2).sum();
    let mut string = Zeroizing::new(String::with_capacity(room));
    for (name, value) in pairs {
        if !string.is_empty() {
            string.push('&');
        }
        string.push_str(&written(name));
        string.push('=');
        match how.values {
            Values::Raw => string.push_str(value),
            Values::Percent => push_segment(&mut string, value),
        }
    }
    string
}

/// Ten random letters and digits (artha wire notes, 1.4).
fn nonce() -> std::result::Result<String, crypto::CryptoError> {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let random = crypto::random::<10>()?;
    Ok(random
        .iter()
        .filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()))
        .map(|byte| char::from(*byte))
        .collect())
}

/// The end of a window in Unix seconds, with what happened within its last second.
fn whole_second_after(at: Timestamp) -> i64 {
    at.as_second() + i64::from(at.subsec_nanosecond() > 0)
}
