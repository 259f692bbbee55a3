//! What a card's list proves of a top-up: stories of credits, rivals and failures.

use jiff::SignedDuration;

use super::matching::match_rows;
use super::*;
use crate::domain::card::{CardKey, ProviderId};
use crate::domain::operation::{ActionKind, Before, OperationId, OperationState, Proof};
use crate::domain::proof::{Baseline, ClockOffset};
use crate::domain::transaction::TransactionState;
use crate::provider::{Evidence, Lookup, MatchedCredits};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("a time of the test")
}

fn money(text: &str) -> Money {
    Money::parse_wire(text, "USD".parse().expect("a currency")).expect("an amount")
}

/// A list that had these top-ups; the clocks agree to half a second.
fn baseline(credits: &[&str]) -> Baseline {
    Baseline {
        read_at: at(0),
        since: at(-600),
        credits: credits.iter().map(|id| Arc::from(*id)).collect(),
        newest: None,
        unread: 0,
        clock: Some(ClockOffset {
            offset: SignedDuration::ZERO,
            uncertainty: SignedDuration::from_millis(500),
        }),
    }
}

/// Nobody else tops up: the list alone may decide.
const ALONE: MatchRules = MatchRules { fee: FeePlacement::Deducted, others_top_up: false };

/// Other systems top up, too.
const OTHERS: MatchRules = MatchRules { fee: FeePlacement::Deducted, others_top_up: true };

fn match_by(
    rows: &[Transaction],
    operation: &Operation,
    claimed: &MatchedCredits,
    fee: FeePlacement,
) -> Lookup {
    match_rows(rows, operation, claimed, MatchRules { fee, ..ALONE })
}

fn operation() -> Operation {
    let id = OperationId::new(at(0), 7, 1);
    Operation {
        id,
        action_kind: ActionKind::TopUp,
        card: CardKey::new(&ProviderId::new("acme"), "c1"),
        last4: None,
        amount: Some(money("30.00")),
        state: OperationState::Unknown,
        reason: None,
        reference: id.reference(),
        provider_reference: None,
        operator: "anay".into(),
        created_at: at(0),
        updated_at: at(0),
        detail: None,
        before: Before::default(),
        proof: Proof::ByListing,
        looks: 0,
        next_look: None,
        baseline: Some(baseline(&[])),
        proven_by: None,
        watched_until: None,
        alarm: None,
    }
}

fn row(id: &str, amount: &str, second: i64) -> Transaction {
    Transaction {
        card_id: Some("c1".into()),
        kind: TransactionKind::TopUp,
        state: TransactionState::Cleared,
        provider_state: "RECHARGE SUCCESS".into(),
        ..Transaction::new(ProviderId::new("acme"), id.into(), money(amount), at(second))
    }
}

fn done(rows: &[Transaction], claimed: &[&str]) -> Option<String> {
    let claimed = MatchedCredits {
        credits: claimed.iter().map(|id| Arc::from(*id)).collect(),
        ..MatchedCredits::default()
    };
    match match_by(rows, &operation(), &claimed, FeePlacement::Deducted) {
        Lookup::Done { credit, .. } => credit.map(|id| id.to_string()),
        Lookup::Failed { .. } | Lookup::Pending { .. } | Lookup::NotFound { .. } => None,
    }
}

#[test]
fn exactly_one_credit_that_proves_nothing_else_is_proof() {
    assert_eq!(done(&[row("7", "30", 5)], &[]), Some("7".into()));
    assert_eq!(done(&[row("7", "30", 5), row("8", "30", 9)], &[]), None, "two are no proof");
    assert_eq!(done(&[row("7", "30", 5), row("8", "30", 9)], &["7"]), Some("8".into()));
    assert_eq!(done(&[row("7", "30", 5)], &["7"]), None, "a credit proves one operation");
    assert_eq!(done(&[row("7", "30.01", 5)], &[]), None);
    assert_eq!(done(&[row("7", "30", -600)], &[]), None, "it is older than the operation");
    assert_eq!(done(&[row("7", "30", -60)], &[]), None, "it was there before, as the clocks say");
    assert_eq!(
        done(&[Transaction { kind: TransactionKind::Refund, ..row("7", "30", 5) }], &[]),
        None
    );
    assert_eq!(
        done(&[Transaction { fee: Some(money("0.30")), ..row("7", "29.70", 5) }], &[]),
        Some("7".into())
    );
}

#[test]
fn equal_top_ups_share_credits_but_never_one() {
    let found = |credits: usize, reserved: usize, open: usize| {
        let rows: Vec<Transaction> =
            ["7", "8", "9"].iter().take(credits).map(|id| row(id, "30", 5)).collect();
        matches!(
            match_by(
                &rows,
                &operation(),
                &MatchedCredits { reserved, open, ..MatchedCredits::default() },
                FeePlacement::Deducted
            ),
            Lookup::Done { .. }
        )
    };
    assert!(!found(1, 1, 0), "the only credit is the surer one's");
    assert!(found(2, 1, 0));
    assert!(found(1, 0, 1), "one of two in doubt happened");
    assert!(found(2, 0, 1), "both happened");
    assert!(!found(3, 0, 1), "somebody else sent one, too");
    assert!(!found(3, 1, 0));
}

