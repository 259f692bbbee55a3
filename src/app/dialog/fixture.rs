//! An operator at a dialog: presses keys, and knows what the engine was asked for.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::transition::{Next, Transition};
use super::{Content, Dialog};
use crate::app::Effect;
use crate::app::chord::Chord;
use crate::app::portfolio::Portfolio;
use crate::config::Environment;
use crate::domain::card::{
    Balance, Card, CardKey, CardKind, CardState, IdForm, Ids, ProviderId, Reading,
};
use crate::domain::money::Money;
use crate::domain::operation::{
    ActionKind, Before, Capabilities, Operation, OperationId, OperationState, PinRule, Proof,
    Support, TopUpSafety,
};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::engine::{
    ChangeRequest, EngineEvent, Job, Payer, ProviderInfo, Quote, RecentCredit, Verdict,
};

/// An operator at a dialog.
pub(crate) struct Operator {
    pub(crate) portfolio: Portfolio,
    pub(crate) dialog: Option<Dialog>,
    pub(crate) effects: Vec<Effect>,
    /// What the card's list is found to show when it is asked for; no answer comes without.
    pub(crate) recent: Option<Option<RecentCredit>>,
}

pub(crate) fn money(text: &str, code: &str) -> Money {
    Money::parse_wire(text, code.parse().expect("a currency")).expect("an amount")
}

pub(crate) fn key(id: &str) -> CardKey {
    CardKey::new(&ProviderId::new("acme"), id)
}

/// A card with these last digits, in dollars unless said otherwise.
pub(crate) fn card(id: &str, last4: &str, holder: &str, available: Money, at: Timestamp) -> Card {
    Card {
        holder: holder.into(),
        last4: last4.parse().ok(),
        state: CardState::Active,
        provider_state: "ACTIVE".into(),
        kind: Some(CardKind::Physical),
        currency: Some(available.currency()),
        balance: Reading::At {
            value: Balance { available: Some(available), ..Balance::default() },
            at,
        },
        ..Card::unread(key(id))
    }
}

fn capabilities() -> Capabilities {
    Capabilities {
        list_cards: Support::Yes,
        list_all_transactions: Support::Yes,
        float: Support::Yes,
        quote: Support::Yes,
        freeze: Support::Yes,
        unfreeze: Support::Yes,
        top_up: Support::Yes,
        close: Support::Yes,
        pin: Ok(PinRule {
            digits: Some((4, 6)),
            needs_old: false,
            physical_only: true,
            sentence: "4 to 6 digits. Virtual cards have no PIN.",
        }),
        top_up_proof: Proof::ByListing,
        state_proof: Proof::ByState,
        pin_proof: Proof::AnswerOnly,
        class: TopUpSafety::Neither,
        top_up_min: Some(10.into()),
        top_up_decimals: None,
        names_payer: false,
        page_max: 100,
        calls_per_card: 1,
    }
}

impl Operator {
    pub(crate) fn new() -> Self {
        let now: Timestamp = "2026-04-03T12:08:12Z".parse().expect("a time");
        let info = ProviderInfo {
            ids: Ids { cards: IdForm::Guid, transactions: IdForm::Guid },
            id: ProviderId::new("acme"),
            kind: "banana",
            environment: Environment::Production,
            read_only: false,
            capabilities: Some(capabilities()),
            rate_limit: 120,
            poll: crate::config::Poll::default(),
            proxy: None,
        };
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let mut portfolio = Portfolio::new(now, zone, "anay".into(), 7, vec![info]);
        let read = now.saturating_sub(Duration::from_secs(4)).expect("a time");
        portfolio.apply(&EngineEvent::Cards(vec![
            card("c1", "4242", "Mara Lindqvist", money("12.40", "USD"), read).into(),
            card("c2", "7731", "Aiko Tanaka", money("1200", "JPY"), read).into(),
        ]));
        let float = vec![money("8114.20", "USD"), money("412000", "JPY")];
        portfolio.apply(&EngineEvent::Float { provider: ProviderId::new("acme"), float, at: read });
        Self { portfolio, dialog: None, effects: Vec::new(), recent: Some(None) }
    }

    pub(crate) fn capabilities(&mut self) -> &mut Capabilities {
        self.portfolio
            .accounts
            .providers
            .first_mut()
            .and_then(|info| info.capabilities.as_mut())
            .expect("the provider of the test")
    }

    pub(crate) fn sandbox(mut self) -> Self {
        self.portfolio
            .accounts
            .providers
            .first_mut()
            .expect("the provider of the test")
            .environment = Environment::Sandbox;
        self
    }

