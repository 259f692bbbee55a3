//! The commands that change something: freeze, unfreeze, topup, pin, close, and looking again for
//! the fate of a change.
//!
//! The engine checks, journals and sends, as for the board; here is only what was asked, whether it
//! was confirmed, and what is said of the outcome. Without `--yes` nobody is asked anything and
//! nothing is sent.

use std::io::{self, IsTerminal};
use std::sync::Arc;

use super::host::Ending;
use super::session::Session;
use super::{
    ChangeArgs, CloseArgs, Exit, Failure, Format, Global, Outcome, PinArgs, StateArgs, TopUpArgs,
};
use super::{complain, find, print, read, secret_line};
use crate::clock::Clock;
use crate::domain::card::Card;
use crate::domain::operation::{
    Action, ActionKind, Capabilities, OnConflict, Operation, OperationId, OperationState, Pin,
    PinRule, Proof, Refusal, check_action,
};
use crate::domain::text;
use crate::engine::{ChangeRequest, Expected, Refused};

/// What is wanted, as it was typed.
enum ChangeSpec {
    Freeze,
    Unfreeze,
    TopUp { amount: String, second: Option<String> },
    Pin { from_stdin: bool },
    Close { confirm: Option<String> },
}

impl ChangeSpec {
    const fn action_kind(&self) -> ActionKind {
        match self {
            Self::Freeze => ActionKind::Freeze,
            Self::Unfreeze => ActionKind::Unfreeze,
            Self::TopUp { .. } => ActionKind::TopUp,
            Self::Pin { .. } => ActionKind::SetPin,
            Self::Close { .. } => ActionKind::Close,
        }
    }
}

/// `freeze CARD`.
pub(super) async fn freeze(global: &Global, args: StateArgs, clock: Clock) -> Outcome {
    change(global, args.change, ChangeSpec::Freeze, clock).await
}

/// `unfreeze CARD`.
pub(super) async fn unfreeze(global: &Global, args: StateArgs, clock: Clock) -> Outcome {
    change(global, args.change, ChangeSpec::Unfreeze, clock).await
}

/// `topup CARD AMOUNT`.
pub(super) async fn top_up(global: &Global, args: TopUpArgs, clock: Clock) -> Outcome {
    change(
        global,
        args.change,
        ChangeSpec::TopUp { amount: args.amount, second: args.second },
        clock,
    )
    .await
}

/// `pin CARD`.
pub(super) async fn pin(global: &Global, args: PinArgs, clock: Clock) -> Outcome {
    change(global, args.change, ChangeSpec::Pin { from_stdin: args.pin_stdin }, clock).await
}

/// `close CARD`.
pub(super) async fn close(global: &Global, args: CloseArgs, clock: Clock) -> Outcome {
    change(global, args.change, ChangeSpec::Close { confirm: args.confirm }, clock).await
}

/// `ops check OP`: looks, and never sends.
pub(super) async fn check(global: &Global, word: &str, clock: Clock) -> Outcome {
    let session = Session::open(global, clock).await?;
    let outcome = async {
        let id = read::operation_id(&session, word).await?;
        match session.engine.check(id).await {
            Ok(operation) => tell(&session, &operation),
            Err(refused) => Err(refusal(&refused)),
        }
    }
    .await;
    session.engine.stop().await;
    outcome
}

async fn change(global: &Global, args: ChangeArgs, spec: ChangeSpec, clock: Clock) -> Outcome {
    let session = Session::open(global, clock).await?;
    let outcome = ask(&session, &args, &spec).await;
    session.engine.stop().await;
    outcome
}

