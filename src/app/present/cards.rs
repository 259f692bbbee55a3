//! The pane of all cards in words: its columns, its title, and why it is empty.

use super::card::{state_role, state_word};
use super::extent;
use super::provider;
use super::role::Role;
use super::table::widths::wanted;
use super::table::{Cell, Column, Context, Holds, figures, plain, whole, words};
use super::title::{Title, order};
use crate::app::Model;
use crate::app::command::Command;
use crate::app::layout::Pane;
use crate::app::portfolio::Portfolio;
use crate::app::widest::Widest;
use crate::contract::{Rows, filter};
use crate::domain::attention::{Attention, Tone};
use crate::domain::card::{Card, CardKey};
use crate::domain::filter::{FilterField, Of};
use crate::domain::money::Money;
use crate::domain::text::thousands;
use crate::engine::{HealthState, ProviderInfo};

/// A row of the table.
pub(crate) struct ListedCard {
    pub(crate) card: Card,
    /// Why the card is where it is in the list.
    pub(crate) attention: Attention,
}

impl ListedCard {
    /// The row of a card; `None` when it is not known any more.
    pub(crate) fn of(model: &Model, key: &CardKey) -> Option<Self> {
        let card = model.portfolio.cards.get(key)?;
        let attention = model.panes.cards.attention(&card, &model.portfolio);
        Some(Self { card, attention })
    }
}

/// The columns of the table.
pub(crate) const fn columns() -> &'static [Column<ListedCard>] {
    const {
        &[
            Column { title: "State", width: whole(8, 8), hide_order: 0, cell: state },
            Column {
                title: "Holder|Who",
                width: words(8, 14, 28).holding(Holds::Holders),
                hide_order: 1,
                cell: holder,
            },
            Column { title: "Card", width: whole(6, 6), hide_order: 0, cell: digits },
            Column {
                title: "Provider|From",
                width: words(8, 8, 12),
                hide_order: 5,
                cell: provider,
            },
            Column {
                title: "Available",
                width: figures(9, 9).holding(Holds::Balances),
                hide_order: 0,
                cell: available,
            },
            Column { title: "Ccy", width: whole(3, 3), hide_order: 0, cell: currency },
            Column { title: "Age", width: figures(4, 4), hide_order: 0, cell: age },
            Column {
                title: "Why it is here|Why",
                width: words(8, 17, 40).holding(Holds::Sums),
                hide_order: 0,
                cell: why,
            },
        ]
    }
}

/// Columns of names of cardholders on the board: at least before another pane stands beside the
/// list, and where there is room beside all panes.
const HOLDERS: (usize, usize) = (14, 20);

/// Columns of the pane on the board: before another pane stands beside it, and beyond which more
/// are of little use there. With the second each column has its good width, names and reasons more.
pub(crate) fn pane_columns(widest: &Widest) -> (u16, u16) {
    let of = |holders: usize, reasons: usize| {
        let table = wanted(columns(), widest, |width| match width.holds {
            Holds::Holders => Some(widest.holder().clamp(width.good, holders)),
            Holds::Sums => Some(reasons),
            Holds::Anything | Holds::Balances | Holds::Amounts | Holds::SumsWithCurrency => None,
        });
        // Two for the frame, two for cursor and mark.
        u16::try_from(table + 4).unwrap_or(u16::MAX)
    };
    let (few, many) = HOLDERS;
    (of(few, 17), of(many, 22))
}

fn state(context: &Context<'_>, row: &ListedCard) -> Cell {
    (state_role(&row.card), state_word(&row.card, context.portfolio.stands_until()))
}

/// The holder, else what the roster calls the card, else its id.
fn holder(_: &Context<'_>, row: &ListedCard) -> Cell {
    let card = &row.card;
    let text = match card.labels.first() {
        _ if !card.holder.is_empty() => card.holder.to_string(),
        Some(label) => label.to_string(),
        None => format!("id {}", card.key.id),
    };
    (Role::Text, text)
}