    /// Opens the dialog of a change.
    pub(crate) fn open(self, action_kind: ActionKind, id: &str) -> Self {
        self.open_with(id, |key, portfolio| Dialog::for_action(action_kind, key, portfolio))
    }

    /// Opens a dialog about a card, and waits until it takes keys.
    pub(crate) fn open_with(
        mut self,
        id: &str,
        open: impl FnOnce(&CardKey, &mut Portfolio) -> Transition,
    ) -> Self {
        let transition = open(&key(id), &mut self.portfolio);
        self.follow(transition);
        self.pass(400)
    }

    pub(crate) fn resolve(mut self, operation: &Operation) -> Self {
        let opened = Dialog::resolution(operation, &self.portfolio);
        self.follow(opened.expect("its outcome can be recorded"));
        self.pass(400)
    }

    pub(crate) fn quit(mut self) -> Self {
        let transition = Dialog::quit(&self.portfolio);
        self.follow(transition);
        self.pass(400)
    }

    /// Lets time pass, in milliseconds.
    pub(crate) fn pass(mut self, millis: u64) -> Self {
        self.portfolio.now =
            self.portfolio.now.saturating_add(Duration::from_millis(millis)).expect("a time");
        self.step(|dialog, portfolio| dialog.tick(portfolio));
        self
    }

    /// Presses keys, spelled as in the keymap.
    pub(crate) fn keys(mut self, keys: &str) -> Self {
        for key in keys.split_whitespace() {
            let chord: Chord = key.parse().expect("a key");
            self.step(|dialog, portfolio| dialog.key(&chord, portfolio));
        }
        self
    }

    /// Types characters one by one.
    pub(crate) fn types(mut self, text: &str) -> Self {
        for c in text.chars() {
            self.step(|dialog, portfolio| dialog.key(&Chord::char(c), portfolio));
        }
        self
    }

    pub(super) fn pastes(mut self, text: &str) -> Self {
        self.step(|dialog, portfolio| dialog.paste(text, portfolio));
        self
    }

    /// The engine emits an event.
    pub(crate) fn apply(mut self, event: EngineEvent) -> Self {
        self.portfolio.apply(&event);
        self.step(|dialog, portfolio| dialog.apply(&event, portfolio));
        self
    }

    fn step(&mut self, step: impl FnOnce(&mut Dialog, &mut Portfolio) -> Transition) {
        let Some(dialog) = &mut self.dialog else { return };
        let transition = step(dialog, &mut self.portfolio);
        let question = transition.effects.iter().find_map(|effect| match effect {
            Effect::Ask(Job::RecentCredit { asked, .. }) => Some(*asked),
            _ => None,
        });
        self.follow(transition);
        if let (Some(asked), Some(recent)) = (question, self.recent.clone()) {
            let event = EngineEvent::RecentCredit { asked, recent: Ok(recent) };
            let dialog = self.dialog.as_mut().expect("the dialog that asked");
            let transition = dialog.apply(&event, &self.portfolio);
            assert!(matches!(transition.next, Next::Stay | Next::StayChanged));
            assert!(transition.effects.is_empty());
        }
    }

    /// Does what the board does.
    pub(super) fn follow(&mut self, transition: Transition) {
        match transition.next {
            Next::Stay | Next::Ignored | Next::StayChanged => {}
            Next::Close | Next::ShowOperation(_) => self.dialog = None,
            Next::Open(dialog) => self.dialog = Some(dialog),
        }
        self.effects.extend(transition.effects);
    }

    /// The changes that the engine was asked for.
    pub(crate) fn requests(&self) -> Vec<&ChangeRequest> {
        let request = |effect| match effect {
            &Effect::Ask(Job::Act(ref request)) => Some(&**request),
            _ => None,
        };
        self.effects.iter().filter_map(request).collect()
    }

    /// The outcomes that the engine was asked to record.
    pub(super) fn verdicts(&self) -> Vec<&Verdict> {
        let verdict = |effect| match effect {
            &Effect::Ask(Job::Settle(ref verdict)) => Some(&**verdict),
            _ => None,
        };
        self.effects.iter().filter_map(verdict).collect()
    }

    /// Whether the engine was asked to read a card.
    pub(super) fn asked_to_read(&self, id: &str) -> bool {
        let card_read = |effect| match effect {
            &Effect::Ask(Job::RefreshCard(ref card)) => Some(card),
            _ => None,
        };
        self.effects.iter().filter_map(card_read).any(|card| *card == key(id))
    }

    /// Changes what is known of a card.
    pub(crate) fn change_card(&mut self, id: &str, change: impl FnOnce(&mut Card)) {
        self.portfolio.cards.change(&key(id), change);
    }

