//! ibanera's callbacks (ibanera wire notes, 3), of which three are about what the sandbox has: a
//! card request that was decided, money that came into an account, and money that left one. There
//! is none for card loads, purchases, declines or a card's state (3.4): a client has to ask.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::ASSET_ACCOUNT_ID;
use crate::sandbox::bank::{Bank, CardState, Happening, IssueStep, Occurrence};
use crate::sandbox::crypto;
use crate::sandbox::dialect::Credential;
use crate::sandbox::json::{Json, number, object, text};
use crate::sandbox::letter::{Acknowledgement, Letter, Message, Repetition, Rules, Sealing};
use crate::sandbox::random::Random;

/// The hash secret that support hands out (3.1).
const HASH_SECRET: &str = "sandbox-ibanera-hash-secret-6e02";

pub(super) const CREDENTIAL: Credential =
    Credential { key: "webhook_secret", file: "ibanera-webhook-secret", secret: HASH_SECRET };

/// 200, else again for two hours, ever slower (3.3); the first wait and the patience are ours.
pub(super) static RULES: Rules = Rules {
    acknowledgement: Acknowledgement::Status200,
    patience: SignedDuration::from_secs(30),
    again: Some(Repetition {
        first_wait: SignedDuration::from_secs(30),
        given_up_after: SignedDuration::from_hours(2),
    }),
};

/// From here on, ids of transactions between accounts.
const FIRST_TRANSACTION: u64 = 9_000_000;
/// So many types in a hundred are spelt as carelessly as in the document's examples (3.4).
const CARELESS_PERCENT: u64 = 40;

/// What is pushed of something that happened.
pub(super) fn message(bank: &Bank, occurrence: &Occurrence, mut random: Random) -> Option<Message> {
    let at = bank.shown(occurrence.at);
    let (kind, data) = match &occurrence.what {
        Happening::Issue { card, step: IssueStep::Applied, approved } => {
            ("MANAGEE_CARD_APPROVAL_UPDATED", approval(bank, *card, *approved)?)
        }
        // A card that waits for its activation was a request until now (inferred).
        Happening::State(news) if news.from == CardState::Pending && !news.failed => {
            match news.to {
                CardState::Active => {
                    ("MANAGEE_CARD_APPROVAL_UPDATED", approval(bank, news.card, true)?)
                }
                CardState::Closed | CardState::Frozen | CardState::Blocked | CardState::Pending => {
                    return None;
                }
            }
        }
        Happening::Funds { account, change } => {
            let account = match account {
                Some(position) => bank.accounts.get(*position)?.id.as_str(),
                None => ASSET_ACCOUNT_ID,
            };
            let id = FIRST_TRANSACTION + occurrence.number;
            if *change > Decimal::ZERO {
                ("FIAT_DEPOSIT_RECEIVED", deposit(id, account, *change, at))
            } else {
                ("TRANSACTION_STATUS_UPDATED", withdrawal(id, account, *change, at))
            }
        }
        Happening::Issue { .. }
        | Happening::State(_)
        | Happening::Row(_)
        | Happening::Balance(_)
        | Happening::Code(_) => return None,
    };
    let body = object([
        ("Id", text(random.uuid(occurrence.number))),
        ("Type", text(spelt(kind, &mut random))),
        ("Data", data),
    ]);
    Some(Message { kind, body: body.to_string() })
}

/// A blank in front, or blanks for underscores, now and then (3.4).
fn spelt(kind: &str, random: &mut Random) -> String {
    match (random.chance(CARELESS_PERCENT), random.chance(50)) {
        (false, _) => kind.to_owned(),
        (true, false) => format!(" {kind}"),
        (true, true) => kind.replace('_', " "),
    }
}

/// Of a rejected request there is no card (3.5).
fn approval(bank: &Bank, card: usize, approved: bool) -> Option<Json> {
    let id = Json::Number(bank.cards.get(card)?.id.clone());
    Some(object([
        ("TopUpCardsId", if approved { id.clone() } else { Json::Null }),
        ("RequestedTopUpCardsId", id),
        ("Status", text(if approved { "Approved" } else { "Rejected" })),
        ("bManuallyUpdated", true.into()),
    ]))
}

