//! artha's callbacks (artha wire notes, 4): flat JSON to one address, told apart by `notifyType`,
//! with names in one of the two cases in which the document has them. What it does not say of
//! purchases is inferred: one `consume` when the card is used, none when it is booked.

use jiff::SignedDuration;
use rust_decimal::Decimal;

use super::callback_key::{PUBLIC_KEY, sign};
use super::signing::canonical;
use crate::domain::money::Currency;
use crate::sandbox::bank::{
    Bank, CardState, Happening, IssueStep, Occurrence, Progress, Row, RowKind, StateNews, digits,
};
use crate::sandbox::dialect::Credential;
use crate::sandbox::json::{Body, Json, text};
use crate::sandbox::letter::{
    Acknowledgement, Letter, Message, Repetition, Rules, Sealing, WebhookOptions,
};
use crate::sandbox::random::Random;

/// At the end of the path where nothing is signed: only an address is agreed on (4.1).
const WEBHOOK_SECRET: &str = "sandbox-artha-webhook-3b8e1f";

/// JSON with `code` 0 ends it; how often and how long it repeats is not documented, and ours (4.1).
pub(super) static RULES: Rules = Rules {
    acknowledgement: Acknowledgement::Code0,
    patience: SignedDuration::from_secs(10),
    again: Some(Repetition {
        first_wait: SignedDuration::from_secs(15),
        given_up_after: SignedDuration::from_hours(1),
    }),
};

/// The tasks that answers have named.
pub(super) struct Tasks<'a> {
    pub(super) of_row: &'a dyn Fn(&Row) -> Option<String>,
    pub(super) by_number: &'a dyn Fn(u64) -> String,
}

/// What an event says (4.2).
struct Event {
    kind: &'static str,
    card: usize,
    /// `None` where it is the card's id.
    task: Option<String>,
    content: Content,
}

enum Content {
    Result { success: bool, remarks: String },
    Money { success: bool, remarks: String, amount: Decimal },
    Code(u32),
}

/// What is pushed of something that happened.
pub(super) fn message(
    bank: &Bank,
    occurrence: &Occurrence,
    tasks: &Tasks<'_>,
    mut random: Random,
) -> Option<Message> {
    let unrelated = bank.random.uuid(9_000_000_000 + occurrence.number);
    let event = match &occurrence.what {
        Happening::Row(news) => {
            let (row, _) = bank.row_as_it_was(news)?;
            of_row(&row, news.was, tasks, unrelated)?
        }
        Happening::State(news) => of_state(news, tasks, unrelated)?,
        Happening::Code(news) => Event {
            kind: "OPT_CODE",
            card: news.card,
            task: None,
            content: Content::Code(news.code),
        },
        Happening::Issue { card, step: IssueStep::HolderChecked, approved } => {
            result("kycStatus", *card, None, *approved, "KYC")
        }
        Happening::Issue { .. } | Happening::Balance(_) | Happening::Funds { .. } => return None,
    };
    let card = bank.cards.get(event.card)?;
    let body = written(&event, &card.id, card.currency, random.chance(50));
    Some(Message { kind: event.kind, body: body.to_string() })
}

fn result(
    kind: &'static str,
    card: usize,
    task: Option<String>,
    success: bool,
    what: &str,
) -> Event {
    let remarks = format!("{what} {}", if success { "succeeded" } else { "failed" });
    Event { kind, card, task, content: Content::Result { success, remarks } }
}

/// Recharge, spend, refund and fee; a declined spend has failed (inferred).
fn of_row(row: &Row, was: Option<Progress>, tasks: &Tasks<'_>, unrelated: String) -> Option<Event> {
    let success = row.progress == Progress::Cleared;
    let kind = match (row.kind, was) {
        (RowKind::TopUp, _) if row.progress == Progress::Pending => return None,
        (RowKind::TopUp, _) => {
            let task = (tasks.of_row)(row).unwrap_or(unrelated);
            return Some(result("recharge", row.card, Some(task), success, "Card recharge"));
        }
        (RowKind::Purchase | RowKind::Cash, None) => "consume",
        (RowKind::Refund, None) => "refund",
        (RowKind::Fee, None) => "fee",
        (RowKind::Closing, _) | (_, Some(_)) => return None,
    };
    let remarks = row.reason.map_or("Card transaction", |reason| reason.code()).to_owned();
    let success = row.progress != Progress::Declined;
    let content = Content::Money { success, remarks, amount: row.amount };
    Some(Event { kind, card: row.card, task: Some(unrelated), content })
}

