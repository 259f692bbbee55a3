//! One card: what is on it and since when that is known, why it was declined last, and everything
//! that happened to it.
//!
//! Composes words; the figures are the provider's own. A sum that does not agree is said, never
//! repaired.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::feed::{Entry, Known, entries, merged};
use super::keymap::{Command, Keymap};
use super::list::List;
use super::portfolio::{ActionRefusal, Portfolio};
use crate::domain::card::{Balance, Card, CardKey, Reading};
use crate::domain::decline::DeclineReason;
use crate::domain::money::Money;
use crate::domain::operation::{ActionKind, Operation, OperationState};
use crate::domain::text;
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::ui::theme::Role;

/// A line of words with their meanings.
pub(crate) type Line = Vec<(Role, String)>;

/// Which rows of the timeline are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    /// All.
    #[default]
    All,
    /// Holds.
    Holds,
    /// Declines.
    Declines,
    /// Money in.
    TopUps,
    /// What operators did.
    Audit,
}

impl Tab {
    /// Every tab, from left to right.
    pub(crate) const ALL: [Self; 5] =
        [Self::All, Self::Holds, Self::Declines, Self::TopUps, Self::Audit];

    /// The word on screen.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Holds => "holds",
            Self::Declines => "declines",
            Self::TopUps => "top-ups",
            Self::Audit => "audit",
        }
    }

    fn shows(self, row: &Known<'_>) -> bool {
        match (self, row) {
            (Self::All, _) | (Self::Audit, Known::Operation(_)) => true,
            (Self::Holds, Known::Transaction(row)) => row.state == TransactionState::Hold,
            (Self::Declines, Known::Transaction(row)) => row.state == TransactionState::Declined,
            (Self::TopUps, Known::Transaction(row)) => row.kind == TransactionKind::TopUp,
            (Self::TopUps, Known::Operation(row)) => row.action_kind == ActionKind::TopUp,
            (Self::Audit, Known::Transaction(_))
            | (Self::Holds | Self::Declines, Known::Operation(_)) => false,
        }
    }
}

/// The pane of one card.
#[derive(Debug, Default)]
pub(crate) struct Detail {
    pub(crate) card: Option<CardKey>,
    pub(crate) list: List<Entry>,
    pub(crate) tab: Tab,
    /// Rows that the tab hides.
    pub(crate) hidden: usize,
    made: Option<(u64, Option<CardKey>, Tab)>,
}

impl Detail {
    /// Shows a card.
    pub(crate) fn show(&mut self, card: Option<CardKey>) {
        if self.card != card {
            self.card = card;
            self.list.follow_first();
        }
    }

    /// Makes the rows anew where something they depend on changed. `still` keeps those that there
    /// are.
    pub(crate) fn settle(&mut self, portfolio: &Portfolio, still: bool) {
        // The timeline shows no balance, which is what most news is about.
        let mut made = (portfolio.history_revision, self.card.clone(), self.tab);
        if let (true, Some(old)) = (still, &self.made) {
            made.0 = old.0;
        }
        if self.made.as_ref() == Some(&made) {
            return;
        }
        self.made = Some(made);
        let Some(key) = self.card.clone() else {
            self.list.set(Vec::new());
            return;
        };
        // The audit names the operation itself, also where a transaction proves it.
        let none = BTreeSet::new();
        let proven = match self.tab {
            Tab::Audit => &none,
            Tab::All | Tab::Holds | Tab::Declines | Tab::TopUps => portfolio.transactions.proven(),
        };
        let all = merged(portfolio.transactions_of(&key), portfolio.operations_of(&key), proven);
        let total = all.len();
        let rows: Vec<Known<'_>> = all.into_iter().filter(|row| self.tab.shows(row)).collect();
        self.hidden = total - rows.len();
        self.list.set(entries(&rows));
    }
}

/// Everything above the timeline, for a pane of `columns`.
pub(crate) fn lines(
    portfolio: &Portfolio,
    keymap: &Keymap,
    key: &CardKey,
    columns: usize,
) -> Vec<Line> {
    let Some(card) = portfolio.cards.get(key) else {
        return vec![vec![(Role::Muted, "this card is not known any more".to_owned())]];
    };
    let mut lines = heading(portfolio, card, columns);
    lines.push(Line::new());
    lines.extend(ladder(portfolio, card, columns));
    if let Some(decline) = portfolio.last_decline(key) {
        lines.push(Line::new());
        lines.extend(decline_lines(portfolio, keymap, card, decline, columns));
    }
    lines
}

