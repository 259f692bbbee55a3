//! enkash's webhooks: a secret that the sender knows.

use super::*;

#[test]
fn enkash_sends_the_keys_that_were_seen_with_a_secret() {
    let fixture = on();
    let secret = fixture.sandbox.webhook_secrets(Dialect::Enkash).secret.unwrap();
    let samples = fixture.sandbox.sample_webhooks(Dialect::Enkash);
    assert_eq!(kinds(&samples), BTreeSet::from(["ALLOCATE_FUND", "FEE", "REFUND", "SALE"]));
    let root = "enKashCardTransactionId maskedCard enkashCardId userId cardKitNumber \
                cardHolderName companyName companyId principalAmount fcyAmount balance \
                pgReferenceNumber description currency fcyCurrency cardTransactionType status \
                type createdOn txnDate modifiedOn txnDetails";
    let details = "id txnRefNo merchantName transactionType mcc channel retrievalRefNo traceNo \
                   txnCurrency network transactionFees";
    for sample in &samples {
        let body = json(&sample.body);
        assert_eq!(keys(&body), root.split_whitespace().collect());
        assert_eq!(keys(&body["txnDetails"]), details.split_whitespace().collect());
        for number in ["principalAmount", "fcyAmount", "balance"] {
            assert!(body[number].is_number(), "{number}");
        }
        assert_eq!(sample.header("X-Webhook-Secret"), Some(secret));
    }
    let in_path = WebhookOptions { secret_in_path: true, ..WebhookOptions::default() };
    let samples = with(&[], in_path).sandbox.sample_webhooks(Dialect::Enkash);
    assert_eq!(samples[0].path, format!("/enkash/{secret}"));
    assert_eq!(samples[0].header("x-webhook-secret"), None);
}