async fn ask(session: &Session, args: &ChangeArgs, spec: &ChangeSpec) -> Outcome {
    if !args.yes {
        let known = find::known_card(session, &args.card).await?;
        let would = unconfirmed(spec, known.as_ref(), &args.card);
        let paid = match known.as_ref() {
            Some(card) => paid_by(session, card, spec).await.map(|payer| format!("\n  {payer}")),
            None => None,
        };
        return Err(Failure::usage(format!("{would}{}", paid.unwrap_or_default())));
    }
    let card = find::card(session, &args.card).await?;
    find::beyond_doubt(session, &args.card, &card).await?;
    let card = if lacks_what_is_needed(&card, spec) {
        session.engine.read_card(&card.key).await.map_err(|error| {
            Failure::new(Exit::of_error(&error), format!("{error}; nothing was sent"))
        })?
    } else {
        card
    };
    let Some(capabilities) = session.engine.capabilities(&card.key.provider).await else {
        // Reading it says why it could not be set up.
        let why = match session.engine.read_card(&card.key).await {
            Err(error) => error.to_string(),
            Ok(_) => format!("{} could not be set up: see cardtop providers", card.key.provider),
        };
        return Err(Failure::new(Exit::Unreachable, format!("{why}; nothing was sent")));
    };
    let action = action(&card, &capabilities, spec)?;
    let paid = paid_by(session, &card, spec).await;
    let payer = match &paid {
        Some(Paid::Not(why)) => {
            return Err(Failure::new(Exit::Refused, not_sent(spec, &card, why, None)));
        }
        Some(Paid::By(payer)) => payer.account.clone(),
        // What could not be read is read again just before sending, and decides there.
        Some(Paid::Unread(_)) | None => None,
    };
    if let Some(paid) = paid {
        complain(&paid.to_string());
    }
    let id = session.engine.new_operation_id();
    let reason = args.reason.as_deref().map(text::clean).filter(|reason| !reason.is_empty());
    let order = ChangeRequest {
        id,
        card: card.key.clone(),
        action,
        reason: reason.map(Arc::from),
        shown: Expected::default(),
        on_conflict: match spec {
            ChangeSpec::TopUp { second: Some(_), .. } => OnConflict::Override,
            _ => OnConflict::Refuse,
        },
        recent_credit: None,
        payer,
    };
    let mut ending = Ending::watch()?;
    let changed = tokio::select! {
        changed = session.engine.change(order, args.wait) => Some(changed),
        () = ending.came() => None,
    };
    match changed {
        Some(Ok(operation)) => tell(session, &operation),
        Some(Err(refused @ Refused::Died(_))) => match journaled(session, id).await {
            Some(operation) => {
                complain(&refused.to_string());
                tell(session, &operation)
            }
            None => Err(refusal(&refused)),
        },
        Some(Err(Refused::Denied(why))) => {
            let why = why.not_sent();
            let rival = rival(session, &card, spec.action_kind()).await;
            Err(Failure::new(Exit::Refused, not_sent(spec, &card, &why, rival.as_ref())))
        }
        Some(Err(Refused::Repeats { words, .. })) => {
            let hint =
                format!("\n  if another one is wanted: add --second \"SECOND {}\"", tail(&card));
            Err(Failure::new(Exit::Refused, not_sent(spec, &card, &words, None) + &hint))
        }
        Some(Err(
            refused @ (Refused::Unread(_)
            | Refused::Journal(_)
            | Refused::NotSettled(_)
            | Refused::NoSuchOperation(_)),
        )) => Err(refusal(&refused)),
        None => {
            session.engine.stop().await;
            match journaled(session, id).await {
                Some(operation) => tell(session, &operation),
                None => Err(Failure::new(
                    Exit::Unknown,
                    format!(
                        "interrupted; whether operation {id} was sent says: cardtop ops show {id}"
                    ),
                )),
            }
        }
    }
}

/// Who pays for a top-up, where its provider has several accounts.
enum Paid {
    By(crate::engine::Payer),
    /// Why nobody can.
    Not(String),
    /// Why that is not known.
    Unread(String),
}

impl std::fmt::Display for Paid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::By(payer) => write!(f, "paid by {payer}"),
            Self::Not(why) => write!(f, "nobody can pay: {why}"),
            Self::Unread(why) => write!(f, "who pays could not be read: {why}"),
        }
    }
}