/// The card's state, with `~` before it where it was not read with the figures any more.
pub(crate) fn state_word(card: &Card, now: Timestamp) -> String {
    format!("{}{}", if card.old_state(now).is_some() { "~" } else { "" }, card.state.as_str())
}

fn heading(portfolio: &Portfolio, card: &Card, columns: usize) -> Vec<Line> {
    let mut first = vec![(state_role(card), state_word(card, portfolio.now))];
    if let Some(read) = card.old_state(portfolio.now) {
        first.push((Role::Caution, format!(" read {} ago", text::age(portfolio.now, read))));
    }
    let mut add = |word: &str| {
        if !word.is_empty() {
            first.push((Role::Text, format!("   {word}")));
        }
    };
    add(card.kind.map_or("", |kind| kind.as_str()));
    add(card.currency.as_ref().map_or("", |currency| currency.code()));
    add(&card.expires.as_deref().map(|date| format!("exp {}", expiry(date))).unwrap_or_default());
    if !card.provider_state.is_empty()
        && !card.provider_state.eq_ignore_ascii_case(card.state.as_str())
    {
        first.push((Role::Muted, format!("   {}: {}", card.key.provider, card.provider_state)));
    }
    let holder = if card.holder.is_empty() {
        "holder not known".to_owned()
    } else {
        card.holder.to_string()
    };
    let mut lines = vec![first];
    if columns < 60 {
        lines.push(vec![(Role::Heading, holder)]);
        lines.push(vec![(Role::Muted, format!("{}  id {}", card.key.provider, card.key.id))]);
    } else {
        // The title names the holder.
        let owner =
            card.owner.as_deref().map(|owner| format!("   customer {owner}")).unwrap_or_default();
        let words = format!("   {}   id {}{owner}", card.key.provider, card.key.id);
        if let Some(first) = lines.first_mut() {
            first.push((Role::Muted, words));
        }
    }
    if !card.labels.is_empty() {
        lines.push(vec![(Role::Muted, format!("labels {}", card.labels.join(", ")))]);
    }
    lines
}

/// What a card's state means.
pub(crate) fn state_role(card: &Card) -> Role {
    use crate::domain::card::CardState;
    match card.state {
        CardState::Active => Role::Text,
        CardState::Frozen | CardState::Blocked => Role::Heading,
        CardState::Pending | CardState::Closed | CardState::Expired => Role::Muted,
        CardState::Unknown => Role::Caution,
    }
}

/// `09/27` of `2027-09`.
fn expiry(date: &str) -> String {
    match date.split_once('-') {
        Some((year, month)) => {
            format!("{month}/{}", year.get(year.len().saturating_sub(2)..).unwrap_or(year))
        }
        None => date.to_owned(),
    }
}

/// A label, a figure with its code, and words.
fn rung(
    label: &str,
    sign: &str,
    money: Option<Money>,
    tilde: &str,
    words: &str,
    columns: usize,
) -> Line {
    let figure =
        money.map_or_else(|| "-".to_owned(), |money| format!("{tilde}{sign}{}", money.grouped()));
    let code = money.map(|money| money.currency().code().to_owned()).unwrap_or_default();
    // A figure that needs more room than its neighbours takes it: it is never cut.
    let wide = text::width(&figure).max(if columns < 48 { 11 } else { 14 });
    let role = if money.is_some_and(Money::is_negative) && sign.is_empty() {
        Role::Danger
    } else {
        Role::Money
    };
    let role = if tilde.is_empty() { role } else { Role::Stale };
    vec![
        (Role::Muted, text::left(label, if columns < 48 { 11 } else { 14 })),
        (role, text::right(&figure, wide)),
        (Role::Muted, format!(" {}", text::left(&code, 5))),
        (Role::Muted, words.to_owned()),
    ]
}

