//! The comparison: what the journal says of every top-up, and what the bank says that each card
//! received.

use std::collections::{BTreeMap, HashMap};

use cardtop::domain::card::{CardKey, ProviderId};
use cardtop::domain::money::Money;
use cardtop::domain::operation::{ActionKind, Operation, OperationState};
use cardtop::sandbox::{Dialect, Sandbox};
use rust_decimal::Decimal;

/// What came of it.
#[derive(Default)]
pub(crate) struct Account {
    pub(crate) operations: usize,
    pub(crate) states: BTreeMap<(Dialect, &'static str), usize>,
    pub(crate) credits: BTreeMap<Dialect, usize>,
    /// Credits beyond one for each operation that can have one, those of FAILED operations
    /// included.
    pub(crate) doubles: Vec<String>,
    /// Credits that no operation of the journal asked for.
    pub(crate) lost: Vec<String>,
    /// Operations that are DONE without a credit.
    pub(crate) untrue: Vec<String>,
    /// Operations that happened, could have been found, and were not.
    pub(crate) unfound: Vec<String>,
    /// Those that nobody can tell, by provider and why.
    pub(crate) unknown: BTreeMap<(Dialect, String), usize>,
    /// Each of them, by its name in the journal.
    pub(crate) open: Vec<String>,
    /// Of those, the ones whose money did arrive.
    pub(crate) unknown_paid: usize,
    /// Whatever else must not be.
    pub(crate) wrong: Vec<String>,
    others_top_up: bool,
}

impl Account {
    /// Compares the top-ups of a journal with what the cards received.
    /// Where other systems top up the same cards, what could not be told is not counted as not
    /// found.
    pub(crate) fn of(sandbox: &Sandbox, operations: &[Operation], others_top_up: bool) -> Self {
        let mut account = Self { others_top_up, ..Self::default() };
        let mut asked: HashMap<&CardKey, Vec<&Operation>> = HashMap::new();
        let top_ups =
            operations.iter().filter(|operation| operation.action_kind == ActionKind::TopUp);
        let count = top_ups.clone().count();
        for operation in top_ups {
            asked.entry(&operation.card).or_default().push(operation);
        }
        for dialect in Dialect::ALL {
            for card in sandbox.card_ids(dialect) {
                let key = CardKey::new(&ProviderId::new(dialect.name()), &card);
                let mut books: BTreeMap<Decimal, (usize, Vec<&Operation>)> = BTreeMap::new();
                for credit in sandbox.credits(dialect, &card) {
                    books.entry(credit.normalize()).or_default().0 += 1;
                }
                for operation in asked.get(&key).into_iter().flatten() {
                    let sum = operation
                        .amount
                        .map(|amount| received(dialect, amount).normalize())
                        .unwrap_or_default();
                    books.entry(sum).or_default().1.push(operation);
                }
                for (sum, (credits, asked)) in books {
                    account.book(dialect, &card, sum, credits, &asked);
                }
            }
            for wrong in sandbox.discrepancies(dialect) {
                account.wrong.push(format!("{}'s own books: {wrong}", dialect.name()));
            }
        }
        if account.operations != count {
            account.wrong.push("operations were not all compared".to_owned());
        }
        account
    }

    /// Whether the money is where it should be.
    pub(crate) fn is_good(&self) -> bool {
        self.troubles().next().is_none()
    }

    /// Everything that must not be, with a word for its kind.
    pub(crate) fn troubles(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let kinds = [
            ("DOUBLE", &self.doubles),
            ("LOST", &self.lost),
            ("UNTRUE", &self.untrue),
            ("UNFOUND", &self.unfound),
            ("WRONG", &self.wrong),
        ];
        kinds
            .into_iter()
            .flat_map(|(kind, found)| found.iter().map(move |each| (kind, each.as_str())))
    }

    /// Compares what a card received of one sum with who asked for it.
    fn book(
        &mut self,
        dialect: Dialect,
        card: &str,
        sum: Decimal,
        credits: usize,
        asked: &[&Operation],
    ) {
        let of = |state| asked.iter().filter(|operation| operation.state == state).count();
        let (done, failed) = (of(OperationState::Done), of(OperationState::Failed));
        let open = asked.len() - done - failed;
        let each: Vec<String> = asked
            .iter()
            .map(|operation| format!("{} {}", operation.id, operation.state.as_str()))
            .collect();
        let said = format!(
            "{} card {card}, {sum}: {credits} credits for [{}]",
            dialect.name(),
            each.join(", ")
        );
        self.operations += asked.len();
        *self.credits.entry(dialect).or_default() += credits;
        for operation in asked {
            *self.states.entry((dialect, operation.state.as_str())).or_default() += 1;
            if operation.is_open() {
                *self.unknown.entry((dialect, reason(operation))).or_default() += 1;
                let (state, detail) =
                    (operation.state.as_str(), operation.detail.as_deref().unwrap_or("no word"));
                let (id, card, phrase) = (operation.id, &operation.card, operation.phrase());
                self.open.push(format!("op {id}  {phrase} to {card}  {state}: {detail}"));
            }
        }
        let by_reference = matches!(dialect, Dialect::Enkash | Dialect::Ibanera);
        if asked.is_empty() {
            self.lost.push(said);
        } else if credits > done + open {
            self.doubles.push(said);
        } else if done > credits {
            self.untrue.push(said);
        } else if credits > done && (by_reference || asked.len() == 1 && !self.others_top_up) {
            self.unfound.push(said);
        } else {
            self.unknown_paid += credits - done;
        }
    }
}

/// What a card receives of a top-up: artha keeps one in a hundred.
pub(crate) fn received(dialect: Dialect, amount: Money) -> Decimal {
    match dialect {
        Dialect::Artha => amount.amount() - amount.amount() / Decimal::ONE_HUNDRED,
        Dialect::Banana | Dialect::Enkash | Dialect::Ibanera => amount.amount(),
    }
}

/// Why nobody can tell, without what differs from one operation to the next.
fn reason(operation: &Operation) -> String {
    let detail = operation.detail.as_deref().unwrap_or("no word");
    let plain = |word: &str| {
        !word.chars().any(|c| c.is_ascii_digit()) && word != operation.card.provider.name()
    };
    let words: Vec<&str> =
        detail.split(' ').map(|word| if plain(word) { word } else { "…" }).collect();
    format!("{}: {}", operation.state.as_str(), words.join(" "))
}