/// Asks who would pay for a top-up, before anything is sent; `None` where the float does, or
/// nothing can be asked yet.
async fn paid_by(session: &Session, card: &Card, spec: &ChangeSpec) -> Option<Paid> {
    let ChangeSpec::TopUp { amount, .. } = spec else { return None };
    let capabilities = session
        .engine
        .capabilities(&card.key.provider)
        .await
        .filter(|capabilities| capabilities.names_payer)?;
    if let crate::domain::operation::Support::No(why) = capabilities.top_up {
        return Some(Paid::Not(why.to_owned()));
    }
    let amount = capabilities.typed_amount(amount, card.currency?).ok()?;
    Some(match session.engine.quote(&card.key, amount).await {
        Ok(quote) => match quote.payer? {
            crate::engine::Payer { trouble: Some(trouble), .. } => Paid::Not(trouble),
            payer => Paid::By(payer),
        },
        Err(error) => Paid::Unread(error.to_string()),
    })
}

/// The unsettled operation that the same change of this card has to wait for.
async fn rival(session: &Session, card: &Card, action_kind: ActionKind) -> Option<Operation> {
    let operations = session.engine.operations().await.ok()?;
    operations
        .into_iter()
        .find(|operation| operation.card == card.key && operation.blocks(action_kind))
}

/// Why nothing was sent, of which card, and what can be done about it.
fn not_sent(spec: &ChangeSpec, card: &Card, why: &str, rival: Option<&Operation>) -> String {
    let why = why.strip_prefix("not sent: ").unwrap_or(why);
    let mut words =
        format!("{} of {} was not sent: {why}", spec.action_kind().phrase(), named(card));
    if let Some(rival) = rival {
        words.push_str(&format!("\n  look again for its fate: cardtop ops check {}", rival.id));
        if matches!(spec, ChangeSpec::TopUp { .. }) {
            words.push_str(&format!(
                "\n  to send one more although that one may arrive: add --second \"SECOND {}\"",
                tail(card)
            ));
        }
    }
    words
}

async fn journaled(session: &Session, id: OperationId) -> Option<Operation> {
    session.engine.operations().await.ok()?.into_iter().find(|operation| operation.id == id)
}

fn lacks_what_is_needed(card: &Card, spec: &ChangeSpec) -> bool {
    match spec {
        ChangeSpec::TopUp { second, .. } => {
            card.currency.is_none() || (second.is_some() && card.last4.is_none())
        }
        ChangeSpec::Close { .. } => card.last4.is_none(),
        ChangeSpec::Freeze | ChangeSpec::Unfreeze | ChangeSpec::Pin { .. } => false,
    }
}

/// The action that was wished for, once everything typed is right.
fn action(card: &Card, capabilities: &Capabilities, spec: &ChangeSpec) -> Result<Action, Failure> {
    let refused =
        |refusal: Refusal| Failure::new(Exit::Refused, format!("{refusal}; nothing was sent"));
    match spec {
        ChangeSpec::Freeze => Ok(Action::Freeze),
        ChangeSpec::Unfreeze => Ok(Action::Unfreeze),
        ChangeSpec::TopUp { amount, second } => {
            if let Some(typed) = second {
                phrase_matches("--second", typed, "SECOND", card)?;
            }
            let currency = card.currency.ok_or_else(|| refused(Refusal::NoCurrency))?;
            capabilities
                .typed_amount(amount, currency)
                .map(Action::TopUp)
                .map_err(|why| Failure::usage(format!("{why}; nothing was sent")))
        }
        ChangeSpec::Pin { from_stdin } => {
            // A PIN that cannot be set is not asked for.
            check_action(ActionKind::SetPin, card, capabilities, &[]).map_err(refused)?;
            let rule = capabilities
                .pin
                .map_err(|why| Failure::new(Exit::Refused, format!("{why}; nothing was sent")))?;
            pins(card, &rule, *from_stdin)
        }
        ChangeSpec::Close { confirm } => {
            phrase_matches("--confirm", confirm.as_deref().unwrap_or_default(), "CLOSE", card)?;
            Ok(Action::Close)
        }
    }
}

