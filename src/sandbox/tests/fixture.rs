//! A bank and a client for each of its wires, written from the documents.

use super::*;
use crate::sandbox::call::Signing;

/// A bank whose clock the test moves, and a client for each wire.
pub(super) struct Fixture {
    pub(super) sandbox: Sandbox,
    seconds: Arc<AtomicU64>,
    pub(super) nonce: AtomicU64,
}

/// The fields of an enkash load (2.4), behind those that every call has.
pub(super) fn enkash_load(card: &str, amount: &str, reference: &str) -> String {
    [
        format!(r#","amount":{amount},"transactionType":"CR","type":"ALLOCATE_FUND""#),
        r#","transactionCode":"ALLOCATION""#.to_owned(),
        format!(r#","uniqueReferenceNumber":"{reference}","enKashCardId":"{card}""#),
    ]
    .concat()
}

/// A transfer onto a card at ibanera (2.13).
#[derive(Clone, Copy)]
pub(super) struct Transfer<'a> {
    pub(super) card: &'a str,
    pub(super) amount: &'a str,
    pub(super) reference: &'a str,
    pub(super) customer: &'a str,
    pub(super) account: &'a str,
    pub(super) currency: &'a str,
}

impl<'a> Transfer<'a> {
    /// Paid from the manager's account.
    pub(super) const fn by_manager(card: &'a str, amount: &'a str, reference: &'a str) -> Self {
        Self { card, amount, reference, customer: "14380", account: "8204", currency: "USD" }
    }

    pub(super) fn json(&self) -> String {
        let Self { card, amount, reference, customer, account, currency } = self;
        [
            format!(r#"{{"amount":{amount},"reference":"{reference}","#),
            format!(r#""transferTypes":"TopUpCard","currencyType":"{currency}","#),
            format!(r#""DestinationCardId":{card},"CustomersId":"{customer}","#),
            format!(r#""CustomerAssetAccountId":{account}}}"#),
        ]
        .concat()
    }
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

    /// `signed` are the fields of the body, sorted in among the headers as a client must.
    pub(super) async fn artha_with(
        &self,
        method: &str,
        path: &str,
        body: &str,
        signed: &[(&str, &str)],
        signing: Signing,
    ) -> Answer {
        let nonce = self.nonce.fetch_add(1, Ordering::SeqCst).to_string();
        let timestamp = self.now().as_second().to_string();
        let mut pairs: Vec<String> =
            signed.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.extend([
            format!("customerToken={}", artha::TOKEN),
            format!("nonce={nonce}"),
            format!("timestamp={timestamp}"),
        ]);
        pairs.sort();
        let text = match signing {
            Signing::Right => pairs.join("&"),
            Signing::Wrong => "something else".to_owned(),
        };
        let signature = artha::sign(&text);
        let bearer = format!("Bearer {}", artha::TOKEN);
        let headers = [
            ("Authorization", bearer.as_str()),
            ("timestamp", &timestamp),
            ("nonce", &nonce),
            ("customerToken", artha::TOKEN),
            ("signature", &signature),
        ];
        self.ask(Dialect::Artha, method, &format!("/api/v1/{path}"), &headers, body.to_owned())
            .await
    }

    pub(super) async fn artha_get(&self, path: &str) -> Value {
        let (status, body) = self.artha_with("GET", path, "", &[], Signing::Right).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body:?}");
        serde_json::from_str(&body.unwrap()).unwrap()
    }

    pub(super) async fn artha_post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = format!(
            "{{{}}}",
            fields
                .iter()
                .map(|(name, value)| format!("{name:?}:{value:?}"))
                .collect::<Vec<_>>()
                .join(",")
        );
        self.artha_with("POST", path, &body, fields, Signing::Right).await
    }

    pub(super) async fn banana_raw(&self, path: &str, plain: &str, key: &str) -> Answer {
        let sealed =
            seal::cbc_seal(banana::SECRET_KEY.as_bytes(), [7; 16], plain.as_bytes()).unwrap();
        let hmac = seal::hmac_hex(key.as_bytes(), &sealed);
        let headers = [
            ("Merchant-ID", banana::MERCHANT_ID),
            ("X-HMAC", hmac.as_str()),
            ("Content-Type", "application/json"),
        ];
        self.ask(
            Dialect::Banana,
            "POST",
            path,
            &headers,
            format!(r#"{{"encrypted_payload":"{sealed}"}}"#),
        )
        .await
    }

    pub(super) async fn banana(&self, path: &str, plain: &str) -> (StatusCode, String) {
        let (status, body) = self.banana_raw(path, plain, banana::SECRET_KEY).await;
        let envelope: Value = serde_json::from_str(&body.unwrap()).unwrap();
        let sealed = envelope["encrypted_payload"].as_str().unwrap();
        assert!(seal::hmac_holds(
            banana::SECRET_KEY.as_bytes(),
            sealed,
            envelope["hmac"].as_str().unwrap()
        ));
        (
            status,
            String::from_utf8(seal::cbc_open(banana::SECRET_KEY.as_bytes(), sealed).unwrap())
                .unwrap(),
        )
    }

    pub(super) async fn enkash_login(&self, password: &str) -> Answer {
        let basic = format!(
            "Basic {}",
            BASE64.encode(format!("{}:{}", enkash::CLIENT_ID, enkash::CLIENT_SECRET).as_bytes())
        );
        let form = format!(
            "username={}&password={password}&grant_type=password&clientId={}",
            enkash::USERNAME,
            enkash::COMPANY_ID
        );
        let headers = [
            ("Authorization", basic.as_str()),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        self.ask(Dialect::Enkash, "POST", "/oauth/token", &headers, form).await
    }

    pub(super) async fn enkash_token(&self) -> String {
        let (_, body) = self.enkash_login(enkash::PASSWORD).await;
        let answer: Value = serde_json::from_str(&body.unwrap()).unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    pub(super) async fn enkash(&self, token: &str, path: &str, fields: &str) -> Answer {
        let plain = format!(
            r#"{{"companyId":"{}","cardAccountId":"{}"{fields}}}"#,
            enkash::COMPANY_ID,
            enkash::CARD_ACCOUNT_ID
        );
        let sealed = seal::ecb_seal(enkash::ENCRYPTION_KEY, plain.as_bytes()).unwrap();
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("partnerId", enkash::PARTNER_ID)];
        let path = format!("/api/v0/partner/enKashCard{path}");
        let (status, body) = self
            .ask(Dialect::Enkash, "POST", &path, &headers, format!(r#"{{"request":"{sealed}"}}"#))
            .await;
        let opened = body.map(|body| {
            let envelope: Value = serde_json::from_str(&body).unwrap();
            match envelope["request"].as_str() {
                Some(sealed) => {
                    String::from_utf8(seal::ecb_open(enkash::ENCRYPTION_KEY, sealed).unwrap())
                        .unwrap()
                }
                None => body,
            }
        });
        (status, opened)
    }

    pub(super) fn otp(&self) -> String {
        seal::totp(ibanera::SHARED_SECRET, self.now().as_second()).unwrap()
    }

    pub(super) async fn ibanera_login(&self, password: &str, otp: &str) -> Answer {
        let body = format!(
            r#"{{"username":"{}","password":"{password}","otp":"{otp}"}}"#,
            ibanera::USERNAME
        );
        self.ask(Dialect::Ibanera, "POST", "/api/v1/public/auth/login", &[], body).await
    }

    pub(super) async fn ibanera_token(&self) -> String {
        let (status, body) = self.ibanera_login(ibanera::PASSWORD, &self.otp()).await;
        assert_eq!(status, StatusCode::OK, "{body:?}");
        let answer: Value = serde_json::from_str(&body.unwrap()).unwrap();
        answer["details"]["accessToken"].as_str().unwrap().to_owned()
    }

    pub(super) async fn ibanera(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> (StatusCode, Value) {
        let (bearer, otp) = (format!("Bearer {token}"), self.otp());
        let headers = [("Authorization", bearer.as_str()), ("otp", otp.as_str())];
        let path = format!("/api/v1/customer/{path}");
        let (status, body) =
            self.ask(Dialect::Ibanera, method, &path, &headers, body.to_owned()).await;
        let body = body.unwrap();
        (status, if body.is_empty() { Value::Null } else { serde_json::from_str(&body).unwrap() })
    }
}
