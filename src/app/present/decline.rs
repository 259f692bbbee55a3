//! A declined purchase in words: why, what may be told to the cardholder, and what can be done.

use super::line::{Line, labelled};
use super::role::Role;
use super::time::TimeFormat;
use crate::app::command::Command;
use crate::app::keymap::Keymap;
use crate::app::portfolio::Portfolio;
use crate::domain::card::Card;
use crate::domain::decline::DeclineReason;
use crate::domain::money::Money;
use crate::domain::operation::{ActionKind, Refusal};
use crate::domain::text;
use crate::domain::transaction::Transaction;

/// The last decline of a card.
pub(crate) fn lines(
    portfolio: &Portfolio,
    keymap: &Keymap,
    card: &Card,
    decline: &Transaction,
    columns: usize,
) -> Vec<Line> {
    let narrow = columns < 48;
    let mut lines = vec![heading(portfolio, decline, narrow)];
    let mut add = |label: &str, role: Role, text: &str| {
        lines.extend(labelled(&format!("  {label}"), 7, (role, text), columns));
    };
    let mut place: Vec<String> =
        decline.merchant.iter().map(|merchant| merchant.to_string()).collect();
    place.extend(decline.country.iter().map(|country| country.to_string()));
    place.extend(decline.mcc.iter().map(|mcc| format!("MCC {mcc}")));
    if !place.is_empty() {
        add("at", Role::Text, &place.join(", "));
    }
    add("why", Role::Text, &if narrow { why_short(card, decline) } else { why(card, decline) });
    add("next", Role::Text, &next(portfolio, keymap, card, decline));
    if let Some(reason) = reason(decline) {
        add("say", Role::Text, &format!("'{}'", reason.say(decline.amount, card.available())));
    }
    let raw =
        decline.decline_reason.as_deref().filter(|code| !code.is_empty()).unwrap_or("no code sent");
    add("raw", Role::Muted, &format!("{raw}  id {}", decline.id));
    lines
}

fn heading(portfolio: &Portfolio, decline: &Transaction, narrow: bool) -> Line {
    let age = text::age(portfolio.now, decline.at);
    // What is more than a day old is history.
    let role = if portfolio.now.duration_since(decline.at).as_hours() < 24 {
        Role::Caution
    } else {
        Role::Heading
    };
    if narrow {
        return vec![
            (role, format!("DECLINED {age} ago")),
            (Role::Money, format!("   {}", decline.amount)),
        ];
    }
    let when = portfolio.local_time(decline.at, TimeFormat::Full);
    vec![
        (role, "Last decline".to_owned()),
        (Role::Text, format!("  {when}  ")),
        (Role::Muted, format!("{age} ago  ")),
        (Role::Money, decline.amount.to_string()),
    ]
}

/// What the decline was short of, as the card stands now.
fn shortfall(card: &Card, decline: &Transaction) -> Option<Money> {
    let short = decline.amount.checked_sub(card.available()?).ok()?;
    (!short.is_negative() && !short.amount().is_zero()).then_some(short)
}

fn reason(decline: &Transaction) -> Option<DeclineReason> {
    DeclineReason::of_code(decline.decline_reason.as_deref()?)
}

/// Why a card was declined, in words for the operator.
fn why(card: &Card, decline: &Transaction) -> String {
    let mut text = decline.in_plain_words();
    if reason(decline) == Some(DeclineReason::NotEnoughMoney)
        && let (Some(available), Some(short)) = (card.available(), shortfall(card, decline))
    {
        text.push_str(&format!(
            ": {} available now, short {}",
            available.grouped(),
            short.grouped()
        ));
    }
    text
}

/// The same where there is little room.
pub(crate) fn why_short(card: &Card, decline: &Transaction) -> String {
    let text = decline.in_plain_words();
    match (reason(decline), shortfall(card, decline)) {
        (Some(DeclineReason::NotEnoughMoney), Some(short)) => {
            format!("{text}, short {}", short.grouped())
        }
        (Some(_) | None, _) => text,
    }
}

/// `short 29.50`; `None` where it is not money that a card lacks.
pub(super) fn shortfall_in_words(card: &Card, decline: &Transaction) -> Option<String> {
    let lacks_money = reason(decline) == Some(DeclineReason::NotEnoughMoney);
    let short = shortfall(card, decline).filter(|_| lacks_money)?;
    Some(format!("short {}", short.grouped()))
}

/// What can be done here, with the reason where it cannot.
fn next(portfolio: &Portfolio, keymap: &Keymap, card: &Card, decline: &Transaction) -> String {
    let or_why =
        |action_kind: ActionKind, text: String| match portfolio.check(action_kind, &card.key) {
            Ok(()) => text,
            Err(Refusal::Open(open)) => format!(
                "wait: {} is {} (op {})",
                open.action_kind.phrase(),
                open.state.as_str(),
                open.id.short()
            ),
            Err(why) => format!("{text} - not now: {why}"),
        };
    match reason(decline) {
        Some(DeclineReason::NotEnoughMoney) => match shortfall(card, decline) {
            Some(short) => or_why(
                ActionKind::TopUp,
                keymap.hint(Command::Cover, &format!("top up {short} or more to cover it")),
            ),
            None => "there is enough on it now: try again".to_owned(),
        },
        Some(DeclineReason::CardFrozen) => {
            or_why(ActionKind::Unfreeze, keymap.hint(Command::Freeze, "unfreeze"))
        }
        Some(DeclineReason::WrongPin) => {
            or_why(ActionKind::SetPin, keymap.hint(Command::Pin, "set a new PIN"))
        }
        Some(DeclineReason::ThreeDsFailed) => "try again and finish the check".to_owned(),
        Some(DeclineReason::OverDailyLimit | DeclineReason::OverALimit) => {
            "a smaller purchase, or wait for the limit to start anew".to_owned()
        }
        Some(DeclineReason::MerchantBlocked) => {
            "another shop: the rule is the programme's".to_owned()
        }
        Some(DeclineReason::CardClosed | DeclineReason::CardExpired) => {
            "a new card, made in the provider's console".to_owned()
        }
        Some(DeclineReason::CardNotActivated) => {
            format!("activate it in the console of {}", card.key.provider)
        }
        Some(DeclineReason::SuspectedFraud) => or_why(
            ActionKind::Freeze,
            format!("if it was not the holder: {}", keymap.hint(Command::Freeze, "freeze")),
        ),
        Some(DeclineReason::CardBlocked | DeclineReason::NoReasonGiven) | None => {
            format!("ask {} what it means; do not guess", card.key.provider)
        }
    }
}
