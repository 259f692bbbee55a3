//! banana's webhooks (banana wire notes, 3): the event's object encrypted and signed like an
//! answer, with its `type` outside of both. Of four events no field is documented: those have names
//! that the wire uses elsewhere (3.3, inferred).

use jiff::SignedDuration;

use super::reply::amount;
use super::templates::template_of;
use super::{SECRET_KEY, rows};
use crate::sandbox::bank::{
    BalanceNews, Bank, Card, CardState, CodeNews, Happening, IssueStep, Occurrence, Progress, Row,
    RowKind, StateNews,
};
use crate::sandbox::crypto;
use crate::sandbox::json::{Json, number, object, text};
use crate::sandbox::letter::{Acknowledgement, Letter, Message, Repetition, Rules, Sealing};
use crate::sandbox::random::Random;

/// 200 within ten seconds (3.1); how often it repeats is not documented, and ours.
pub(super) static RULES: Rules = Rules {
    acknowledgement: Acknowledgement::Status200,
    patience: SignedDuration::from_secs(10),
    again: Some(Repetition {
        first_wait: SignedDuration::from_secs(10),
        given_up_after: SignedDuration::from_mins(15),
    }),
};

type Fields = Vec<(&'static str, Json)>;

/// What is pushed of something that happened.
pub(super) fn message(bank: &Bank, occurrence: &Occurrence, mut random: Random) -> Option<Message> {
    let (kind, mut fields) = match &occurrence.what {
        Happening::Row(news) => {
            let (row, card) = bank.row_as_it_was(news)?;
            match (row.kind, news.was, row.progress) {
                (RowKind::TopUp, _, Progress::Pending) | (RowKind::Closing, ..) => return None,
                (RowKind::TopUp, ..) => {
                    ("CARD_RECHARGE_RESULT", recharge(bank, &row, card, random.chance(50)))
                }
                (_, None, _) => ("TRANSACTION_CREATED", transaction(&row, card)),
                (_, Some(_), _) => ("CARD_CORRECTION", transaction(&row, card)),
            }
        }
        Happening::State(news) => state(bank, news)?,
        Happening::Balance(news) => ("CARD_BALANCE_CHANGE", balance(bank, news)?),
        Happening::Code(news) => code(bank, news)?,
        Happening::Issue { card, step, approved } => issue(bank, *card, *step, *approved)?,
        Happening::Funds { .. } => return None,
    };
    // The one event without a time (3.3).
    if kind != "USER_CREATE_RESULT" {
        let at = bank.shown(occurrence.at).as_millisecond();
        fields.push(("occur_time", number(at)));
    }
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Some(Message { kind, body: Json::Object(fields).to_string() })
}

fn card_id(card: &Card) -> Json {
    Json::Number(card.id.clone())
}

fn user_id(card: &Card) -> Json {
    Json::Number(card.holder_id.clone())
}

fn result(success: bool) -> Json {
    text(if success { "SUCCESS" } else { "FAILED" })
}

/// The table has three fields more than the example.
fn recharge(bank: &Bank, row: &Row, card: &Card, as_in_table: bool) -> Fields {
    let mut fields = vec![
        ("card_id", card_id(card)),
        ("transaction_id", number(rows::row_id(row))),
        ("receive_amount", amount(row.amount)),
        ("status", result(row.progress == Progress::Cleared)),
        ("currency", text(card.currency.code())),
    ];
    if as_in_table {
        let template = template_of(bank.rules.programme(), card.currency, card.physical);
        fields.push(("template_id", number(template)));
        fields.push(("user_id", user_id(card)));
        fields.push(("description", text("Card recharge")));
    }
    fields
}

/// Names of the list of transactions (2.12), inferred.
fn transaction(row: &Row, card: &Card) -> Fields {
    let mut fields = vec![
        ("card_id", card_id(card)),
        ("user_id", user_id(card)),
        ("transaction_id", number(rows::row_id(row))),
        ("amount", amount(row.amount)),
        ("currency", text(card.currency.code())),
        ("type", text(rows::row_type(row))),
        ("status", text(rows::row_status(row))),
        ("merchant_name", text(rows::merchant_name(row))),
    ];
    if let Some(reason) = row.reason {
        fields.push(("description", text(reason.code())));
    }
    fields
}

/// Activation with the card's number, which is documented; locks; closing with what it gave back.
fn state(bank: &Bank, news: &StateNews) -> Option<(&'static str, Fields)> {
    let card = bank.cards.get(news.card)?;
    let mut fields = vec![("card_id", card_id(card)), ("status", result(!news.failed))];
    match (news.from, news.to) {
        (_, CardState::Pending | CardState::Blocked) => None,
        (CardState::Pending, CardState::Active) => {
            fields.push(("card_number", text(card.number.as_str())));
            Some(("CARD_ACTIVATE_RESULT", fields))
        }
        (_, CardState::Active | CardState::Frozen) => {
            let word = if news.to == CardState::Active { "ACTIVE" } else { "LOCKED" };
            fields.push(("card_status", text(word)));
            Some(("CARD_STATUS_CHANGE", fields))
        }
        (_, CardState::Closed) => {
            if let Some(row) = news.returned.and_then(|row| bank.rows.get(row)) {
                fields.push(("transaction_id", number(rows::row_id(row))));
                fields.push(("refund_amount", amount(row.amount)));
            }
            Some(("CARD_CLOSE_RESULT", fields))
        }
    }
}

fn balance(bank: &Bank, news: &BalanceNews) -> Option<Fields> {
    let card = bank.cards.get(news.card)?;
    Some(vec![
        ("card_id", card_id(card)),
        ("amount", amount(news.booked)),
        ("available", amount(news.available)),
        ("before_available", amount(news.available_before)),
        ("currency", text(card.currency.code())),
    ])
}

/// A purchase waits for its holder's word, a wallet for a code (inferred).
fn code(bank: &Bank, news: &CodeNews) -> Option<(&'static str, Fields)> {
    let card = bank.cards.get(news.card)?;
    let mut fields = vec![("card_id", card_id(card)), ("user_id", user_id(card))];
    let code = format!("{:06}", news.code);
    let Some(row) = news.purchase else {
        fields.push(("type", text("GOOGLE_PAY")));
        fields.push(("description", text(format!("Your verification code is {code}"))));
        return Some(("CARD_VERIFICATION", fields));
    };
    if let Some(row) = bank.rows.get(row) {
        fields.push(("transaction_id", number(rows::row_id(row))));
        fields.push(("amount", amount(row.amount)));
        fields.push(("currency", text(card.currency.code())));
        fields.push(("merchant_name", text(rows::merchant_name(row))));
    }
    fields.push(("status", text("PENDING")));
    fields.push(("description", text(format!("3DS code {code}"))));
    Some(("CARD_3DS", fields))
}

/// Ids that are there on success or on failure alone are so here (3.3).
fn issue(
    bank: &Bank,
    card: usize,
    step: IssueStep,
    approved: bool,
) -> Option<(&'static str, Fields)> {
    let card = bank.cards.get(card)?;
    Some(match (step, approved) {
        (IssueStep::HolderChecked, true) => {
            ("USER_CREATE_RESULT", vec![("user_id", user_id(card)), ("status", text("APPROVED"))])
        }
        (IssueStep::HolderChecked, false) => {
            let why = text("The document is not readable");
            let fields =
                vec![("user_id", user_id(card)), ("status", text("REJECTED")), ("message", why)];
            ("USER_CREATE_RESULT", fields)
        }
        (IssueStep::Applied, _) => {
            let template = template_of(bank.rules.programme(), card.currency, card.physical);
            let mut fields = vec![("template_id", number(template)), ("user_id", user_id(card))];
            if approved {
                fields.push(("card_id", card_id(card)));
            }
            fields.push(("status", result(approved)));
            ("CARD_APPLY_RESULT", fields)
        }
        (IssueStep::Assigned, true) => {
            ("CARD_ASSIGN_RESULT", vec![("card_id", card_id(card)), ("status", result(true))])
        }
        (IssueStep::Assigned, false) => {
            let why = text("101:0 - card number not exist");
            let fields =
                vec![("status", result(false)), ("error_reason", why), ("user_id", user_id(card))];
            ("CARD_ASSIGN_RESULT", fields)
        }
    })
}

/// Encrypted and signed with the key of the requests, under a new initialization vector (3.1).
pub(super) fn seal(message: &Message, mut sealing: Sealing<'_>) -> Letter {
    let body = sealed(message.kind, &message.body, sealing.random.iv()).to_string();
    Letter { path: String::new(), headers: Vec::new(), body }
}

/// The envelope of an event (3.1).
pub(super) fn sealed(kind: &str, body: &str, iv: [u8; 16]) -> Json {
    let key = SECRET_KEY.as_bytes();
    let sealed =
        crypto::cbc_encrypt(key, iv, body.as_bytes()).expect("the sandbox's own key has 32 bytes");
    let hmac = crypto::hmac_hex(key, &sealed);
    object([("encrypted_payload", text(sealed)), ("type", text(kind)), ("hmac", text(hmac))])
}