    /// A new reading of a card, with something changed.
    pub(crate) fn reading(&self, id: &str, change: impl FnOnce(&mut Card)) -> EngineEvent {
        let mut card = self.portfolio.cards.get(&key(id)).expect("the card of the test");
        if let Reading::At { at, .. } = &mut card.balance {
            *at = self.portfolio.now;
        }
        change(&mut card);
        EngineEvent::Cards(vec![card.into()])
    }

    /// The number of the last question for a fee.
    pub(super) fn quote_question(&self) -> Option<u64> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Ask(Job::Quote { asked, .. }) => Some(*asked),
            _ => None,
        })
    }

    /// The provider tells the fee.
    pub(crate) fn quoted_fee(self, fee: &str) -> Self {
        let asked = self.quote_question().expect("a quote was asked");
        let quote = Quote {
            fee: Some(money(fee, "USD")),
            receives: None,
            debited: None,
            payer: None,
            at: self.portfolio.now,
        };
        self.apply(EngineEvent::Quote { asked, quote: Ok(quote) }).pass(400)
    }

    /// The provider tells who would pay, and why that cannot be, if so.
    pub(crate) fn quoted_payer(self, holds: &str, trouble: Option<&str>) -> Self {
        let asked = self.quote_question().expect("a quote was asked");
        let payer = Payer {
            who: "account 8204 of customer 16221".to_owned(),
            account: Some("8204".into()),
            holds: Some(money(holds, "USD")),
            trouble: trouble.map(str::to_owned),
        };
        let fee = trouble.is_none().then(|| money("0.50", "USD"));
        let quote = Quote {
            fee,
            receives: None,
            debited: None,
            payer: Some(payer),
            at: self.portfolio.now,
        };
        self.apply(EngineEvent::Quote { asked, quote: Ok(quote) }).pass(400)
    }

    /// What the dialog says about the last key, or why it refuses.
    pub(super) fn notice(&self) -> String {
        let Some(dialog) = &self.dialog else { return String::new() };
        match dialog.content() {
            Content::Refusal(refusal) => refusal.why(&self.portfolio).unwrap_or_default(),
            _ => dialog.notice().unwrap_or("").to_owned(),
        }
    }

    pub(super) fn content(&self) -> Content<'_> {
        self.dialog.as_ref().expect("a dialog is open").content()
    }

    /// Opens the top-up that covers a decline, with the cursor on none.
    pub(crate) fn covers_decline(self, id: &str) -> Self {
        self.open_with(id, |key, portfolio| {
            Dialog::cover_decline(key, None, &|_, words| words.to_owned(), portfolio)
        })
    }

    /// A decline for lack of money at ICA MAXI, five minutes ago.
    pub(crate) fn declined(self, id: &str, asked: Money) -> Self {
        self.declined_for("INSUFFICIENT_FUNDS", id, asked, 300)
    }

    /// A decline at ICA MAXI for the reason of a code, so many seconds ago.
    pub(crate) fn declined_for(mut self, code: &str, id: &str, asked: Money, ago: u64) -> Self {
        let at = self.portfolio.now.saturating_sub(Duration::from_secs(ago)).expect("a time");
        let row = Transaction {
            card_id: Some(id.into()),
            kind: TransactionKind::Purchase,
            state: TransactionState::Declined,
            provider_state: "DECLINED".into(),
            merchant: Some("ICA MAXI".into()),
            decline_reason: Some(code.into()),
            ..Transaction::new(ProviderId::new("acme"), format!("t{ago}").into(), asked, at)
        };
        self.portfolio.apply(&EngineEvent::Transactions(vec![row].into()));
        self
    }

    /// An operation that was asked six minutes ago.
    pub(crate) fn earlier_operation(
        &mut self,
        action_kind: ActionKind,
        id: &str,
        state: OperationState,
        amount: Option<Money>,
    ) -> Operation {
        let at = self.portfolio.now.saturating_sub(Duration::from_secs(362)).expect("a time");
        let operation = Operation {
            id: OperationId::new(at, 7, 900),
            action_kind,
            card: key(id),
            last4: self.portfolio.cards.get(&key(id)).and_then(|card| card.last4),
            amount,
            state,
            reason: None,
            reference: OperationId::new(at, 7, 900).reference(),
            provider_reference: None,
            operator: "anay".into(),
            created_at: at,
            updated_at: at,
            detail: Some("no answer in 30 s".into()),
            before: Before::default(),
            proof: Proof::ByListing,
            looks: 4,
            next_look: None,
            baseline: None,
            proven_by: None,
            watched_until: None,
            alarm: None,
        };
        self.portfolio.apply(&EngineEvent::Operation(operation.clone()));
        operation
    }
}