fn ladder(portfolio: &Portfolio, card: &Card, columns: usize) -> Vec<Line> {
    let provider = &card.key.provider;
    let (balance, at, why) = match &card.balance {
        Reading::Never => {
            let why = portfolio.health.get(provider).and_then(|health| health.why.as_deref());
            let words = why.map_or_else(
                || "Balance not read yet".to_owned(),
                |why| format!("Balance not read yet: {why}"),
            );
            return wrap(&words, columns)
                .into_iter()
                .map(|line| vec![(Role::Muted, line)])
                .collect();
        }
        Reading::At { value, at } => (*value, *at, None),
        Reading::Stale { value, at, why } => (*value, *at, Some(why)),
    };
    let tilde = if why.is_some() { "~" } else { "" };
    let age = text::age(portfolio.now, at);
    let read = if columns < 60 {
        age
    } else {
        format!("read {} ({age})", time(at, portfolio.now, &portfolio.zone))
    };
    let holds = portfolio
        .transactions_of(&card.key)
        .filter(|row| row.state == TransactionState::Hold)
        .count();
    let held = match holds {
        0 => String::new(),
        1 => "1 hold".to_owned(),
        count => format!("{count} holds"),
    };
    let mut lines = Vec::new();
    if balance.current.is_none() && balance.pending.is_none() {
        let words =
            if balance.available.is_some() { read } else { format!("not sent by {provider}") };
        lines.push(rung("Available", "", balance.available, tilde, &words, columns));
    } else {
        lines.push(rung("Total", "", balance.current, tilde, &read, columns));
        let minus = if balance.pending.is_some_and(|pending| !pending.amount().is_zero()) {
            "-"
        } else {
            ""
        };
        lines.push(rung("- holds", minus, balance.pending.map(Money::abs), tilde, &held, columns));
        let (words, agrees) = agreement(&balance);
        lines.push(rung("= available", "", balance.available, tilde, words, columns));
        if !agrees && let (Some(current), Some(pending)) = (balance.current, balance.pending) {
            let sum = current
                .checked_sub(pending.abs())
                .map_or_else(|_| "no sum".to_owned(), Money::grouped);
            let sent = balance.available.map_or_else(|| "nothing".to_owned(), Money::grouped);
            let words = format!("DOES NOT ADD UP: total - holds is {sum}, {provider} sent {sent}");
            lines.extend(wrap(&words, columns).into_iter().map(|line| vec![(Role::Caution, line)]));
        }
    }
    for operation in portfolio
        .operations_of(&card.key)
        .filter(|op| op.is_open() && op.action_kind == ActionKind::TopUp)
    {
        let words = match columns {
            ..48 => operation.state.as_str().to_owned(),
            48.. => format!("op {} {}", operation.id.short(), operation.state.as_str()),
        };
        let mut line = rung("+ in flight", "", operation.amount, "", &words, columns);
        if operation.state == OperationState::Unknown
            && let Some((role, _)) = line.last_mut()
        {
            *role = Role::Caution;
        }
        lines.push(line);
    }
    if let Some(why) = why {
        let words = format!("LAST KNOWN, read {} ago: {why}", text::age(portfolio.now, at));
        lines.extend(wrap(&words, columns).into_iter().map(|line| vec![(Role::Caution, line)]));
    }
    lines
}

/// Whether the provider's figures add up, in words.
fn agreement(balance: &Balance) -> (&'static str, bool) {
    let (Some(available), Some(current), Some(pending)) =
        (balance.available, balance.current, balance.pending)
    else {
        return ("as sent", true);
    };
    if current.checked_sub(pending.abs()).is_ok_and(|sum| sum.amount() == available.amount()) {
        ("our sum agrees", true)
    } else {
        ("as sent", false)
    }
}

