//! A bank whose clock the test moves, and what tests ask of every wire. The clients are written
//! from the documents, one file a dialect.

use async_trait::async_trait;

use super::*;

pub(super) struct Fixture {
    pub(super) sandbox: Sandbox,
    seconds: Arc<AtomicU64>,
    /// For the next request that needs one.
    pub(super) nonce: AtomicU64,
}

/// Status and body; `None` for a body that broke off.
pub(super) type Answer = (StatusCode, Option<String>);

impl Fixture {
    pub(super) fn new(options: Options) -> Self {
        let seconds = Arc::new(AtomicU64::new(0));
        let start: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let passed = Arc::clone(&seconds);
        let clock = Clock::of(move || {
            start + SignedDuration::from_secs(i64::try_from(passed.load(Ordering::SeqCst)).unwrap())
        });
        Self {
            sandbox: Sandbox::new(options, clock),
            seconds,
            nonce: AtomicU64::new(1_000_000_000),
        }
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(super) fn now(&self) -> Timestamp {
        self.sandbox.0.clock.now()
    }

    pub(super) fn card(&self, dialect: Dialect, index: usize) -> String {
        self.sandbox.card_ids(dialect)[index].clone()
    }

    pub(super) async fn ask(
        &self,
        dialect: Dialect,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let mut request = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self
            .sandbox
            .router(dialect)
            .oneshot(request.body(HttpBody::from(body)).unwrap())
            .await
            .unwrap();
        let status = response.status();
        let body = response
            .into_body()
            .collect()
            .await
            .ok()
            .map(|body| String::from_utf8(body.to_bytes().to_vec()).unwrap());
        (status, body)
    }
}

/// A client of a wire, as far as tests of all wires need it.
#[async_trait]
pub(super) trait WireClient {
    /// Rows of a card as the wire lists them, newest first.
    async fn rows(&self, fixture: &Fixture, card: &str) -> Vec<Value>;

    /// A page of all cards' rows where the wire lists them, else of this card's.
    async fn page(&self, fixture: &Fixture, card: &str, number: usize, size: usize) -> Page;

    /// Asks for a top-up of the first card by 5000 in major units, and waits for it.
    async fn top_up(&self, fixture: &Fixture, card: &str);

    /// Status and text of the call that gives a card's figures.
    async fn figures(&self, fixture: &Fixture, card: &str) -> (StatusCode, String);

    fn names(&self) -> RowNames;
}

/// A page of rows.
pub(super) struct Page {
    pub(super) rows: Vec<Value>,
    /// What the answer gives as the length of the whole list, in its own unit.
    pub(super) total: Option<u64>,
}

/// What a wire calls the fields of a row.
#[derive(Clone, Copy)]
pub(super) struct RowNames {
    pub(super) id: &'static str,
    pub(super) card: &'static str,
    pub(super) time: &'static str,
    pub(super) amount: &'static str,
    pub(super) currency: &'static str,
    /// How far it got.
    pub(super) state: &'static str,
    /// What distinguishes a top-up from other rows.
    pub(super) kind: &'static str,
    /// The caller's task or reference.
    pub(super) reference: &'static str,
}

impl RowNames {
    /// A field as plain text.
    pub(super) fn text(row: &Value, name: &str) -> String {
        row[name].as_str().map_or_else(|| row[name].to_string(), str::to_owned)
    }

    pub(super) fn id(self, row: &Value) -> String {
        Self::text(row, self.id)
    }

    pub(super) fn time(self, row: &Value) -> Timestamp {
        Self::text(row, self.time).parse().unwrap()
    }
}

/// The list of clients.
pub(super) fn client(dialect: Dialect) -> &'static dyn WireClient {
    match dialect {
        Dialect::Artha => &artha::Client,
        Dialect::Banana => &banana::Client,
        Dialect::Enkash => &enkash::Client,
        Dialect::Ibanera => &ibanera::Client,
    }
}