/// The last four digits; where they are not known, the last four characters of the card's id.
fn tail(card: &Card) -> String {
    card.last4.map_or_else(
        || {
            let mut tail: Vec<char> = card.key.id.chars().rev().take(4).collect();
            tail.reverse();
            tail.into_iter().collect()
        },
        |last4| last4.to_string(),
    )
}

fn phrase_matches(flag: &str, typed: &str, verb: &str, card: &Card) -> Result<(), Failure> {
    let wanted = format!("{verb} {}", tail(card));
    if typed == wanted {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{} {}: to do this, add {flag} \"{wanted}\"; nothing was sent",
        card.key,
        card.digits()
    )))
}

fn pins(card: &Card, rule: &PinRule, from_stdin: bool) -> Result<Action, Failure> {
    let wanted = [rule.digits.map(|_| "new PIN"), rule.needs_old.then_some("old PIN")];
    if wanted.iter().any(Option::is_some) && !from_stdin && !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "without a terminal the PIN is read from standard input: add --pin-stdin; nothing was \
             sent",
        ));
    }
    let one = |what: &str, twice: bool| -> Result<Pin, Failure> {
        let typed = if from_stdin {
            secret_line::read()
        } else {
            secret_line::ask(&format!("{what} of {}", card.digits()))
        };
        let given = |line: io::Result<Option<String>>| {
            line.map_err(|error| {
                Failure::usage(format!("the {what} could not be read: {error}; nothing was sent"))
            })?
            .ok_or_else(|| Failure::usage(format!("no {what} was given; nothing was sent")))
        };
        let valid = |digits: String| {
            Pin::typed(digits)
                .map_err(|error| Failure::usage(format!("{what}: {error}; nothing was sent")))
        };
        let pin = valid(given(typed)?)?;
        if twice {
            let again = valid(given(secret_line::ask("the same again"))?)?;
            if again.expose() != pin.expose() {
                return Err(Failure::usage("the two are not the same; nothing was sent"));
            }
        }
        Ok(pin)
    };
    let new = match rule.digits {
        Some((least, most)) => {
            let pin = one("new PIN", !from_stdin)?;
            if !(least..=most).contains(&pin.len()) {
                return Err(Failure::usage(format!("{}; nothing was sent", rule.sentence)));
            }
            if pin.is_weak() {
                return Err(Failure::usage(
                    "a PIN of one repeated digit or a run such as 1234 is too easy to guess; \
                     nothing was sent",
                ));
            }
            Some(pin)
        }
        None => None,
    };
    let old = if rule.needs_old { Some(one("old PIN", false)?) } else { None };
    Ok(Action::SetPin { new, old })
}

/// What would be done, and what to add.
fn unconfirmed(spec: &ChangeSpec, card: Option<&Card>, word: &str) -> String {
    let what = match spec {
        ChangeSpec::TopUp { amount, .. } => {
            let currency = card
                .and_then(|card| card.currency)
                .map(|currency| format!(" {currency}"))
                .unwrap_or_default();
            format!("top up {}{currency} to", text::clean(amount))
        }
        ChangeSpec::Freeze => "freeze".to_owned(),
        ChangeSpec::Unfreeze => "unfreeze".to_owned(),
        ChangeSpec::Pin { .. } => "set the PIN of".to_owned(),
        ChangeSpec::Close { .. } => "close for good".to_owned(),
    };
    let whom = card.map_or_else(|| format!("the card {}", text::clean(word)), named);
    let add = match (spec, card) {
        (ChangeSpec::Close { .. }, Some(card)) => {
            format!("--yes and --confirm \"CLOSE {}\"", tail(card))
        }
        (ChangeSpec::Close { .. }, None) => "--yes and --confirm \"CLOSE <last4>\"".to_owned(),
        (
            ChangeSpec::Freeze
            | ChangeSpec::Unfreeze
            | ChangeSpec::TopUp { .. }
            | ChangeSpec::Pin { .. },
            _,
        ) => "--yes".to_owned(),
    };
    format!("this would {what} {whom}. Nothing was sent: add {add} to do it")
}

