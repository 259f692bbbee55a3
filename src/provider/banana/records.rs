//! What Banana Tech keeps of the webhooks that it sent (banana wire notes, 2.4).

use jiff::Timestamp;

use super::requests::Body;
use super::{Banana, Opened, settings};
use crate::provider::error::Result;
use crate::provider::http::Access;
use crate::provider::json::{JsonObject, in_document_names};
use crate::provider::listing;
use crate::provider::webhooks::WebhookRecords;

impl Banana {
    /// A page of the records of webhooks, newest first. INFERENCE (banana wire notes, 2.4): times
    /// are written and pages are cut as in the list of transactions, and what is left out is not
    /// filtered by.
    pub(super) async fn records(&self, since: Timestamp, offset: u64) -> Result<WebhookRecords> {
        let body = Body::default()
            .whole("skip", offset)
            .whole("limit", u64::from(self.lists.page_size))
            .flag("desc", true);
        let body = self.list_time(body, "start_date", since);
        let (answer, json) =
            self.ask_sealed(Access::Read, settings::WEBHOOK_RECORDS, &body).await?;
        let opened = Opened { answer, json: in_document_names(&json, &self.spelling) };
        opened.check_success()?;
        let rows = listing::find_rows(&opened.json).map_err(|error| opened.bad_reply(&error))?;
        let records = rows.iter().filter_map(|row| JsonObject::read(row).ok());
        let pushes = records.filter_map(|record| self.callbacks.recorded(&record)).collect();
        Ok(WebhookRecords { pushes, rows: rows.len() as u64 })
    }
}