fn digits(_: &Context<'_>, row: &ListedCard) -> Cell {
    (Role::Text, row.card.digits())
}

fn provider(_: &Context<'_>, row: &ListedCard) -> Cell {
    (Role::Muted, row.card.key.provider.name().to_owned())
}

fn available(_: &Context<'_>, row: &ListedCard) -> Cell {
    let stale = row.card.balance.why_stale().is_some();
    match row.card.available() {
        Some(money) => {
            let role = match (money.is_negative(), stale) {
                (true, _) => Role::Danger,
                (false, true) => Role::Stale,
                (false, false) => Role::Money,
            };
            (role, format!("{}{}", if stale { "~" } else { "" }, money.grouped()))
        }
        None => (Role::Muted, "-".to_owned()),
    }
}

fn currency(_: &Context<'_>, row: &ListedCard) -> Cell {
    let currency = row.card.available().map(Money::currency).or(row.card.currency);
    (Role::Muted, currency.map(|currency| currency.code().to_owned()).unwrap_or_default())
}

fn age(context: &Context<'_>, row: &ListedCard) -> Cell {
    let stale = row.card.balance.why_stale().is_some();
    let age = row.card.read_at().map(|at| context.portfolio.age(at));
    (if stale { Role::Caution } else { Role::Muted }, age.unwrap_or_else(|| "-".to_owned()))
}

fn why(context: &Context<'_>, row: &ListedCard) -> Cell {
    if let Some(freeze) = context.portfolio.queued_freeze_of(&row.card.key) {
        let left = context.portfolio.time_left(freeze);
        return (Role::Caution, format!("queued {left}"));
    }
    let attention = &row.attention;
    let role = match attention.tone() {
        Tone::Danger => Role::Danger,
        Tone::Caution => Role::Caution,
        Tone::Plain => Role::Text,
        Tone::Quiet => Role::Muted,
    };
    let now = context.portfolio.stands_until();
    let words = if context.brief {
        attention.brief_words_of(&row.card)
    } else {
        attention.words_of(&row.card, now)
    };
    (role, words)
}

/// How many cards there are, which are shown and marked, and how they are sorted.
pub(crate) fn title(model: &Model) -> Title {
    let cards = &model.panes.cards;
    let mut title = Title::of_filtered(model, Pane::Cards, cards.list.len(), cards.hidden);
    if let Some(searched) = extent::searched(cards.cards_left()) {
        title.set_count(extent::shown_of(cards.list.len(), cards.hidden, "/", false));
        title.add(order::LIVE, format!("  {searched} cards"));
    }
    if !title.has_filter() {
        title.add(0, format!(" {}", thousands(cards.list.rows().total())));
    }
    if model.portfolio.are_cards_loading() {
        title.add(order::LIVE, ", others are being loaded".to_owned());
    }
    if !cards.marks().is_empty() {
        let hidden = match cards.hidden_marks() {
            0 => String::new(),
            hidden => format!(" ({hidden} hidden by the filter)"),
        };
        title.add(order::STATE, format!(", {} marked{hidden}", cards.marks().len()));
    }
    if model.paused.is_some() {
        title.add(order::LIVE, ", order PAUSED".to_owned());
    }
    if cards.search.filter().asks_related() {
        let meaning = "  with such a transaction";
        let is_whole = extent::are_all(cards, &model.portfolio);
        title.set_count(extent::shown_of(cards.list.len(), cards.hidden, "/", is_whole));
        if let Some(searched) = extent::searched(cards.left()) {
            title.add(order::LIVE, format!("  {searched} transactions"));
        }
        let from = cards.complete_from();
        let is_loaded = cards.is_history_loaded();
        let known = extent::known_in_memory(&model.portfolio, from, is_loaded);
        title.add_forms(vec![
            (order::RANGE, format!("{meaning}, {known}")),
            (order::MEANING, format!("{meaning}{}", extent::not_searched(&model.portfolio))),
        ]);
    }
    let reversed = if cards.order.reversed { " reversed" } else { "" };
    title.add_right(vec![(order::ORDER, format!("sort {}{reversed}", cards.order.sort.as_str()))]);
    title
}

