//! Key stories of the dialogs: what an operator presses, and what is asked of the engine then.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::*;
use crate::config::Environment;
use crate::domain::card::{Balance, Card, CardKind, CardState, IdForm, Ids, ProviderId, Reading};
use crate::domain::money::Money;
use crate::domain::operation::{
    Action, Before, Capabilities, Operation, OperationState, PinRule, Proof, Support, TopUpSafety,
};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::engine::{Error, ErrorKind, Payer, Quote};
use crate::engine::{ProviderInfo, RecentCredit};

/// An operator at a dialog.
pub(crate) struct Desk {
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
    }
}

impl Desk {
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
            proxy: None,
        };
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let mut portfolio = Portfolio::new(now, zone, "anay".into(), 7, vec![info]);
        let read = now.saturating_sub(Duration::from_secs(4)).expect("a time");
        portfolio.apply(&EngineEvent::Cards(vec![
            card("c1", "4242", "Mara Lindqvist", money("12.40", "USD"), read),
            card("c2", "7731", "Aiko Tanaka", money("1200", "JPY"), read),
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

    pub(crate) fn open(mut self, action_kind: ActionKind, id: &str) -> Self {
        let (dialog, effects) = Dialog::for_deed(action_kind, &key(id), &mut self.portfolio);
        self.dialog = Some(dialog);
        self.effects = effects;
        self.pass(400)
    }

    pub(crate) fn cover(mut self, id: &str) -> Self {
        let (dialog, effects) = Dialog::cover(&key(id), &mut self.portfolio);
        self.dialog = Some(dialog);
        self.effects = effects;
        self.pass(400)
    }

    pub(crate) fn actions(mut self, id: &str) -> Self {
        let (dialog, effects) = Dialog::actions(&key(id), &mut self.portfolio);
        self.dialog = Some(dialog);
        self.effects = effects;
        self.pass(400)
    }

    pub(crate) fn settles(mut self, operation: &Operation) -> Self {
        self.dialog = Some(Dialog::settle(operation, &self.portfolio).expect("it can be settled"));
        self.pass(400)
    }

    /// What the engine was asked to write as a person's word.
    pub(crate) fn verdicts(&self) -> Vec<&crate::engine::Verdict> {
        let of = |effect: &'_ Effect| matches!(effect, Effect::Ask(Job::Settle(_)));
        let verdict = |effect| match effect {
            &Effect::Ask(Job::Settle(ref verdict)) => Some(&**verdict),
            _ => None,
        };
        self.effects.iter().filter(|effect| of(effect)).filter_map(verdict).collect()
    }

    pub(crate) fn quit(mut self) -> Self {
        self.dialog = Some(Dialog::quit(&self.portfolio));
        self.pass(400)
    }

    /// Lets time pass, in milliseconds.
    pub(crate) fn pass(mut self, millis: u64) -> Self {
        self.portfolio.now =
            self.portfolio.now.saturating_add(Duration::from_millis(millis)).expect("a time");
        self.settle(|dialog, portfolio| dialog.tick(portfolio));
        self
    }

    /// Presses keys, spelled as in the keymap.
    pub(crate) fn keys(mut self, keys: &str) -> Self {
        for key in keys.split_whitespace() {
            let chord: Chord = key.parse().expect("a key");
            self.settle(|dialog, portfolio| dialog.key(&chord, portfolio));
        }
        self
    }

    /// Types characters one by one.
    pub(crate) fn types(mut self, text: &str) -> Self {
        for c in text.chars() {
            self.settle(|dialog, portfolio| dialog.key(&Chord::char(c), portfolio));
        }
        self
    }

    pub(crate) fn hears(mut self, news: EngineEvent) -> Self {
        self.portfolio.apply(&news);
        self.settle(|dialog, portfolio| dialog.apply(&news, portfolio));
        self
    }

    fn settle(&mut self, act: impl FnOnce(&mut Dialog, &mut Portfolio) -> Outcome) {
        let Some(dialog) = &mut self.dialog else { return };
        match act(dialog, &mut self.portfolio) {
            Outcome::Stay(effects) => {
                let asked = effects.iter().find_map(|effect| match effect {
                    Effect::Ask(Job::RecentCredit { asked, .. }) => Some(*asked),
                    _ => None,
                });
                self.effects.extend(effects);
                if let (Some(asked), Some(recent)) = (asked, self.recent.clone()) {
                    let news = EngineEvent::RecentCredit { asked, recent: Ok(recent) };
                    let heard = dialog.apply(&news, &mut self.portfolio);
                    assert!(matches!(heard, Outcome::Stay(effects) if effects.is_empty()));
                }
            }
            Outcome::Close(effects) => {
                self.dialog = None;
                self.effects.extend(effects);
            }
            Outcome::Open(dialog, effects) => {
                self.dialog = Some(dialog);
                self.effects.extend(effects);
            }
        }
    }

    /// The orders that the engine was asked to carry out.
    pub(crate) fn orders(&self) -> Vec<&ChangeRequest> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Ask(Job::Act(order)) => Some(&**order),
                _ => None,
            })
            .collect()
    }

    fn quoted(&self) -> Option<u64> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Ask(Job::Quote { asked, .. }) => Some(*asked),
            _ => None,
        })
    }

    /// The provider tells the fee.
    pub(crate) fn quotes(self, fee: &str) -> Self {
        let asked = self.quoted().expect("a quote was asked");
        let quote = Quote {
            fee: Some(money(fee, "USD")),
            receives: None,
            debited: None,
            payer: None,
            at: self.portfolio.now,
        };
        self.hears(EngineEvent::Quote { asked, quote: Ok(quote) }).pass(400)
    }

    /// The provider tells who would pay, and why that cannot be, if so.
    pub(crate) fn pays(self, holds: &str, trouble: Option<&str>) -> Self {
        let asked = self.quoted().expect("a quote was asked");
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
        self.hears(EngineEvent::Quote { asked, quote: Ok(quote) }).pass(400)
    }

    /// What the dialog says about the last key.
    fn notice(&self) -> &str {
        let notice = match self.dialog.as_ref().map(Dialog::page) {
            Some(Page::FreezeForm(page)) => &page.notice,
            Some(Page::TopUp(page)) => &page.notice,
            Some(Page::Pin(page)) => &page.notice,
            Some(Page::Close(page)) => &page.notice,
            Some(Page::PendingConflict(page)) => &page.notice,
            Some(Page::Menu(page)) => &page.notice,
            Some(Page::Progress(page)) => &page.notice,
            Some(Page::Settle(page)) => &page.notice,
            Some(Page::Refusal(page)) => return &page.why,
            Some(Page::Quit) | None => &None,
        };
        notice.as_deref().unwrap_or("")
    }

    fn page(&self) -> &Page {
        self.dialog.as_ref().expect("a dialog is open").page()
    }

    /// A decline, five minutes ago.
    pub(crate) fn declined(mut self, id: &str, asked: Money) -> Self {
        let at = self.portfolio.now.saturating_sub(Duration::from_secs(300)).expect("a time");
        let row = Transaction {
            card_id: Some(id.into()),
            kind: TransactionKind::Purchase,
            state: TransactionState::Declined,
            provider_state: "DECLINED".into(),
            merchant: Some("ICA MAXI".into()),
            decline_reason: Some("INSUFFICIENT_FUNDS".into()),
            ..Transaction::new(ProviderId::new("acme"), "t1".into(), asked, at)
        };
        self.portfolio.apply(&EngineEvent::Transactions(vec![row]));
        self
    }

    /// An operation that was asked six minutes ago.
    pub(crate) fn earlier(
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

fn asks_to_read(desk: &Desk, id: &str) -> bool {
    desk.effects
        .iter()
        .any(|effect| matches!(effect, Effect::Ask(Job::RefreshCard(card)) if *card == key(id)))
}

fn read_again(desk: &Desk, id: &str, change: impl FnOnce(&mut Card)) -> EngineEvent {
    let mut card = desk.portfolio.cards.get(&key(id)).expect("the card of the test").clone();
    if let Reading::At { at, .. } = &mut card.balance {
        *at = desk.portfolio.now;
    }
    change(&mut card);
    EngineEvent::Cards(vec![card])
}

#[test]
fn a_freeze_takes_a_reason_and_y() {
    let desk = Desk::new().open(ActionKind::Freeze, "c1");
    assert!(asks_to_read(&desk, "c1"));
    let desk = desk.keys("1 y");
    let [order] = desk.orders()[..] else { panic!("one order: {:?}", desk.effects) };
    assert!(matches!(order.action, Action::Freeze));
    assert_eq!((order.reason.as_deref(), order.on_conflict), (Some("lost"), OnConflict::Refuse));
    assert_eq!((order.shown.state, order.shown.available), (Some(CardState::Active), None));
    assert!(matches!(desk.page(), Page::Progress(_)));
}

#[test]
fn enter_never_freezes_and_y_wants_a_reason() {
    let desk = Desk::new().open(ActionKind::Freeze, "c1").keys("y");
    assert_eq!(desk.notice(), "choose a reason first: 1 to 5");
    let desk = desk.keys("2 enter enter");
    assert!(desk.orders().is_empty());
    assert_eq!(desk.notice(), "Enter never confirms here: press y");
}

#[test]
fn keys_in_the_first_moment_are_dropped_but_esc_leaves() {
    let mut desk = Desk::new();
    let (dialog, _) = Dialog::for_deed(ActionKind::Freeze, &key("c1"), &mut desk.portfolio);
    desk.dialog = Some(dialog);
    let desk = desk.keys("1 y").pass(299).keys("1 y");
    assert!(desk.orders().is_empty());
    let desk = desk.pass(1).keys("1 y");
    assert_eq!(desk.orders().len(), 1);
    let desk = desk.keys("enter");
    assert!(desk.dialog.is_some(), "the progress view is not closed by an early Enter either");
    assert!(desk.keys("esc").dialog.is_none());
}

#[test]
fn a_reason_in_own_words_may_hold_any_letter() {
    let desk =
        Desk::new().open(ActionKind::Freeze, "c1").keys("5").types("dog ate y").keys("enter y");
    assert_eq!(desk.orders()[0].reason.as_deref(), Some("dog ate y"));
    let desk = Desk::new()
        .open(ActionKind::Freeze, "c1")
        .keys("5")
        .types("found 4111111111111111")
        .keys("enter y");
    assert_eq!(
        desk.orders()[0].reason.as_deref(),
        Some("found ..1111"),
        "no card number reaches the journal"
    );
    let desk = Desk::new().open(ActionKind::Freeze, "c1").keys("5 enter y");
    assert_eq!(desk.orders()[0].reason.as_deref(), Some("other"));
}

#[test]
fn unfreezing_real_money_takes_the_last_four_and_in_the_sandbox_only_y() {
    let frozen = |mut desk: Desk| {
        desk.portfolio.cards.get_mut(&key("c1")).expect("the card").state = CardState::Frozen;
        desk.open(ActionKind::Unfreeze, "c1")
    };
    let desk = frozen(Desk::new()).keys("1 y");
    assert_eq!(desk.notice(), "type 4242 first");
    let desk = desk.keys("4 2 4 1 y");
    assert!(desk.orders().is_empty());
    let desk = desk.keys("backspace 2 y");
    assert_eq!(desk.orders().len(), 1);
    let desk = frozen(Desk::new().sandbox()).keys("3 y");
    assert_eq!(desk.orders()[0].reason.as_deref(), Some("mistake"));
}

#[test]
fn without_last_four_the_end_of_the_id_arms() {
    let mut desk = Desk::new();
    let mut card = card("card-77xy", "", "Nobody", money("5", "USD"), desk.portfolio.now);
    card.state = CardState::Frozen;
    desk.portfolio.apply(&EngineEvent::Cards(vec![card]));
    let desk = desk.open(ActionKind::Unfreeze, "card-77xy").keys("1 7 7 x y");
    assert!(desk.orders().is_empty(), "the y belongs to the id");
    assert_eq!(desk.keys("y").orders().len(), 1);
}

#[test]
fn a_wrong_amount_is_refused_with_its_reason() {
    let wrong = |text: &str| {
        let desk = Desk::new().open(ActionKind::TopUp, "c1").types(text).keys("enter");
        assert!(desk.orders().is_empty() && desk.quoted().is_none(), "{text}");
        desk.notice().to_owned()
    };
    assert_eq!(wrong(""), "not an amount: write digits with at most one point, such as 12.40");
    assert_eq!(wrong("0"), "the amount must be more than zero");
    assert_eq!(wrong("12.345"), "too many decimals: this currency has 2");
    assert_eq!(wrong("9.99"), "the least this provider takes is 10.00 USD");
    let desk = Desk::new().open(ActionKind::TopUp, "c1").types("-");
    assert_eq!(desk.notice(), "an amount is digits with at most one point, such as 12.40");
    let desk = Desk::new().open(ActionKind::TopUp, "c2").types("10.5").keys("enter");
    assert_eq!(desk.notice(), "too many decimals: this currency has 0");
}

#[test]
fn a_top_up_is_quoted_checked_and_sent_by_y_alone() {
    let desk = Desk::new()
        .open(ActionKind::TopUp, "c1")
        .types("30")
        .keys("tab")
        .types("travel")
        .keys("enter");
    let desk = desk.keys("y");
    assert_eq!(desk.notice(), "the fee is being asked: wait for it, or e to edit");
    let asked = desk.quoted().expect("a quote was asked");
    let foreign = Quote {
        fee: Some(money("9", "USD")),
        receives: None,
        debited: None,
        payer: None,
        at: desk.portfolio.now,
    };
    let desk = desk
        .hears(EngineEvent::Quote { asked: asked.wrapping_add(1), quote: Ok(foreign) })
        .pass(400)
        .keys("y");
    assert!(desk.orders().is_empty(), "the answer to another question is not ours");
    let desk = desk.quotes("0.30").keys("enter");
    assert!(desk.orders().is_empty());
    let desk = desk.keys("y y");
    let [order] = desk.orders()[..] else { panic!("one order") };
    assert_eq!(order.action.amount(), Some(money("30", "USD")));
    assert_eq!(order.reason.as_deref(), Some("travel"));
    assert_eq!(
        order.shown,
        crate::engine::Expected {
            state: Some(CardState::Active),
            available: Some(money("12.40", "USD"))
        }
    );
}

#[test]
fn a_y_on_its_way_when_the_fee_arrives_does_not_send() {
    let desk = Desk::new().open(ActionKind::TopUp, "c1").types("30").keys("enter");
    let asked = desk.quoted().expect("a quote was asked");
    let quote = Quote {
        fee: Some(money("15", "USD")),
        receives: None,
        debited: None,
        payer: None,
        at: desk.portfolio.now,
    };
    let desk = desk.hears(EngineEvent::Quote { asked, quote: Ok(quote) }).keys("y");
    assert!(desk.orders().is_empty());
    assert_eq!(desk.pass(300).keys("y").orders().len(), 1);
}

#[test]
fn another_amount_is_quoted_anew_and_the_old_answer_ignored() {
    let desk = Desk::new().open(ActionKind::TopUp, "c1").types("30").keys("enter");
    let first = desk.quoted().expect("a quote was asked");
    let desk = desk.keys("e").types("0").keys("enter");
    assert_ne!(desk.quoted(), Some(first));
    let quote = Quote {
        fee: Some(money("1", "USD")),
        receives: None,
        debited: None,
        payer: None,
        at: desk.portfolio.now,
    };
    let desk =
        desk.hears(EngineEvent::Quote { asked: first, quote: Ok(quote) }).pass(400).keys("y");
    assert!(desk.orders().is_empty(), "the fee of 30 is not the fee of 300");
    let desk = desk.quotes("3").keys("y");
    assert_eq!(desk.orders()[0].action.amount(), Some(money("300", "USD")));
}

#[test]
fn a_top_up_that_nobody_can_pay_is_not_sent_and_says_so() {
    let mut desk = Desk::new();
    desk.capabilities().names_payer = true;
    let trouble = "account 8204 of customer 16221 holds 5.00 USD, and 30.00 USD are to be paid";
    let desk = desk
        .open(ActionKind::TopUp, "c1")
        .types("30")
        .keys("enter")
        .pays("5", Some(trouble))
        .keys("y");
    assert!(desk.orders().is_empty(), "sent although the account cannot pay");
    assert!(desk.notice().contains(trouble), "{}", desk.notice());
    let desk = desk.keys("e enter").pays("512", None).keys("y");
    assert_eq!(desk.orders().len(), 1, "sent once it can");
}

#[test]
fn a_fee_that_cannot_be_had_is_said_and_does_not_stop_the_top_up() {
    let desk = Desk::new().open(ActionKind::TopUp, "c1").types("30").keys("enter");
    let asked = desk.quoted().expect("a quote was asked");
    let error = Error::new(&ProviderId::new("acme"), ErrorKind::Unreachable, "no answer");
    let desk = desk.hears(EngineEvent::Quote { asked, quote: Err(Arc::new(error)) }).pass(400);
    let Page::TopUp(page) = desk.page() else { panic!("a top-up") };
    assert!(
        matches!(&page.check.as_ref().expect("page 2").quoted, top_up::Quoted::Failed(why) if why == "acme: no answer")
    );
    assert_eq!(desk.keys("y").orders().len(), 1);
}

#[test]
fn a_large_top_up_and_one_that_looks_repeated_take_the_last_four() {
    let mut desk = Desk::new();
    desk.capabilities().quote = Support::No("no quotes here");
    let desk = desk.open(ActionKind::TopUp, "c1").types("600").keys("enter y");
    assert_eq!(desk.notice(), "type 4242 first");
    assert_eq!(desk.keys("4 2 4 2 y").orders().len(), 1);
    let mut desk = Desk::new();
    desk.capabilities().quote = Support::No("no quotes here");
    desk.earlier(ActionKind::TopUp, "c1", OperationState::Done, Some(money("30", "USD")));
    let desk = desk.open(ActionKind::TopUp, "c1").types("30").keys("enter y");
    assert!(desk.orders().is_empty());
    assert_eq!(desk.keys("4 2 4 2 enter").orders().len(), 1);
}

#[test]
fn an_equal_top_up_in_the_cards_list_is_shown_and_takes_the_last_four() {
    let mut desk = Desk::new();
    desk.capabilities().quote = Support::No("no quotes here");
    let ago = jiff::SignedDuration::from_secs(12);
    desk.recent = Some(Some(RecentCredit { id: "77".into(), ago, amount: money("30", "USD") }));
    let desk = desk.open(ActionKind::TopUp, "c1").types("30").keys("enter").pass(400).keys("y");
    assert!(desk.orders().is_empty());
    let Page::TopUp(page) = desk.page() else { panic!("a top-up") };
    let said = page.check.as_ref().and_then(|check| check.repeats.as_deref());
    assert_eq!(said, Some("30.00 USD came 12 s ago, by this or another system (id 77)"));
    let desk = desk.keys("4 2 4 2 y");
    let [order] = desk.orders()[..] else { panic!("one order: {}", desk.notice()) };
    assert_eq!(
        order.recent_credit.as_deref(),
        Some("77"),
        "the engine refuses any other one than the one that was shown"
    );
}

#[test]
fn nothing_is_sent_before_the_cards_list_was_read() {
    let mut desk = Desk::new();
    desk.capabilities().quote = Support::No("no quotes here");
    desk.recent = None;
    let desk = desk.open(ActionKind::TopUp, "c1").types("30").keys("enter y");
    assert_eq!(desk.notice(), "the card's list is being read: wait for it, or e to edit");
    assert!(desk.orders().is_empty());
}

#[test]
fn an_operation_is_settled_as_failed_only_with_a_reason_and_the_last_four() {
    let mut desk = Desk::new();
    let open =
        desk.earlier(ActionKind::TopUp, "c1", OperationState::Unknown, Some(money("30", "USD")));
    let desk = desk.settles(&open).keys("f").types("asked them").keys("enter y");
    assert!(desk.verdicts().is_empty());
    assert_eq!(desk.notice(), "type 4242 first");
    let desk = desk.keys("4 2 4 2 y");
    let [verdict] = desk.verdicts()[..] else { panic!("one verdict: {}", desk.notice()) };
    assert_eq!(
        (verdict.done, &*verdict.reason, verdict.typed.as_deref()),
        (false, "asked them", Some("4242"))
    );
    assert_eq!(verdict.credit, None);
    let desk = desk.keys("y");
    assert_eq!(desk.verdicts().len(), 1, "once is enough");
    let why = "the card's list cannot be read; nothing was changed".to_owned();
    let desk = desk.hears(EngineEvent::NotSettled { id: open.id, why: why.clone() });
    assert_eq!(desk.notice(), why);
    let settled = Operation { state: OperationState::Failed, ..open };
    assert!(
        desk.hears(EngineEvent::Operation(settled)).dialog.is_none(),
        "it is in the journal: nothing is left to ask"
    );
}

#[test]
fn an_operation_is_settled_as_done_with_its_row_or_with_one_kept_free() {
    let mut desk = Desk::new();
    let open =
        desk.earlier(ActionKind::TopUp, "c1", OperationState::Unknown, Some(money("30", "USD")));
    let row = Transaction {
        id: "t77".into(),
        kind: TransactionKind::TopUp,
        state: TransactionState::Cleared,
        ..crate::app::fixture::transaction(&key("c1"), "t77", 0, "30.00 USD", "")
    };
    let row = Transaction {
        provider: ProviderId::new("acme"),
        card_id: Some("c1".into()),
        at: open.created_at,
        ..row
    };
    desk.portfolio.apply(&EngineEvent::Transactions(vec![row]));
    let desk = desk.settles(&open).keys("d").types("seen on their page").keys("enter enter");
    assert_eq!(desk.notice(), "Enter never confirms here: press y");
    let desk = desk.keys("2");
    assert_eq!(desk.notice(), "there is no such transaction here");
    let desk = desk.keys("1 y");
    let [verdict] = desk.verdicts()[..] else { panic!("one verdict: {}", desk.notice()) };
    assert_eq!((verdict.done, verdict.credit.as_deref()), (true, Some("t77")));
    let mut other = Desk::new();
    let open =
        other.earlier(ActionKind::TopUp, "c1", OperationState::Unknown, Some(money("30", "USD")));
    let other = other.settles(&open).keys("d").keys("enter y");
    assert_eq!(other.notice(), "say why first: the reason is kept in the journal");
    let other = other.types("seen").keys("enter y");
    assert!(matches!(other.verdicts()[..], [verdict] if verdict.credit.is_none()));
}

#[test]
fn what_is_settled_or_being_sent_is_not_settled_by_hand() {
    let mut desk = Desk::new();
    for state in [OperationState::Sent, OperationState::Done, OperationState::Failed] {
        let operation = desk.earlier(ActionKind::TopUp, "c1", state, Some(money("30", "USD")));
        assert!(Dialog::settle(&operation, &desk.portfolio).is_err(), "{state:?}");
    }
}

#[test]
fn cover_computes_the_shortfall_and_counts_a_debt() {
    let filled = |available: &str, asked: &str, code: &str, least: Option<i64>| {
        let mut desk = Desk::new();
        desk.capabilities().top_up_min = least.map(Into::into);
        let now = desk.portfolio.now;
        desk.portfolio.apply(&EngineEvent::Cards(vec![card(
            "c1",
            "4242",
            "Mara",
            money(available, code),
            now,
        )]));
        let desk = desk.declined("c1", money(asked, code)).cover("c1");
        let Page::TopUp(page) = desk.page() else { panic!("a top-up: {}", desk.notice()) };
        (page.amount.text().to_owned(), page.reason.text().to_owned())
    };
    let (amount, reason) = filled("12.40", "41.90", "USD", None);
    assert_eq!((&*amount, &*reason), ("30.00", "cover decline ICA MAXI 41.90"));
    assert_eq!(filled("-7.15", "41.90", "USD", None).0, "50.00");
    assert_eq!(filled("40.00", "41.90", "USD", None).0, "2.00");
    assert_eq!(filled("40.00", "41.90", "USD", Some(25)).0, "25.00");
    assert_eq!(filled("1200", "3980", "JPY", None).0, "2780");
    assert_eq!(filled("3.250", "31.500", "KWD", None).0, "29.000");
}

#[test]
fn cover_says_why_it_cannot() {
    assert!(Desk::new().cover("c1").notice().starts_with("no decline of this card is known"));
    let desk = Desk::new().declined("c1", money("5", "USD")).cover("c1");
    assert!(desk.notice().contains("money was not what was missing"), "{}", desk.notice());
    let desk = Desk::new().declined("c1", money("50", "EUR")).cover("c1");
    assert!(desk.notice().contains("does not convert"), "{}", desk.notice());
}

#[test]
fn a_second_top_up_is_blocked_until_the_phrase_is_typed_and_then_checked_again() {
    let mut desk = Desk::new();
    desk.capabilities().quote = Support::No("no quotes here");
    let open =
        desk.earlier(ActionKind::TopUp, "c2", OperationState::Unknown, Some(money("5000", "JPY")));
    let desk = desk.open(ActionKind::TopUp, "c2");
    assert!(matches!(desk.page(), Page::PendingConflict(_)) && desk.effects.is_empty());
    let desk = desk.keys("c");
    assert!(matches!(&desk.effects[..], [Effect::Ask(Job::Look(id))] if *id == open.id));
    let desk = desk.types("SECOND 7732").keys("enter");
    assert_eq!(desk.notice(), "type SECOND 7731 first");
    let desk = desk.keys("backspace 1 enter").pass(400);
    let desk = desk.types("5000").keys("enter y");
    assert_eq!(desk.notice(), "type 7731 first", "the same amount again looks like a repetition");
    let desk = desk.keys("7 7 3 1 y");
    let [order] = desk.orders()[..] else { panic!("one order: {}", desk.notice()) };
    assert_eq!(order.on_conflict, OnConflict::Override);
    assert_eq!(order.action.amount(), Some(money("5000", "JPY")));
    assert_ne!(order.id, open.id);
}

#[test]
fn a_copied_question_for_support_has_the_reference_and_no_card_number() {
    let mut desk = Desk::new();
    let mut odd = card("4111111111111111", "1111", "Odd", money("1", "USD"), desk.portfolio.now);
    odd.key = key("4111111111111111");
    desk.portfolio.apply(&EngineEvent::Cards(vec![odd]));
    let open = desk.earlier(
        ActionKind::TopUp,
        "4111111111111111",
        OperationState::Unknown,
        Some(money("30", "USD")),
    );
    let desk = desk.open(ActionKind::TopUp, "4111111111111111").keys("k");
    let [Effect::Copy(text)] = &desk.effects[..] else { panic!("a copy: {:?}", desk.effects) };
    assert!(
        text.contains(&*open.reference) && text.contains("30.00 USD") && text.contains("..1111"),
        "{text}"
    );
    assert!(!text.contains("4111111111111111"), "{text}");
}

#[test]
fn nothing_is_sent_twice_while_the_first_is_on_its_way() {
    let mut desk = Desk::new();
    desk.earlier(ActionKind::TopUp, "c1", OperationState::Sent, Some(money("30", "USD")));
    let desk = desk.open(ActionKind::TopUp, "c1").types("SECOND 4242").keys("enter");
    assert_eq!(desk.notice(), "it is on its way right now: wait for its answer");
    assert!(matches!(desk.page(), Page::PendingConflict(_)));
}

#[test]
fn a_blocked_dialog_opens_up_when_the_earlier_one_is_settled() {
    let mut desk = Desk::new();
    let open =
        desk.earlier(ActionKind::TopUp, "c1", OperationState::Unknown, Some(money("30", "USD")));
    let settled = Operation { state: OperationState::Done, ..open };
    let desk = desk
        .open(ActionKind::TopUp, "c1")
        .hears(EngineEvent::Operation(settled))
        .pass(400)
        .keys("enter");
    assert!(matches!(desk.page(), Page::TopUp(_)));
}

#[test]
fn a_top_up_asked_elsewhere_meanwhile_stops_this_one() {
    let mut desk =
        Desk::new().open(ActionKind::TopUp, "c1").types("30").keys("enter").quotes("0.30");
    let theirs =
        desk.earlier(ActionKind::TopUp, "c1", OperationState::Accepted, Some(money("30", "USD")));
    let desk = desk.hears(EngineEvent::Operation(theirs)).pass(400).keys("y");
    assert!(desk.orders().is_empty());
    assert!(matches!(desk.page(), Page::PendingConflict(_)));
}

#[test]
fn a_change_of_the_card_is_shown_and_keys_on_their_way_are_dropped() {
    let desk = Desk::new().open(ActionKind::TopUp, "c1").types("30").keys("enter").quotes("0.30");
    let news = read_again(&desk, "c1", |card| {
        card.balance = Reading::At {
            value: Balance { available: Some(money("42.40", "USD")), ..Balance::default() },
            at: card.balance.at().expect("a reading"),
        };
    });
    let desk = desk.hears(news).keys("y");
    assert!(desk.orders().is_empty());
    let Page::TopUp(page) = desk.page() else { panic!("a top-up") };
    assert_eq!(page.target.changes, ["available was 12.40 USD, is 42.40 USD"]);
    let desk = desk.pass(300).keys("y");
    assert_eq!(desk.orders()[0].shown.available, Some(money("42.40", "USD")));
}

#[test]
fn a_change_of_the_card_disarms() {
    let mut desk = Desk::new();
    desk.portfolio.cards.get_mut(&key("c1")).expect("the card").state = CardState::Frozen;
    let desk = desk.open(ActionKind::Unfreeze, "c1").keys("1 4 2 4 2");
    let news = read_again(&desk, "c1", |card| card.state = CardState::Pending);
    let desk = desk.hears(news).pass(400).keys("y");
    assert!(desk.orders().is_empty());
    assert_eq!(desk.notice(), "type 4242 first");
    assert_eq!(desk.keys("4 2 4 2 y").orders()[0].shown.state, Some(CardState::Pending));
}

#[test]
fn a_card_that_was_frozen_meanwhile_cannot_be_frozen_again() {
    let desk = Desk::new().open(ActionKind::Freeze, "c1").keys("1");
    let news = read_again(&desk, "c1", |card| card.state = CardState::Frozen);
    let desk = desk.hears(news).pass(400).keys("y");
    assert!(desk.orders().is_empty());
    assert_eq!(desk.notice(), "the card is FROZEN");
}

#[test]
fn read_only_refuses_with_its_reason_even_in_an_open_dialog() {
    let desk = Desk::new()
        .open(ActionKind::Freeze, "c1")
        .hears(EngineEvent::ReadOnly(true))
        .pass(400)
        .keys("1 y");
    assert!(desk.orders().is_empty());
    assert_eq!(desk.notice(), "read-only: cardtop was told to refuse every change");
}

#[test]
fn a_pin_is_typed_twice_armed_and_never_printed() {
    let desk = Desk::new()
        .open(ActionKind::SetPin, "c1")
        .types("9078")
        .keys("tab")
        .types("9078")
        .keys("tab");
    let shown = format!("{:?}", desk.dialog);
    assert!(desk.dialog.as_ref().is_some_and(Dialog::holds_secret));
    assert!(!shown.contains("9078") && !shown.contains("57, 48, 55, 56"), "{shown}");
    let desk = desk.keys("space tab 4 2 4 2 enter");
    let [order] = desk.orders()[..] else { panic!("one order: {}", desk.notice()) };
    assert!(!format!("{:?}{:?}", desk.effects, desk.dialog).contains("9078"));
    let Action::SetPin { new: Some(new), old: None } = &order.action else { panic!("a PIN") };
    assert_eq!(new.expose(), "9078");
    assert_eq!(order.reason.as_deref(), Some("typed by the operator on the phone"));
}

#[test]
fn a_pin_that_is_weak_short_or_different_is_refused_with_its_reason() {
    let tried = |new: &str, again: &str| {
        let desk = Desk::new()
            .open(ActionKind::SetPin, "c1")
            .types(new)
            .keys("tab")
            .types(again)
            .keys("tab tab 4 2 4 2 enter");
        assert!(desk.orders().is_empty());
        desk.notice().to_owned()
    };
    assert_eq!(tried("907", "907"), "the new PIN must have 4 to 6 digits");
    assert_eq!(tried("1234", "1234"), "too easy to guess: no run such as 1234, no digit repeated");
    assert_eq!(tried("0000", "0000"), "too easy to guess: no run such as 1234, no digit repeated");
    assert_eq!(tried("9078", "9087"), "the two PINs differ: type the second again");
    let desk = Desk::new().open(ActionKind::SetPin, "c1").types("a");
    assert_eq!(desk.notice(), "digits only: Tab goes on");
}

#[test]
fn a_pin_is_never_pasted() {
    let mut desk = Desk::new().open(ActionKind::SetPin, "c1");
    let dialog = desk.dialog.as_mut().expect("the dialog");
    dialog.paste("9078", &mut desk.portfolio);
    assert_eq!(desk.notice(), "pasting is off: a PIN must not pass through the clipboard");
    let Page::Pin(page) = desk.page() else { panic!("a PIN dialog") };
    assert_eq!(page.new.len(), 0);
}

#[test]
fn where_the_provider_wants_the_old_pin_or_chooses_itself_the_dialog_follows() {
    let rule =
        |digits, needs_old| PinRule { digits, needs_old, physical_only: false, sentence: "a rule" };
    let mut desk = Desk::new();
    desk.capabilities().pin = Ok(rule(Some((4, 4)), true));
    let desk = desk
        .open(ActionKind::SetPin, "c1")
        .types("1111")
        .keys("tab")
        .types("90785")
        .keys("tab")
        .types("9078");
    assert_eq!(desk.notice(), "");
    let desk = desk.keys("tab tab 4 2 4 2 enter");
    let Action::SetPin { new: Some(new), old: Some(old) } = &desk.orders()[0].action else {
        panic!("both PINs")
    };
    assert_eq!((new.expose(), old.expose()), ("9078", "1111"));
    let mut desk = Desk::new();
    desk.capabilities().pin = Ok(rule(None, false));
    let desk = desk.open(ActionKind::SetPin, "c1").keys("4 2 4 2 enter");
    assert!(matches!(desk.orders()[0].action, Action::SetPin { new: None, old: None }));
    let mut desk = Desk::new();
    desk.capabilities().pin = Err("this provider sets no PIN");
    assert_eq!(desk.open(ActionKind::SetPin, "c1").notice(), "this provider sets no PIN");
}

#[test]
fn closing_takes_the_whole_phrase() {
    let desk = Desk::new().open(ActionKind::Close, "c1").types("close 4242").keys("enter");
    assert!(desk.orders().is_empty());
    let desk = desk.keys("ctrl-u").types("CLOSE 4242").keys("y");
    assert!(desk.orders().is_empty(), "only Enter closes");
    let desk = desk.keys("enter");
    let [order] = desk.orders()[..] else { panic!("one order: {}", desk.notice()) };
    assert!(matches!(order.action, Action::Close));
    assert_eq!(order.shown.available, Some(money("12.40", "USD")));
}

#[test]
fn a_dialog_left_alone_closes_after_a_minute_without_acting() {
    for action_kind in
        [ActionKind::Freeze, ActionKind::TopUp, ActionKind::SetPin, ActionKind::Close]
    {
        let desk = Desk::new().open(action_kind, "c1").keys("1").pass(59_000);
        let wake = desk
            .dialog
            .as_ref()
            .and_then(|dialog| dialog.wake_at(&desk.portfolio))
            .expect("it wakes by itself");
        assert!(
            wake > desk.portfolio.now
                && wake
                    <= desk.portfolio.now.saturating_add(Duration::from_secs(1)).expect("a time")
        );
        let desk = desk.pass(1_000);
        assert!(desk.dialog.is_none() && desk.orders().is_empty(), "{action_kind:?}");
    }
}

#[test]
fn every_key_keeps_a_dialog_open() {
    let desk = Desk::new().open(ActionKind::Freeze, "c1").pass(50_000).keys("1").pass(50_000);
    assert!(desk.dialog.is_some());
}

#[test]
fn progress_tells_each_step_and_can_be_left_at_any_time() {
    let desk = Desk::new().open(ActionKind::Freeze, "c1").keys("1 y");
    let id = desk.orders()[0].id;
    let mut desk = desk;
    let mut operation = desk.earlier(ActionKind::Freeze, "c1", OperationState::Sent, None);
    operation.id = id;
    let desk = desk.hears(EngineEvent::Operation(operation.clone())).pass(2_000);
    operation.state = OperationState::Unknown;
    let desk = desk.hears(EngineEvent::Operation(operation)).pass(400).keys("c");
    let Page::Progress(page) = desk.page() else { panic!("the progress") };
    let states: Vec<_> = page.seen.iter().map(|(state, _)| *state).collect();
    assert_eq!(states, [OperationState::Sent, OperationState::Unknown]);
    assert!(matches!(desk.effects.last(), Some(Effect::Ask(Job::Look(looked))) if *looked == id));
    assert!(desk.keys("enter").dialog.is_none());
}

#[test]
fn what_the_engine_refuses_is_said_with_its_reason() {
    let desk = Desk::new().open(ActionKind::Freeze, "c1").keys("1 y");
    let id = desk.orders()[0].id;
    let desk =
        desk.hears(EngineEvent::Refused { id, card: key("c1"), why: "the card changed".into() });
    let Page::Progress(page) = desk.page() else { panic!("the progress") };
    assert_eq!(page.refused.as_deref(), Some("the card changed"));
    assert!(page.is_settled());
}

#[test]
fn the_menu_opens_the_possible_and_explains_the_impossible() {
    let mut desk = Desk::new();
    desk.capabilities().close = Support::No("this provider closes no cards");
    let desk = desk.actions("c1").keys("C");
    assert_eq!(desk.notice(), "this provider closes no cards");
    let desk = desk.keys("T");
    assert!(desk.notice().starts_with("no decline of this card is known"));
    let desk = desk.keys("f");
    assert!(
        matches!(desk.page(), Page::FreezeForm(page) if page.action_kind == ActionKind::Freeze)
    );
    assert!(asks_to_read(&desk, "c1"));
    assert!(desk.keys("esc").dialog.is_none(), "it took the menu's place");
}

#[test]
fn quitting_is_asked_and_esc_stays() {
    let mut desk = Desk::new();
    desk.earlier(ActionKind::TopUp, "c1", OperationState::Unknown, Some(money("30", "USD")));
    let desk = desk.quit().keys("enter");
    assert!(desk.dialog.is_some() && desk.effects.is_empty());
    let desk = desk.keys("y");
    assert!(matches!(&desk.effects[..], [Effect::Quit]));
    assert!(Desk::new().quit().keys("esc").effects.is_empty());
}

proptest::proptest! {
    #[test]
    fn without_y_nothing_is_frozen_or_topped_up(keys in proptest::collection::vec("[0-9.aeq]|enter|tab|up|space|backspace", 0..40)) {
        let keys = keys.join(" ");
        for action_kind in [ActionKind::Freeze, ActionKind::TopUp] {
            let mut desk = Desk::new();
            desk.capabilities().quote = Support::No("no quotes here");
            let desk = desk.open(action_kind, "c1").keys("1 0 0").keys(&keys);
            proptest::prop_assert!(desk.orders().is_empty(), "{action_kind:?} {keys}");
        }
    }

    #[test]
    fn one_dialog_makes_at_most_one_order_and_never_prints_a_pin(
        which in 0_usize..4,
        keys in proptest::collection::vec("[1-5]|y|9|0|enter|tab|4 2 4 2|C L O S E space 4 2 4 2|backspace", 0..60),
    ) {
        let action_kind = [ActionKind::Freeze, ActionKind::TopUp, ActionKind::SetPin, ActionKind::Close][which];
        let mut desk = Desk::new();
        desk.capabilities().quote = Support::No("no quotes here");
        let mut desk = desk.open(action_kind, "c1");
        for key in &keys {
            desk = desk.keys(key).pass(350);
        }
        proptest::prop_assert!(desk.orders().len() <= 1, "{action_kind:?} {keys:?}");
        proptest::prop_assert!(desk.orders().iter().all(|order| order.card == key("c1") && order.action.action_kind() == action_kind));
    }
}