#[test]
fn a_pending_row_is_not_yet_and_a_failed_one_failed() {
    let hold = Transaction { state: TransactionState::Hold, ..row("7", "30", 5) };
    assert!(matches!(
        match_by(&[hold], &operation(), &MatchedCredits::default(), FeePlacement::Deducted),
        Lookup::Pending { .. }
    ));
    let failed = Transaction { state: TransactionState::Failed, ..row("7", "30", 5) };
    assert!(matches!(
        match_by(&[failed], &operation(), &MatchedCredits::default(), FeePlacement::Deducted),
        Lookup::Failed { .. }
    ));
}

#[test]
fn a_smaller_top_up_and_its_fee_are_not_this_one() {
    let smaller = Transaction { fee: Some(money("1.00")), ..row("7", "29", 5) };
    let look =
        |rows: &[Transaction], fee| match_by(rows, &operation(), &MatchedCredits::default(), fee);
    assert!(
        matches!(
            look(std::slice::from_ref(&smaller), FeePlacement::OnTop),
            Lookup::NotFound { .. }
        ),
        "the fee was paid beside it"
    );
    assert!(
        matches!(look(std::slice::from_ref(&smaller), FeePlacement::Deducted), Lookup::Done { .. }),
        "the fee was taken out of it"
    );
    let exact = row("8", "30", 9);
    let Lookup::Done { credit, .. } = look(&[smaller, exact], FeePlacement::Deducted) else {
        panic!("the sum itself is there")
    };
    assert_eq!(credit.as_deref(), Some("8"));
}

#[test]
fn an_equal_top_up_that_has_arrived_does_not_prove_one_that_is_still_coming() {
    let hold = || Transaction { state: TransactionState::Hold, ..row("8", "30", 5) };
    let failed = || Transaction { state: TransactionState::Failed, ..row("8", "30", 5) };
    let look = |rows: &[Transaction], reserved, open| {
        match_by(
            rows,
            &operation(),
            &MatchedCredits { reserved, open, ..MatchedCredits::default() },
            FeePlacement::Deducted,
        )
    };
    // The other one is surer: what has arrived is its credit, even where its row is nearer to
    // us in time.
    assert!(matches!(look(&[row("7", "30", 1), hold()], 1, 0), Lookup::Pending { .. }));
    assert!(matches!(look(&[row("7", "30", 1), row("8", "30", 5)], 1, 0), Lookup::Done { .. }));
    assert!(matches!(look(&[row("7", "30", 1), failed()], 1, 0), Lookup::NotFound { .. }));
    // Two in doubt: one credit is one DONE, and a failure is nobody's.
    assert!(matches!(look(&[row("7", "30", 1), hold()], 0, 1), Lookup::Done { .. }));
    assert!(
        matches!(look(&[failed()], 0, 1), Lookup::NotFound { .. }),
        "the other one's failure is not ours"
    );
    assert!(matches!(look(&[failed()], 1, 0), Lookup::NotFound { .. }));
    assert!(matches!(look(&[failed()], 0, 0), Lookup::Failed { row: Some(id), .. } if &*id == "8"));
    let claimed =
        MatchedCredits { credits: BTreeSet::from(["8".into()]), ..MatchedCredits::default() };
    let seen = match_by(&[failed()], &operation(), &claimed, FeePlacement::Deducted);
    assert!(matches!(seen, Lookup::NotFound { .. }), "a failure is one operation's only: {seen:?}");
    // An equal one was refused shortly before, and their clock is ahead: the row may be that
    // one's.
    let claimed = MatchedCredits { failed: 1, ..MatchedCredits::default() };
    let seen =
        |rows: &[Transaction]| match_by(rows, &operation(), &claimed, FeePlacement::Deducted);
    assert!(matches!(seen(&[failed()]), Lookup::NotFound { .. }));
    assert!(
        matches!(seen(&[failed(), row("9", "30", 5)]), Lookup::NotFound { .. }),
        "it may as well be somebody else's"
    );
}

#[test]
fn a_failure_beside_a_credit_takes_no_credit_away() {
    let failed = |second| Transaction { state: TransactionState::Failed, ..row("8", "30", second) };
    let look = |rows: &[Transaction], open| {
        match_by(
            rows,
            &operation(),
            &MatchedCredits { open, ..MatchedCredits::default() },
            FeePlacement::Deducted,
        )
    };
    let both = [failed(4), row("7", "30", 9)];
    assert!(
        matches!(look(&both, 1), Lookup::Done { credit: Some(id), .. } if &*id == "7"),
        "one of the two arrived"
    );
    assert!(matches!(look(&both, 0), Lookup::NotFound { .. }), "somebody else sent one, too");
    assert!(matches!(look(&[failed(-60)], 0), Lookup::NotFound { .. }), "an earlier try's");
    assert!(
        matches!(look(&[failed(-60), row("7", "30", 9)], 0), Lookup::Done { .. }),
        "an earlier try's failure, and ours"
    );
}