/// Activation, and the results of freeze, unfreeze and cancel, which do not say of which.
fn of_state(news: &StateNews, tasks: &Tasks<'_>, unrelated: String) -> Option<Event> {
    match (news.from, news.to) {
        (_, CardState::Pending | CardState::Blocked) => None,
        (CardState::Pending, CardState::Active) => {
            Some(result("createCard", news.card, None, !news.failed, "Card activation"))
        }
        (_, CardState::Active | CardState::Frozen | CardState::Closed) => {
            let task = news.task.map_or(unrelated, tasks.by_number);
            Some(result("operation", news.card, Some(task), !news.failed, "Card operation"))
        }
    }
}

/// The object: as on the pages of single events, or with capitals as in the guide's examples (4.2).
fn written(event: &Event, card_id: &str, currency: Currency, capitals: bool) -> Json {
    let cased = |camel: &'static str, pascal: &'static str| if capitals { pascal } else { camel };
    let kind = match event.kind {
        "OPT_CODE" => cased("opt_code", "OPT_CODE").to_owned(),
        kind if capitals => kind.to_lowercase(),
        kind => kind.to_owned(),
    };
    let task = event.task.as_deref().unwrap_or(card_id);
    let mut fields = vec![
        (cased("cardId", "CardId"), text(card_id)),
        (cased("taskId", "TaskId"), text(task)),
        (cased("notifyType", "NotifyType"), text(kind)),
    ];
    let status = |success: bool| match (success, event.kind) {
        (true, "createCard") => "SUCCESS",
        (true, _) => "Success",
        (false, _) => "Failed",
    };
    let (success, remarks) = match &event.content {
        Content::Code(code) => {
            // The example has the blank in front.
            fields.push(("OPT_CODE", text(format!(" {code:06}"))));
            return object(fields);
        }
        Content::Result { success, remarks } | Content::Money { success, remarks, .. } => {
            (*success, remarks)
        }
    };
    fields.push((cased("status", "Status"), text(status(success))));
    if let Content::Money { amount, .. } = &event.content {
        // Four decimals, but for the example of a refund.
        let amount = match event.kind {
            "refund" if capitals => digits(*amount, currency),
            _ => format!("{amount:.4}"),
        };
        fields.push(("amount", text(amount)));
        fields.push(("currency", text(currency.code())));
    }
    fields.push((cased("remarks", "Remarks"), text(remarks.as_str())));
    object(fields)
}

fn object(fields: Vec<(&str, Json)>) -> Json {
    Json::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Signed as requests are (1.5), with artha's own key, over the headers of the protocol and the
/// body (inferred, 4.1); or with a secret at the end of the path.
pub(super) fn seal(message: &Message, mut sealing: Sealing<'_>) -> Letter {
    let body = message.body.clone();
    if !sealing.options.signed {
        return Letter { path: format!("/{WEBHOOK_SECRET}"), headers: Vec::new(), body };
    }
    let timestamp = sealing.now.as_second().to_string();
    let nonce = sealing.random.letters(b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz0123", 10);
    let mut fields: Vec<(String, String)> =
        Body::read(body.as_bytes()).unwrap_or_default().pairs().collect();
    fields.push(("timestamp".to_owned(), timestamp.clone()));
    fields.push(("nonce".to_owned(), nonce.clone()));
    let signature = sign(&canonical(fields));
    let headers = vec![("timestamp", timestamp), ("nonce", nonce), ("signature", signature)];
    Letter { path: String::new(), headers, body }
}

pub(super) fn credential(options: &WebhookOptions) -> Credential {
    if options.signed {
        Credential {
            key: "callback_public_key",
            file: "artha-callback-key.pem",
            secret: PUBLIC_KEY,
        }
    } else {
        Credential { key: "webhook_secret", file: "artha-webhook-secret", secret: WEBHOOK_SECRET }
    }
}