fn decline_lines(
    portfolio: &Portfolio,
    keymap: &Keymap,
    card: &Card,
    decline: &Transaction,
    columns: usize,
) -> Vec<Line> {
    let age = text::age(portfolio.now, decline.at);
    let when = time(decline.at, portfolio.now, &portfolio.zone);
    // What is more than a day old is history.
    let role = if portfolio.now.duration_since(decline.at).as_hours() < 24 {
        Role::Caution
    } else {
        Role::Heading
    };
    let mut lines = vec![vec![
        (role, "Last decline".to_owned()),
        (Role::Text, format!("  {when}  ")),
        (Role::Muted, format!("{age} ago  ")),
        (Role::Money, decline.amount.to_string()),
    ]];
    if columns < 48 {
        lines = vec![vec![
            (role, format!("DECLINED {age} ago")),
            (Role::Money, format!("   {}", decline.amount)),
        ]];
    }
    let mut told = |label: &str, words: &str, role: Role| {
        for (place, line) in wrap(words, columns.saturating_sub(7)).into_iter().enumerate() {
            let label = if place == 0 { label } else { "" };
            lines.push(vec![(Role::Muted, format!("  {}", text::left(label, 5))), (role, line)]);
        }
    };
    let mut place: Vec<String> =
        decline.merchant.iter().map(|merchant| merchant.to_string()).collect();
    place.extend(decline.country.iter().map(|country| country.to_string()));
    place.extend(decline.mcc.iter().map(|mcc| format!("MCC {mcc}")));
    if !place.is_empty() {
        told("at", &place.join(", "), Role::Text);
    }
    if columns < 48 {
        // There is no room for the call: the whole view has its words.
        told("why", &why_short(card, decline), Role::Text);
        told("next", &next(portfolio, keymap, card, decline), Role::Text);
        return lines;
    }
    told("why", &why(card, decline), Role::Text);
    if let Some(say) = say(card, decline) {
        told("say", &format!("'{say}'"), Role::Text);
    }
    told("next", &next(portfolio, keymap, card, decline), Role::Text);
    let raw =
        decline.decline_reason.as_deref().filter(|code| !code.is_empty()).unwrap_or("no code sent");
    told("raw", &format!("{raw}  id {}", decline.id), Role::Muted);
    lines
}

/// What the decline was short of, as the card stands now.
fn shortfall(card: &Card, decline: &Transaction) -> Option<Money> {
    let short = decline.amount.checked_sub(card.available()?).ok()?;
    (!short.is_negative() && !short.amount().is_zero()).then_some(short)
}

fn meaning(decline: &Transaction) -> Option<DeclineReason> {
    DeclineReason::of_code(decline.decline_reason.as_deref()?)
}

/// Why a card was declined, in words for the operator.
pub(crate) fn why(card: &Card, decline: &Transaction) -> String {
    let mut words = decline.in_plain_words();
    if meaning(decline) == Some(DeclineReason::NotEnoughMoney)
        && let (Some(available), Some(short)) = (card.available(), shortfall(card, decline))
    {
        words.push_str(&format!(
            ": {} available now, short {}",
            available.grouped(),
            short.grouped()
        ));
    }
    words
}

/// The same where there is little room.
pub(crate) fn why_short(card: &Card, decline: &Transaction) -> String {
    let words = decline.in_plain_words();
    match (meaning(decline), shortfall(card, decline)) {
        (Some(DeclineReason::NotEnoughMoney), Some(short)) => {
            format!("{words}, short {}", short.grouped())
        }
        _ => words,
    }
}

/// What can be said to the cardholder; nothing where the provider's code is not known.
fn say(card: &Card, decline: &Transaction) -> Option<String> {
    Some(meaning(decline)?.say(decline.amount, card.available()))
}

/// What can be done here, with the reason where it cannot.
fn next(portfolio: &Portfolio, keymap: &Keymap, card: &Card, decline: &Transaction) -> String {
    let or_why =
        |action_kind: ActionKind, words: String| match portfolio.check(action_kind, &card.key) {
            Ok(()) => words,
            Err(ActionRefusal::Open(open)) => format!(
                "wait: {} is {} (op {})",
                open.action_kind.phrase(),
                open.state.as_str(),
                open.id.short()
            ),
            Err(ActionRefusal::Because(why)) => format!("{words} - not now: {why}"),
        };
    match meaning(decline) {
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

/// What is known of an operation, in a few words.
pub(crate) fn story(operation: &Operation, now: Timestamp) -> String {
    let age = text::age(now, operation.created_at);
    let detail = operation.detail.as_deref().unwrap_or("");
    match operation.state {
        OperationState::Sent => format!("waiting for {} {age}", operation.card.provider),
        OperationState::Accepted if !operation.is_open() => "answer only, no proof".to_owned(),
        OperationState::Accepted => format!("accepted, not seen yet {age}"),
        OperationState::Unknown => "UNKNOWN, no repeat".to_owned(),
        OperationState::Done if detail.is_empty() => "done".to_owned(),
        OperationState::Done => format!("done, {detail}"),
        OperationState::Failed if detail.is_empty() => "failed".to_owned(),
        OperationState::Failed => format!("failed: {detail}"),
    }
}

fn time(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    crate::ui::moment::clock(at, now, zone, 12)
}

/// Words over lines of at most `columns`.
pub(crate) fn wrap(words: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text::width(line) + 1 + text::width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(text::fit(word, columns)),
        }
    }
    lines
}