fn named(card: &Card) -> String {
    let holder = if card.holder.is_empty() { String::new() } else { format!(" {}", card.holder) };
    format!("{}{holder} ({})", card.digits(), card.key)
}

/// What the state of an operation is to a shell.
const fn exit_of(operation: &Operation) -> Exit {
    match (operation.state, operation.proof) {
        (OperationState::Done, _) | (OperationState::Accepted, Proof::AnswerOnly) => Exit::Done,
        (OperationState::Failed, _) => Exit::Refused,
        (
            OperationState::Accepted,
            Proof::ByReference | Proof::ByTask | Proof::ByListing | Proof::ByState,
        ) => Exit::Accepted,
        // Written down as on its way, and nobody came back to say more: that is doubt.
        (OperationState::Sent | OperationState::Unknown, _) => Exit::Unknown,
    }
}

/// One line for people: what, of which card, how far, by which sign, and the id.
fn sentence(operation: &Operation) -> String {
    let detail =
        operation.detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default();
    let last4 = crate::domain::card::digits(operation.last4);
    let what = operation.phrase();
    format!(
        "{}  {what} on {last4} ({}){detail}  op {}",
        operation.state.as_str(),
        operation.card,
        operation.id
    )
}

/// What to do about an outcome that is not a plain success.
fn advice(operation: &Operation) -> Option<String> {
    let id = operation.id;
    match exit_of(operation) {
        Exit::Unknown => Some(format!(
            "the outcome of operation {id} is not known: it may have happened. Do not send it \
             again; look with: cardtop ops check {id}\n  if nothing that can be read tells: \
             cardtop ops settle {id} --done|--failed --reason TEXT"
        )),
        Exit::Accepted => Some(format!(
            "operation {id} was accepted, but its effect was not yet seen; look again with: \
             cardtop ops check {id}"
        )),
        Exit::Refused => Some(format!(
            "{} did not happen: {}",
            operation.phrase(),
            operation.detail.as_deref().unwrap_or("no reason was given")
        )),
        Exit::Done if operation.state == OperationState::Accepted => {
            Some(format!("operation {id} was accepted; {}", operation.proof.sentence()))
        }
        Exit::Done | Exit::Usage | Exit::Unreachable => None,
    }
}

/// Prints an operation.
pub(super) fn print_operation(session: &Session, operation: &Operation) -> io::Result<()> {
    let text = match session.format {
        Format::Table => sentence(operation) + "\n",
        Format::Json | Format::Csv => print::one(operation, session.format),
    };
    print::put(&text)
}

/// Prints an operation, says what to do about it, and answers with its exit code.
fn tell(session: &Session, operation: &Operation) -> Outcome {
    print_operation(session, operation)?;
    if let Some(words) = advice(operation) {
        complain(&words);
    }
    Ok(exit_of(operation))
}

