//! Where a path of a request leads, whatever way it is written.

/// Where a path leads, so that two spellings of one place are equal: percent-encoded characters
/// decoded, `.` and `..` resolved, empty parts, case, query and fragment left out. Servers differ
/// in how much of this they do; whoever compares takes the strictest.
pub(super) fn place(path: &str) -> String {
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
