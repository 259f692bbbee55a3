//! The figures of a torture, as they are printed.

use std::fmt::Write as _;

use cardtop::sandbox::Dialect;

use super::judge::Account;

/// The table: a title, the account, other facts, the UNKNOWN that remain and why, and everything
/// that must not be.
pub(crate) fn table(title: &str, account: &Account, facts: &[String]) -> String {
    let mut text = format!("{title}\n");
    let mut line = |words: &str| {
        // Writing to a text does not fail.
        let _written = writeln!(text, "{words}");
    };
    line(&format!(
        "{:<10}{:>11}{:>9}{:>9}{:>9}{:>9}",
        "", "operations", "DONE", "FAILED", "UNKNOWN", "credits"
    ));
    let count = |dialect: Dialect, words: &[&str]| -> usize {
        let of = account
            .states
            .iter()
            .filter(|((of, word), _)| *of == dialect && (words.is_empty() || words.contains(word)));
        of.map(|(_, count)| count).sum()
    };
    let row = |name: &str, [all, done, failed, unknown, credits]: [usize; 5]| {
        format!("{name:<10}{all:>11}{done:>9}{failed:>9}{unknown:>9}{credits:>9}")
    };
    let open = ["SENT", "ACCEPTED", "UNKNOWN"];
    let mut sums = [0; 5];
    for dialect in Dialect::ALL {
        let credits = account.credits.get(&dialect).copied().unwrap_or(0);
        let figures = [
            count(dialect, &[]),
            count(dialect, &["DONE"]),
            count(dialect, &["FAILED"]),
            count(dialect, &open),
            credits,
        ];
        line(&row(dialect.name(), figures));
        for (sum, one) in sums.iter_mut().zip(figures) {
            *sum += one;
        }
    }
    line(&row("all", sums));
    line("");
    let (doubles, lost, untrue) = (account.doubles.len(), account.lost.len(), account.untrue.len());
    line(&format!("doubles {doubles}, lost {lost}, DONE without a credit {untrue}"));
    line(&format!("happened and findable, but not found: {}", account.unfound.len()));
    line(&format!(
        "UNKNOWN whose money did arrive (equal sums that cannot be told apart): {}",
        account.unknown_paid
    ));
    for fact in facts {
        line(fact);
    }
    line("UNKNOWN that remain, and why:");
    for ((dialect, why), count) in &account.unknown {
        line(&format!("  {count:>7}  {}: {why}", dialect.name()));
    }
    for (kind, each) in account.troubles() {
        line(&format!("{kind}: {each}"));
    }
    let good = account.is_good();
    line(if good {
        "every DONE was paid once, no FAILED was paid"
    } else {
        "SOMETHING IS WRONG WITH THE MONEY"
    });
    text
}

/// How often each of something happened, with the word for it.
pub(crate) fn counts<'a>(counts: impl IntoIterator<Item = (&'a str, u64)>) -> Vec<String> {
    counts.into_iter().map(|(word, count)| format!("  {count:>7}  {word}")).collect()
}