fn refusal(refused: &Refused) -> Failure {
    let exit = match refused {
        Refused::Denied(_)
        | Refused::Repeats { .. }
        | Refused::Journal(_)
        | Refused::NotSettled(_)
        | Refused::NoSuchOperation(_) => Exit::Refused,
        Refused::Died(_) => Exit::Unknown,
        Refused::Unread(error) => Exit::of_error(error),
    };
    Failure::new(exit, refused.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::samples::{card, operation};
    use crate::domain::card::ProviderId;
    use crate::domain::operation::{Support, TopUpSafety};
    use crate::provider::{Error, ErrorKind};

    fn capabilities() -> Capabilities {
        let rule = PinRule {
            digits: Some((4, 4)),
            needs_old: false,
            physical_only: true,
            sentence: "4 digits",
        };
        Capabilities {
            list_cards: Support::Yes,
            list_all_transactions: Support::Yes,
            float: Support::Yes,
            quote: Support::Yes,
            freeze: Support::Yes,
            unfreeze: Support::Yes,
            top_up: Support::Yes,
            close: Support::Yes,
            pin: Ok(rule),
            top_up_proof: Proof::ByReference,
            state_proof: Proof::ByState,
            pin_proof: Proof::AnswerOnly,
            class: TopUpSafety::Reference,
            top_up_min: None,
            top_up_decimals: None,
            names_payer: false,
            page_max: 100,
        }
    }

    fn top_up(amount: &str, second: Option<&str>) -> ChangeSpec {
        ChangeSpec::TopUp { amount: amount.to_owned(), second: second.map(str::to_owned) }
    }

    #[test]
    fn the_exit_code_follows_from_state_and_proof() {
        use OperationState::{Accepted, Done, Failed, Sent, Unknown};
        for (state, proof, exit) in [
            (Done, Proof::ByState, Exit::Done),
            (Done, Proof::AnswerOnly, Exit::Done),
            (Accepted, Proof::AnswerOnly, Exit::Done),
            (Accepted, Proof::ByReference, Exit::Accepted),
            (Accepted, Proof::ByTask, Exit::Accepted),
            (Accepted, Proof::ByListing, Exit::Accepted),
            (Accepted, Proof::ByState, Exit::Accepted),
            (Failed, Proof::ByTask, Exit::Refused),
            (Unknown, Proof::ByListing, Exit::Unknown),
            (Sent, Proof::AnswerOnly, Exit::Unknown),
        ] {
            assert_eq!(
                exit_of(&Operation { state, proof, ..operation() }),
                exit,
                "{state:?} {proof:?}"
            );
        }
    }

    #[test]
    fn a_change_that_was_not_sent_is_refused_or_unreachable() {
        let unread =
            |kind| Refused::Unread(Error::new(&ProviderId::new("acme"), kind, "no answer"));
        assert_eq!(refusal(&Refused::Denied(Refusal::Closed)).exit, Exit::Refused);
        assert_eq!(refusal(&Refused::Journal("disk full".to_owned())).exit, Exit::Refused);
        assert_eq!(refusal(&unread(ErrorKind::Unreachable)).exit, Exit::Unreachable);
        assert_eq!(refusal(&unread(ErrorKind::Auth)).exit, Exit::Unreachable);
        assert_eq!(refusal(&unread(ErrorKind::NotFound)).exit, Exit::Refused);
    }

    #[test]
    fn without_yes_it_is_said_what_would_be_done_and_what_to_add() {
        let card = card();
        let said = unconfirmed(&top_up("30.00", None), Some(&card), "4242");
        assert_eq!(
            said,
            "this would top up 30.00 KWD to ..4242 Mara Lindqvist (acme/c-1). Nothing was sent: \
             add --yes to do it"
        );
        let said = unconfirmed(&ChangeSpec::Freeze, None, "0917");
        assert_eq!(said, "this would freeze the card 0917. Nothing was sent: add --yes to do it");
        let said = unconfirmed(&ChangeSpec::Close { confirm: None }, Some(&card), "4242");
        assert!(said.ends_with("add --yes and --confirm \"CLOSE 4242\" to do it"), "{said}");
    }

    #[test]
    fn closing_needs_the_phrase_with_this_cards_digits() {
        let close = |phrase: Option<&str>| {
            action(
                &card(),
                &capabilities(),
                &ChangeSpec::Close { confirm: phrase.map(str::to_owned) },
            )
        };
        for wrong in [None, Some(""), Some("CLOSE"), Some("close 4242"), Some("CLOSE 4243")] {
            let failure = close(wrong).expect_err("not confirmed");
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.says.contains("--confirm \"CLOSE 4242\""), "{}", failure.says);
        }
        assert_eq!(
            close(Some("CLOSE 4242")).map(|action| action.action_kind()).ok(),
            Some(ActionKind::Close)
        );
        let unread = Card { last4: None, ..card() };
        let confirm = ChangeSpec::Close { confirm: Some("CLOSE c-1".to_owned()) };
        assert!(
            action(&unread, &capabilities(), &confirm).is_ok(),
            "its id's end stands for the digits"
        );
    }

    #[test]
    fn an_amount_is_typed_in_the_cards_currency() {
        for (text, digits) in [("10", "10.000"), ("10.00", "10.000"), ("0.001", "0.001")] {
            let done = action(&card(), &capabilities(), &top_up(text, None)).expect("an amount");
            assert_eq!(
                done.amount().map(|money| money.to_string()),
                Some(format!("{digits} KWD")),
                "{text}"
            );
        }
        for text in ["ten", "-5", "0", "1.2345", "1,000", ""] {
            let failure = action(&card(), &capabilities(), &top_up(text, None)).expect_err(text);
            assert_eq!(failure.exit, Exit::Usage, "{text}");
        }
    }

    #[test]
    fn a_second_top_up_needs_its_phrase() {
        assert!(action(&card(), &capabilities(), &top_up("10", Some("SECOND 4242"))).is_ok());
        let failure = action(&card(), &capabilities(), &top_up("10", Some("SECOND 1111")))
            .expect_err("another card's digits");
        assert_eq!(failure.exit, Exit::Usage);
    }

    #[test]
    fn a_top_up_that_has_to_wait_says_for_which_and_how_to_go_on() {
        let rival = operation();
        let said = not_sent(
            &top_up("10", None),
            &card(),
            "not sent: top-up 5.000 KWD of this card is still SENT",
            Some(&rival),
        );
        assert!(
            said.starts_with(
                "top-up of ..4242 Mara Lindqvist (acme/c-1) was not sent: top-up 5.000 KWD"
            ),
            "{said}"
        );
        assert!(
            said.contains(&format!("cardtop ops check {}", rival.id))
                && said.contains("--second \"SECOND 4242\""),
            "{said}"
        );
        let said = not_sent(&ChangeSpec::Freeze, &card(), "the card is FROZEN", None);
        assert_eq!(
            said,
            "freeze of ..4242 Mara Lindqvist (acme/c-1) was not sent: the card is FROZEN"
        );
    }

    #[test]
    fn a_pin_that_cannot_be_set_is_not_asked_for() {
        let spec = ChangeSpec::Pin { from_stdin: true };
        let not_offered =
            Capabilities { pin: Err("this provider offers no PIN change"), ..capabilities() };
        let failure = action(&card(), &not_offered, &spec).expect_err("not offered");
        assert_eq!(
            (failure.exit, failure.says.as_str()),
            (Exit::Refused, "this provider offers no PIN change; nothing was sent")
        );
        let flat = Card { kind: Some(crate::domain::card::CardKind::Virtual), ..card() };
        assert_eq!(action(&flat, &capabilities(), &spec).expect_err("virtual").exit, Exit::Refused);
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
        let done = action(&card(), &chosen, &ChangeSpec::Pin { from_stdin: false });
        assert!(matches!(done, Ok(Action::SetPin { new: None, old: None })));
    }

    #[test]
    fn every_outcome_is_said_with_its_id() {
        let done = Operation { state: OperationState::Done, ..operation() };
        let id = done.id;
        assert!(
            sentence(&done).starts_with("DONE  top-up 5.000 KWD on ..4242 (acme/c-1): "),
            "{}",
            sentence(&done)
        );
        assert!(sentence(&done).ends_with(&format!("op {id}")));
        assert_eq!(advice(&done), None);
        let unknown = Operation { state: OperationState::Unknown, ..operation() };
        assert!(advice(&unknown).is_some_and(
            |words| words.contains("Do not send it again") && words.contains(&id.to_string())
        ));
        let accepted =
            Operation { state: OperationState::Accepted, proof: Proof::AnswerOnly, ..operation() };
        assert!(
            advice(&accepted).is_some_and(|words| words.contains("this provider cannot be asked"))
        );
    }
}
