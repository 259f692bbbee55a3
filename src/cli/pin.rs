//! `pin CARD`. The PIN comes from the terminal without an echo, or from standard input, never from
//! an argument.

use std::io::{self, IsTerminal};

use clap::Args;

use super::change::{self, Change, ChangeArguments};
use super::failure::{Failure, Outcome};
use super::global::Global;
use super::{Run, secret_line};
use crate::clock::Clock;
use crate::domain::card::Card;
use crate::domain::operation::{Action, ActionKind, Capabilities, Pin, PinRule, check_action};

/// Set or change a card's PIN; it is asked for, or read from standard input, never an argument
#[derive(Debug, Args)]
pub(crate) struct SetPin {
    #[command(flatten)]
    change: ChangeArguments,
    /// Read the new PIN from the first line of standard input, and the old one from the second
    /// where it is needed
    #[arg(long)]
    pin_stdin: bool,
}

impl Run for SetPin {
    fn may_be_interrupted(&self) -> bool {
        false
    }

    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        change::run(&self, global, clock).await
    }
}

impl Change for SetPin {
    fn kind(&self) -> ActionKind {
        ActionKind::SetPin
    }

    fn arguments(&self) -> &ChangeArguments {
        &self.change
    }

    fn action(&self, card: &Card, capabilities: &Capabilities) -> Result<Action, Failure> {
        let rule = settable(card, capabilities)?;
        self.source().action(card, &rule)
    }

    /// The terminal is not asked for a PIN that is not sent.
    fn unconfirmed_action(
        &self,
        card: &Card,
        capabilities: &Capabilities,
    ) -> Result<Action, Failure> {
        let rule = settable(card, capabilities)?;
        match self.source() {
            Source::StandardInput => Source::StandardInput.action(card, &rule),
            Source::Terminal => {
                Source::Terminal.may_ask(&rule)?;
                Ok(Action::SetPin { new: None, old: None })
            }
        }
    }

    fn intention(&self, _action: &Action) -> String {
        "set the PIN of".to_owned()
    }
}

/// Where a PIN is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Terminal,
    StandardInput,
}

/// The rule of a PIN that can be set: one that cannot is not asked for.
fn settable(card: &Card, capabilities: &Capabilities) -> Result<PinRule, Failure> {
    check_action(ActionKind::SetPin, card, capabilities, &[])
        .map_err(|why| Failure::refused(why.to_string()))?;
    capabilities.pin.map_err(Failure::refused)
}

impl SetPin {
    const fn source(&self) -> Source {
        if self.pin_stdin { Source::StandardInput } else { Source::Terminal }
    }
}

impl Source {
    fn may_ask(self, rule: &PinRule) -> Result<(), Failure> {
        let asks = rule.digits.is_some() || rule.needs_old;
        if !asks && self == Self::StandardInput {
            return Err(usage(format!(
                "{}: leave --pin-stdin out, no PIN is read here",
                rule.sentence
            )));
        }
        if asks && self == Self::Terminal && !io::stdin().is_terminal() {
            return Err(usage(
                "without a terminal the PIN is read from standard input: add --pin-stdin",
            ));
        }
        Ok(())
    }

    fn action(self, card: &Card, rule: &PinRule) -> Result<Action, Failure> {
        self.may_ask(rule)?;
        let new = match rule.digits {
            Some((least, most)) => {
                let pin = self.new_pin(card)?;
                if !(least..=most).contains(&pin.len()) {
                    return Err(usage(rule.sentence));
                }
                if pin.is_weak() {
                    return Err(usage(
                        "a PIN of one repeated digit or a run such as 1234 is too easy to guess",
                    ));
                }
                Some(pin)
            }
            None => None,
        };
        let old = if rule.needs_old { Some(self.pin("old PIN", card)?) } else { None };
        Ok(Action::SetPin { new, old })
    }

    /// A new PIN is typed twice on a terminal.
    fn new_pin(self, card: &Card) -> Result<Pin, Failure> {
        const WHAT: &str = "new PIN";
        let pin = self.pin(WHAT, card)?;
        if self == Self::Terminal {
            let again = parse(WHAT, secret_line::ask("the same again"))?;
            if again.expose() != pin.expose() {
                return Err(usage("the two are not the same"));
            }
        }
        Ok(pin)
    }

    fn pin(self, what: &str, card: &Card) -> Result<Pin, Failure> {
        let line = match self {
            Self::Terminal => secret_line::ask(&format!("{what} of {}", card.digits())),
            Self::StandardInput => secret_line::read(),
        };
        parse(what, line)
    }
}

/// The line is moved and never copied, so that nothing but the PIN has its digits.
fn parse(what: &str, line: io::Result<Option<String>>) -> Result<Pin, Failure> {
    let line = line.map_err(|error| usage(format!("the {what} could not be read: {error}")))?;
    let digits = line.ok_or_else(|| usage(format!("no {what} was given")))?;
    Pin::typed(digits).map_err(|error| usage(format!("{what}: {error}")))
}

fn usage(why: impl std::fmt::Display) -> Failure {
    Failure::usage(why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::change::tests::{arguments, capabilities};
    use crate::cli::exit::Exit;
    use crate::contract::samples::card;
    use crate::domain::card::CardKind;

    #[test]
    fn a_pin_that_cannot_be_set_is_not_asked_for() {
        let command = SetPin { change: arguments(), pin_stdin: true };
        let not_offered =
            Capabilities { pin: Err("this provider offers no PIN change"), ..capabilities() };
        let failure = command.action(&card(), &not_offered).expect_err("not offered");
        assert_eq!(
            (failure.exit, failure.words().as_str()),
            (Exit::Refused, "this provider offers no PIN change")
        );
        let flat = Card { kind: Some(CardKind::Virtual), ..card() };
        let failure = command.action(&flat, &capabilities()).expect_err("virtual");
        assert_eq!(failure.exit, Exit::Refused);
    }

    #[test]
    fn where_the_provider_chooses_the_pin_none_is_read() {
        let rule = PinRule {
            digits: None,
            needs_old: false,
            physical_only: false,
            sentence: "the provider chooses it",
        };
        let chosen = Capabilities { pin: Ok(rule), ..capabilities() };
        let command = SetPin { change: arguments(), pin_stdin: false };
        let done = command.action(&card(), &chosen);
        assert!(matches!(done, Ok(Action::SetPin { new: None, old: None })));
    }
}