/// An outbound transfer that is completed; its amount is below zero (3.6).
fn withdrawal(id: u64, account: &str, change: Decimal, at: Timestamp) -> Json {
    object([
        ("Id", number(id)),
        ("AccountsId", Json::Number(account.to_owned())),
        ("FromTransactionsId", Json::Null),
        ("FromAccountsId", Json::Null),
        ("ToTransactionsId", Json::Null),
        ("ToAccountsId", Json::Null),
        ("RollbackTransactionsId", Json::Null),
        ("Amount", change.into()),
        ("Description", text("External transfer - Payment from Sandbox Account")),
        ("DateTime", text(time(at))),
        ("bPending", false.into()),
        ("bCompleted", true.into()),
        ("bRejected", false.into()),
    ])
}

/// Names as in the example, not as in the table (3.7).
fn deposit(id: u64, account: &str, change: Decimal, at: Timestamp) -> Json {
    let sender = object([
        ("RoutingNumber", text("021000021")),
        ("AccountNumber", text("000123456789")),
        ("Name", text("Sandbox Payer LLC")),
        ("AddressLine1", text("1 Example Street")),
        ("AddressLine2", text("")),
        ("AddressLine3", text("")),
    ]);
    object([
        ("AccountsId", Json::Number(account.to_owned())),
        ("TransactionsId", number(id)),
        ("OriginalTransactionsId", Json::Null),
        ("Reference", text("ExampleRef")),
        ("SenderDetails", sender),
        ("Amount", change.into()),
        ("Imad", text(format!("{id:022}"))),
        ("Date", text(time(at))),
        ("bReversal", false.into()),
        ("bFlagged", false.into()),
    ])
}

/// With an offset and hundredths, as in the examples.
fn time(at: Timestamp) -> String {
    format!("{at:.2}").replace('Z', "+00:00")
}

/// The hash of the body and the secret behind it (3.2): base64, as its sister product documents it.
fn signature(body: &str, secret: &str) -> String {
    crypto::sha256_base64(&format!("{body}{secret}"))
}

pub(super) fn seal(message: &Message, _: &Sealing<'_>) -> Letter {
    let body = message.body.clone();
    let headers = vec![("webhook-signature", signature(&body, HASH_SECRET))];
    Letter { path: String::new(), headers, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_derived_vector() {
        let body = concat!(
            r#"{"Id":"2c58ed48-67d2-4d8e-bbb1-548864773d2c","#,
            r#""Type":"MANAGEE_CARD_APPROVAL_UPDATED","Data":{"TopUpCardsId":1000,"#,
            r#""RequestedTopUpCardsId":1000,"Status":"Approved","bManuallyUpdated":true}}"#,
        );
        assert_eq!(body.len(), 186);
        assert_eq!(
            signature(body, "test-hash-secret"),
            "jM5ftPKVm2UXKrct/LJO+g3MtYLRC84/i9CV5GIvZTs="
        );
        let data = object([
            ("TopUpCardsId", number(1000)),
            ("RequestedTopUpCardsId", number(1000)),
            ("Status", text("Approved")),
            ("bManuallyUpdated", true.into()),
        ]);
        let made = object([
            ("Id", text("2c58ed48-67d2-4d8e-bbb1-548864773d2c")),
            ("Type", text("MANAGEE_CARD_APPROVAL_UPDATED")),
            ("Data", data),
        ]);
        assert_eq!(made.to_string(), body, "written byte for byte as in the notes");
    }

    #[test]
    fn times_are_written_as_in_the_examples() {
        let at: Timestamp = "2023-10-16T14:14:44.43Z".parse().unwrap();
        assert_eq!(time(at), "2023-10-16T14:14:44.43+00:00");
    }
}