/// Why no card is shown.
pub(crate) fn why_empty(model: &Model) -> Vec<String> {
    let portfolio = &model.portfolio;
    if let Some(searched) = extent::searched(model.panes.cards.left()) {
        return vec![format!("No such card so far: {searched} transactions.")];
    }
    if let Some(searched) = extent::searched(model.panes.cards.cards_left()) {
        return vec![format!("No such card so far: {searched} cards.")];
    }
    if portfolio.are_cards_loading() {
        return vec!["No such card so far: others are being loaded.".to_owned()];
    }
    if model.panes.cards.hidden > 0 {
        let again = model.keymap.hint(Command::Back, "shows them again");
        let mut lines = vec![format!(
            "The filter hides all {} cards: {again}.",
            thousands(model.panes.cards.hidden)
        )];
        let text = model.panes.cards.search.text().trim();
        if !text.is_empty() && text.chars().all(char::is_alphabetic) {
            let word = field_with_word(text);
            lines.extend(word.map(|(field, word)| match field.of {
                Of::Related => {
                    format!("{}:{word} finds the cards with such a transaction.", field.name)
                }
                Of::Row => format!("{}:{word} finds such cards.", field.name),
            }));
            if word.is_none_or(|(_, word)| !word.eq_ignore_ascii_case(text)) {
                lines.push(format!("merchant:~{text} finds the cards that paid there."));
            }
        }
        if model.panes.cards.search.filter().asks_related() {
            let cards = &model.panes.cards;
            let (from, is_loaded) = (cards.complete_from(), cards.is_history_loaded());
            let known = extent::known_in_memory(portfolio, from, is_loaded);
            lines.push(format!("Transactions are {known}."));
        }
        return lines;
    }
    if portfolio.accounts.providers.is_empty() {
        return vec![
            "No provider is configured: `cardtop init KIND` writes a configuration to begin with."
                .to_owned(),
        ];
    }
    portfolio.accounts.providers.iter().map(|info| why_no_cards_of(portfolio, info)).collect()
}

/// The first field of which a word is, or begins with, what was typed without a field: it is on the
/// screen, but a word alone is only looked for in names and ids.
fn field_with_word(text: &str) -> Option<(&'static FilterField, &'static str)> {
    let typed = text.to_lowercase();
    let fields = || filter::schema(Rows::Cards).fields.iter();
    let words = || fields().flat_map(|field| field.words.iter().map(move |word| (field, &**word)));
    let is_enough = typed.chars().count() > 3;
    let begun = || words().find(|(_, word)| is_enough && word.starts_with(&typed));
    words().find(|(_, word)| *word == typed).or_else(begun)
}

fn why_no_cards_of(portfolio: &Portfolio, info: &ProviderInfo) -> String {
    let Some(health) = portfolio.accounts.health.get(&info.id) else {
        return format!("{}: being read for the first time", info.id);
    };
    match health.state {
        HealthState::Ok | HealthState::Slow => match info.capabilities {
            Some(capabilities) if !capabilities.list_cards.is_yes() => {
                format!("{}: no cards known; it cannot list them, name them in its roster", info.id)
            }
            Some(_) | None => format!("{}: it has no cards", info.id),
        },
        HealthState::Down | HealthState::Paused | HealthState::Auth | HealthState::Waiting => {
            let why = health.why.as_deref().unwrap_or("no reason known");
            let since = provider::since(portfolio, health);
            format!("{} {} {since}: {why}", info.id, health.state.as_str())
        }
    }
}

/// The row under the cursor as plain text.
pub(super) fn row_text(model: &Model) -> Option<String> {
    let row = ListedCard::of(model, model.panes.cards.list.selected()?)?;
    Some(plain(columns(), &model.portfolio, &row))
}
