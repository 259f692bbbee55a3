//! How long to wait after trouble, and between two lookups of an operation.

use std::time::Duration;

use jiff::SignedDuration;

use super::signed;

/// How long to wait after the `failures`th failure in a row: 1, 2, 4 … 60 s, of which the second
/// half is spread by the provider's name, the count and a number of this process, so that no two
/// providers or programs keep step. Never less than the provider asked for.
#[must_use]
pub fn back_off(failures: u32, name: &str, salt: u64, asked: Option<Duration>) -> SignedDuration {
    let step = 1_000_u64 << failures.saturating_sub(1).min(6);
    let step = step.min(60_000);
    let seed = name
        .bytes()
        .fold(salt ^ u64::from(failures).wrapping_mul(0x9E37_79B9_7F4A_7C15), |mix, byte| {
            (mix ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
    let spread = (seed >> 32) % (step / 2 + 1);
    let wait = SignedDuration::from_millis(i64::try_from(step / 2 + spread).unwrap_or(60_000));
    wait.max(signed(asked.unwrap_or_default()))
}

/// The longest that [`look_again`] says.
pub const LONGEST_BETWEEN_LOOKS: SignedDuration = SignedDuration::from_mins(30);

/// How long until an unsettled operation is looked up again, after so many lookups.
#[must_use]
pub fn look_again(looks: u32) -> SignedDuration {
    const SECONDS: [i64; 12] = [1, 1, 2, 4, 8, 15, 30, 60, 120, 300, 600, 1_800];
    let index = usize::try_from(looks).unwrap_or(usize::MAX).min(SECONDS.len() - 1);
    SignedDuration::from_secs(SECONDS.get(index).copied().unwrap_or(1_800))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn waits_grow_to_a_minute_and_never_undercut_the_provider(
            failures in 1_u32..100,
            name in "[a-z]{1,9}",
            salt: u64,
            asked in 0_u64..600,
        ) {
            let wait = back_off(failures, &name, salt, None);
            let range = SignedDuration::from_millis(500)..=SignedDuration::from_secs(60);
            prop_assert!(range.contains(&wait));
            let wait = back_off(failures, &name, salt, Some(Duration::from_secs(asked)));
            prop_assert!(wait.as_secs() >= i64::try_from(asked).unwrap_or(0));
        }

        #[test]
        fn two_cardtops_on_one_provider_do_not_come_back_in_step(failures in 7_u32..60, salt: u64) {
            let wait = |salt| back_off(failures, "artha", salt, None).as_millis();
            let waits: Vec<i128> = (0..64).map(|i| wait(salt.wrapping_add(i))).collect();
            let ends = waits.iter().max().zip(waits.iter().min());
            let spread = ends.map_or(0, |(most, least)| most - least);
            prop_assert!(spread > 20_000, "of the 30 s that may be spread over: {spread} ms");
        }
    }
}
