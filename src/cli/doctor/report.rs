//! What was found, in words that may be pasted into a ticket.

use std::time::Duration;

use crate::cli::exit::Exit;
use crate::cli::session::environment;
use crate::contract::{Check, Finding, Level};
use crate::domain::card::ProviderId;
use crate::domain::text;

/// What was found of an account, or of this machine, in the order in which it was looked at.
#[derive(Debug, Default)]
pub(super) struct Findings {
    provider: Option<ProviderId>,
    found: Vec<Found>,
}

/// One finding, and what it makes the command end with.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) finding: Finding,
    pub(super) exit: Exit,
}

impl Findings {
    pub(super) fn of_account(provider: &ProviderId) -> Self {
        Self { provider: Some(provider.clone()), found: Vec::new() }
    }

    /// It is as it should be.
    pub(super) fn ok(&mut self, check: Check, what: impl AsRef<str>) -> &mut Found {
        self.add(Level::Ok, check, what.as_ref(), None, Exit::Done)
    }

    /// It works, and is to be mended.
    pub(super) fn warn(&mut self, check: Check, what: impl AsRef<str>, advice: &str) -> &mut Found {
        self.add(Level::Warn, check, what.as_ref(), Some(advice), Exit::Refused)
    }

    /// It does not work; an empty advice where `what` has it.
    pub(super) fn fail(
        &mut self,
        check: Check,
        what: impl AsRef<str>,
        advice: &str,
        exit: Exit,
    ) -> &mut Found {
        self.add(Level::Fail, check, what.as_ref(), Some(advice), exit)
    }

    /// Whether something of this does not work.
    pub(super) fn has_failed(&self, check: Check) -> bool {
        let mut found = self.found.iter().map(|found| &found.finding);
        found.any(|finding| finding.check == check && finding.level == Level::Fail)
    }

    pub(super) fn into_found(self) -> Vec<Found> {
        self.found
    }

    fn add(
        &mut self,
        level: Level,
        check: Check,
        what: &str,
        advice: Option<&str>,
        exit: Exit,
    ) -> &mut Found {
        let advice = advice.filter(|advice| !advice.is_empty()).map(presentable);
        let provider = self.provider.clone();
        let what = presentable(what);
        let finding = Finding { level, check, provider, what, advice, took: None };
        self.found.push(Found { finding, exit });
        self.found.last_mut().expect("it was just added")
    }
}

impl Found {
    pub(super) fn took(&mut self, time: Duration) {
        self.finding.took = Some(time);
    }
}

/// The worst of all: of those that are equally bad the one that others may depend on.
pub(super) fn worst(found: &[Found]) -> Option<&Finding> {
    let bad = found.iter().map(|found| &found.finding);
    let bad = bad.filter(|finding| finding.level > Level::Ok);
    // The first of equals.
    bad.min_by_key(|finding| (std::cmp::Reverse(finding.level), finding.check))
}

/// What the command ends with: a configuration that cannot be used weighs most, then a provider
/// that was not reached.
pub(super) fn exit(found: &[Found]) -> Exit {
    let is_there = |wanted| found.iter().any(|found| found.exit == wanted);
    if is_there(Exit::Usage) {
        return Exit::Usage;
    }
    found.iter().fold(Exit::Done, |sum, found| sum.and(found.exit))
}

/// The first line of all: the worst fault, and how many others there are.
pub(super) fn headline(found: &[Found]) -> String {
    let Some(worst) = worst(found) else { return "all is well".to_owned() };
    let of = worst.provider.as_ref().map(|provider| format!("{provider}: ")).unwrap_or_default();
    let advice = worst.advice.as_deref().map(|advice| format!("; {advice}")).unwrap_or_default();
    let bad = found.iter().filter(|found| found.finding.level > Level::Ok).count();
    let more = match bad.saturating_sub(1) {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let (level, check) = (worst.level.as_str(), worst.check.as_str());
    format!("{level} {of}{check}: {}{advice}{more}", worst.what)
}

/// All findings as lines, what to do under each.
pub(super) fn lines(found: &[Found]) -> String {
    let mut text = String::new();
    for Found { finding, .. } in found {
        let about = finding.provider.as_ref().map_or("-", ProviderId::name);
        let (level, check) = (finding.level.as_str(), finding.check.as_str());
        let took = finding.took.map(|took| format!(" ({} ms)", took.as_millis()));
        let took = took.unwrap_or_default();
        text.push_str(&format!("{level:4}  {about:10}  {check:13}  {}{took}\n", finding.what));
        if let Some(advice) = &finding.advice {
            text.push_str(&format!("{:33}do: {advice}\n", ""));
        }
    }
    text
}

/// A sentence without card numbers and control characters, and with `~` for the operator's home.
fn presentable(words: &str) -> String {
    let words = text::one_line(&text::mask_card_numbers(words));
    match environment("HOME").filter(|home| home.len() > 1) {
        Some(home) => words.replace(home.trim_end_matches('/'), "~"),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_is_what_the_others_may_depend_on() {
        let mut machine = Findings::default();
        machine.ok(Check::Configuration, "1 account");
        machine.warn(Check::Disk, "little room", "make room");
        let mut account = Findings::of_account(&ProviderId::new("acme"));
        account.fail(Check::Login, "refused", "check the token", Exit::Unreachable);
        account.fail(Check::Clock, "10 min ahead", "set the clock", Exit::Refused);
        let found: Vec<Found> =
            machine.into_found().into_iter().chain(account.into_found()).collect();
        let line = "FAIL acme: clock: 10 min ahead; set the clock (and 2 more)";
        assert_eq!((headline(&found).as_str(), exit(&found)), (line, Exit::Unreachable));
        assert_eq!((headline(&[]).as_str(), exit(&[])), ("all is well", Exit::Done));
    }

    #[test]
    fn no_card_number_is_shown() {
        let mut machine = Findings::default();
        machine.ok(Check::Card, "4111 1111 1111 1111 \u{1b}[31m");
        let found = machine.into_found();
        assert_eq!(found[0].finding.what, "..1111 ?");
    }
}
