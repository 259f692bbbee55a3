//! The number that makes what one session names different from what all others name.

use std::io;

/// 64 random bits of the operating system. They are no secret: the library that encrypts has its
/// own generator, which takes 30 ms to collect its first entropy, and a start would wait for it.
///
/// # Errors
/// When the system has none to give.
pub fn session_number() -> io::Result<u64> {
    let mut bytes = [0; 8];
    getrandom::getrandom(&mut bytes)
        .map_err(|_| io::Error::other("the system has no random numbers to give"))?;
    Ok(u64::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sessions_have_different_numbers() {
        let [one, other] = [session_number(), session_number()].map(|number| number.ok());
        assert!(one.is_some() && one != other, "{one:?} and {other:?}");
    }
}
