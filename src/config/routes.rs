//! That no two calls of an account that must not meet are sent to one place.

use super::endpoint::{Effect, Endpoint};
use super::error::ConfigError;
use super::spelling::Spelling;
use super::table::Table;

/// Refuses an account of which two calls go to one place and one of them changes something: a
/// reading would change it past the journal and past read-only, and a freeze could close.
pub(super) fn refuse_shared(
    endpoints: &[Endpoint],
    spelling: &Spelling,
    own: Vec<Route>,
    account: &Table<'_>,
) -> Result<(), ConfigError> {
    let documented = endpoints.iter().map(|endpoint| Route {
        key: endpoint.key.to_owned(),
        path: spelling.path(*endpoint).to_owned(),
        effect: endpoint.effect,
    });
    let routes: Vec<Route> = documented.chain(own).collect();
    for (index, route) in routes.iter().enumerate() {
        let clashes = |other: &&Route| {
            (route.effect == Effect::Changes || other.effect == Effect::Changes)
                && place(&other.path) == place(&route.path)
        };
        if let Some(other) = routes.iter().skip(index + 1).find(clashes) {
            let words = format!(
                "{}: {} and {} have the same path, \"{}\", and one of them changes \
                 something: give each its own",
                account.name(),
                route.key,
                other.key,
                route.path
            );
            return Err(account.error(account.span(), &words));
        }
    }
    Ok(())
}

/// Where a path leads, so that two spellings of one place are equal: percent-encoded characters
/// decoded, `.` and `..` resolved, empty parts, case, query and fragment left out. Servers differ
/// in how much of this they do; whoever compares takes the strictest.
fn place(path: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let decoded = decoded(path).replace('\\', "/").to_lowercase();
    for part in decoded.split('/') {
        // What stands behind a semicolon is a parameter of the part, which some servers leave out.
        match part.split(';').next().unwrap_or_default().trim() {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name.to_owned()),
        }
    }
    parts.join("/")
}

/// A text with its percent-encoded characters decoded, also those that were encoded twice.
fn decoded(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..3 {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            let hex = |at: usize| after.get(at).and_then(|digit| char::from(*digit).to_digit(16));
            match (first, hex(0), hex(1)) {
                (b'%', Some(high), Some(low)) => {
                    bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'%'));
                    rest = after.get(2..).unwrap_or_default();
                }
                _ => {
                    bytes.push(*first);
                    rest = after;
                }
            }
        }
        let next = String::from_utf8_lossy(&bytes).into_owned();
        if next == text {
            break;
        }
        text = next;
    }
    text
}

/// A call whose path is settled: by the document, by `paths`, or by a setting of its own.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// The key in the file that its path is written under.
    pub(super) key: String,
    pub(super) path: String,
    pub(super) effect: Effect,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_has_one_spelling() {
        for spelling in [
            "/card/recharge",
            "card/recharge",
            "/card//recharge",
            "//card/recharge/",
            "/card/./recharge",
            "/card/x/../recharge",
            "/../card/recharge",
            "/CARD/Recharge",
            "/card/%72echarge",
            "/card/%72%65charge",
            "/card%2frecharge",
            "/card%2Frecharge",
            "/card/%2572echarge",
            "/card/recharge?x=1",
            "/card/recharge#x",
            "/card;v=1/recharge",
            "\\card\\recharge",
        ] {
            assert_eq!(place(spelling), "card/recharge", "{spelling}");
        }
        for other in [
            "/card/recharges",
            "/card",
            "/card/re/charge",
            "/card/recharge/x",
            "/cardrecharge",
            "/card/%zzrecharge",
        ] {
            assert_ne!(place(other), "card/recharge", "{other}");
        }
    }
}
