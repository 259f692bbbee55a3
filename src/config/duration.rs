//! Durations as they are written in the file and on the command line.

use std::time::Duration;

/// A duration as it is written: `20s`, `2m`, `1h`, `500ms`.
#[must_use]
pub fn read_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = (text.get(..split)?.parse::<u64>().ok()?, text.get(split..)?);
    match unit.trim() {
        "ms" => Some(Duration::from_millis(count)),
        "s" => Some(Duration::from_secs(count)),
        "m" | "min" => count.checked_mul(60).map(Duration::from_secs),
        "h" => count.checked_mul(3_600).map(Duration::from_secs),
        "d" => count.checked_mul(86_400).map(Duration::from_secs),
        _ => None,
    }
}