fn list(rows: Vec<Transaction>, unread: usize, gap: Option<&str>) -> Credits {
    let provider = ProviderId::new("acme");
    let odd = |raw: usize| {
        crate::provider::pages::unread(
            &provider,
            None,
            None,
            &raw.to_string(),
            &crate::provider::json::RowError::new("has no date"),
        )
    };
    let unread = (0..unread).map(odd).collect();
    Credits::of(ListRead {
        rows,
        unread,
        gap: gap.map(Into::into),
        error: None,
        complete_from: None,
        is_cut_short: false,
        lost: Vec::new(),
        requests: 1,
    })
    .expect("no error")
}

#[test]
fn rows_of_other_cards_and_of_later_days_are_not_ours() {
    assert_eq!(done(&[Transaction { card_id: Some("c2".into()), ..row("7", "30", 5) }], &[]), None);
    assert_eq!(done(&[row("7", "30", 3 * 86_400)], &[]), None);
    let found = list(
        vec![row("7", "30", 5), Transaction { kind: TransactionKind::Refund, ..row("8", "30", 5) }],
        0,
        None,
    );
    assert_eq!(found.rows.len(), 1, "only top-ups count");
}

#[test]
fn a_list_that_goes_on_or_cannot_be_read_says_so() {
    let looked = |found: &Credits| match super::match_top_up(
        found,
        &operation(),
        &MatchedCredits::default(),
        ALONE,
    ) {
        Lookup::NotFound { looked, .. } => looked,
        seen => panic!("{seen:?}"),
    };
    let odd = looked(&list(vec![], 1, None));
    assert!(odd.ends_with("1 rows could not be read"), "{odd}");
    let cut = looked(&list(vec![row("1", "30", 5)], 0, Some("its list has no end")));
    assert!(cut.contains("a list that goes on"), "{cut}");
}

#[test]
fn somebody_elses_credit_from_before_the_intent_proves_nothing() {
    let with = |credits: &[&str]| Operation { baseline: Some(baseline(credits)), ..operation() };
    let look = |rows: &[Transaction], operation: &Operation| {
        match_rows(rows, operation, &MatchedCredits::default(), ALONE)
    };
    let Lookup::NotFound { looked, candidate: None } = look(&[row("7", "30", -12)], &with(&[]))
    else {
        panic!("it came before")
    };
    assert!(
        looked.contains("one came 12 s before it was asked (id 7): it may be somebody else's"),
        "{looked}"
    );
    assert!(
        matches!(
            look(&[row("7", "30", 0)], &with(&["7"])),
            Lookup::NotFound { candidate: None, .. }
        ),
        "it was in the list"
    );
    assert!(
        matches!(look(&[row("7", "30", 0)], &with(&[])), Lookup::Done { by: Evidence::List, .. }),
        "the list did not have it"
    );
    let old = Operation { baseline: None, ..operation() };
    assert!(
        matches!(look(&[row("7", "30", 5)], &old), Lookup::NotFound { candidate: None, .. }),
        "nothing to compare with"
    );
}

#[test]
fn where_others_top_up_a_lost_answer_is_left_to_a_person() {
    let look = |rows: &[Transaction], state, claimed: &MatchedCredits| {
        match_rows(rows, &Operation { state, ..operation() }, claimed, OTHERS)
    };
    let alone = MatchedCredits::default();
    let failed = || Transaction { state: TransactionState::Failed, ..row("7", "30", 5) };
    for lost in [OperationState::Unknown, OperationState::Sent] {
        let Lookup::NotFound { looked, candidate: Some(id) } =
            look(&[row("7", "30", 5)], lost, &alone)
        else {
            panic!("{lost:?}")
        };
        assert_eq!(&*id, "7");
        assert!(looked.contains("a person has to settle it"), "{looked}");
        assert!(
            matches!(look(&[failed()], lost, &alone), Lookup::NotFound { .. }),
            "it may be the others' that failed"
        );
    }
    let accepted = OperationState::Accepted;
    assert!(matches!(
        look(&[row("7", "30", 5)], accepted, &alone),
        Lookup::Done { credit: Some(id), .. } if &*id == "7"
    ));
    assert!(matches!(
        look(&[row("7", "30", 5), row("8", "30", 9)], accepted, &alone),
        Lookup::NotFound { candidate: Some(_), .. }
    ));
    assert!(matches!(
        look(&[failed()], accepted, &alone),
        Lookup::NotFound { candidate: Some(_), .. }
    ));
    let rival = MatchedCredits { open: 1, ..MatchedCredits::default() };
    assert!(
        matches!(look(&[row("7", "30", 5)], accepted, &rival), Lookup::NotFound { .. }),
        "another of ours is as much in doubt"
    );
}
