//! Which account pays for a top-up at ibanera, and whether it can: read before each one, so that
//! what cannot be paid is never sent.
//!
//! An account belongs to one customer, and `CustomersId` must name that customer. The documents do
//! not say whose account their example names (ibanera wire notes, 2.13): the setting `pays`
//! does.

use std::sync::Arc;

use super::call::Call;
use super::settings::{self, Pays};
use super::{Ibanera, path_segment, wire};
use crate::domain::card::Card;
use crate::domain::money::Money;
use crate::provider::{Error, ErrorKind, Payer, Result};

/// Why top-ups are not offered while `pays` is not set.
pub(super) const PAYER_NOT_SET: &str = "who pays is not set: write pays = \"customer\" (the card's \
                                      customer) or pays = \"manager\" (you) in this provider's \
                                      settings";

/// Rows of a page of accounts.
const PAGE: usize = 50;

/// Pages of accounts read at most.
const MAX_PAGES: u32 = 100;

/// The account that pays, and whose it is.
#[derive(Debug)]
pub(super) struct PayingAccount {
    /// The customer it belongs to: `CustomersId`.
    pub(super) customer: Arc<str>,
    /// Its number: `CustomerAssetAccountId`.
    pub(super) account: i64,
    /// `USD` or `dUSD`: `currencyType`.
    pub(super) currency: &'static str,
    /// Its balance, where the answer has it.
    holds: Option<Money>,
}

/// Why no account can pay.
#[derive(Debug)]
pub(super) struct NoPayer {
    /// Whose account was searched.
    who: String,
    /// One sentence.
    pub(super) why: String,
}

impl PayingAccount {
    fn who(&self) -> String {
        format!("account {} of customer {}", self.account, self.customer)
    }

    /// Why it cannot pay this sum, as far as is known. A digital dollar counts as a dollar
    /// (INFERENCE).
    pub(super) fn short_of(&self, sum: Money) -> Option<String> {
        let holds = self.holds.filter(|holds| holds.amount() < sum.amount())?;
        Some(format!("{} holds {holds}, and {sum} are to be paid", self.who()))
    }

    /// For a quote of this sum.
    pub(super) fn payer(&self, sum: Money) -> Payer {
        Payer {
            who: self.who(),
            account: Some(self.account.to_string().into()),
            holds: self.holds,
            trouble: self.short_of(sum),
        }
    }
}

impl NoPayer {
    /// For a quote.
    pub(super) fn payer(self) -> Payer {
        Payer { who: self.who, account: None, holds: None, trouble: Some(self.why) }
    }
}

impl Ibanera {
    /// The account that is to pay for a card's top-up, read now.
    ///
    /// # Errors
    /// When the accounts could not be read, or `pays` is not set.
    pub(super) async fn paying(
        &self,
        card: &Card,
    ) -> Result<std::result::Result<PayingAccount, NoPayer>> {
        match self.pays {
            None => Err(Error::new(&self.provider, ErrorKind::NotOffered, PAYER_NOT_SET)),
            Some(Pays::Customer) => self.customer_pays(card).await,
            Some(Pays::Manager) => self.manager_pays(card).await,
        }
    }

    async fn customer_pays(
        &self,
        card: &Card,
    ) -> Result<std::result::Result<PayingAccount, NoPayer>> {
        let customer = card.owner.clone();
        let customer = customer.ok_or_else(|| {
            self.invalid("the card's customer is not known yet: wait for its first reading")
        })?;
        let who = format!("customer {customer}");
        let accounts = match self.accounts_of(&customer).await {
            Ok(accounts) => accounts,
            // The path of the list is inferred; the account itself tells as much, when it is named.
            Err(error)
                if error.kind == ErrorKind::NotFound
                    && self.named(card).is_ok_and(|named| named.is_some()) =>
            {
                match self.named_account(card, &customer).await? {
                    Some(account) => vec![account],
                    None => return Ok(Err(unlisted(who, &error))),
                }
            }
            // The path is inferred, and so is what it says of a customer without accounts.
            Err(error)
                if matches!(
                    error.kind,
                    ErrorKind::NotFound | ErrorKind::Refused | ErrorKind::BadReply
                ) =>
            {
                let why = format!(
                    "the accounts of {who} could not be listed ({}); the call's path is \
                     list-accounts in paths",
                    error.reason()
                );
                return Ok(Err(NoPayer { who, why }));
            }
            Err(error) => return Err(error),
        };
        Ok(match self.pick(card, &accounts, &who) {
            Ok((account, currency, holds)) => {
                Ok(PayingAccount { customer, account, currency, holds })
            }
            Err(why) => Err(NoPayer { who, why }),
        })
    }

    async fn manager_pays(
        &self,
        card: &Card,
    ) -> Result<std::result::Result<PayingAccount, NoPayer>> {
        let who = "the manager".to_owned();
        let accounts = self.accounts().await?;
        let (account, currency, holds) = match self.pick(card, &accounts, &who) {
            Ok(picked) => picked,
            Err(why) => return Ok(Err(NoPayer { who, why })),
        };
        let customer = match self.manager(account).await {
            Ok(customer) => customer,
            Err(error)
                if matches!(
                    error.kind,
                    ErrorKind::NotFound | ErrorKind::Refused | ErrorKind::BadReply
                ) =>
            {
                let why = format!(
                    "the manager's own customer id is not known ({}): write it as manager_id in \
                     this provider's settings",
                    error.reason()
                );
                return Ok(Err(NoPayer { who: format!("account {account} of the manager"), why }));
            }
            Err(error) => return Err(error),
        };
        Ok(Ok(PayingAccount { customer, account, currency, holds }))
    }

    /// The manager's own customer id: as configured, else as its account tells it. Neither the
    /// login nor the list of its accounts has it: the login's `id` is often the user's (ibanera
    /// wire notes, 1.2, 2.15 and 2.16).
    async fn manager(&self, account: i64) -> Result<Arc<str>> {
        let ask = async {
            let path = format!("{}?id={account}", self.spelling.path(settings::ACCOUNT));
            let (answer, envelope) = self.ask(Call::read(&path)).await?;
            let owner = envelope
                .details()
                .and_then(|row| row.first_id(&["customersID"]))
                .filter(|id| &**id != "0");
            owner.ok_or_else(|| {
                answer.bad_reply(&format!("account {account} does not tell whose it is"))
            })
        };
        self.manager.get_or_try_init(|| ask).await.cloned()
    }

    /// The account that is named for a card: by the roster, else by the setting.
    fn named(&self, card: &Card) -> std::result::Result<Option<i64>, String> {
        match card.account.as_deref() {
            None => Ok(self.asset_account_id),
            Some(text) => text.parse().map(Some).map_err(|_| {
                format!(
                    "the roster names account \"{text}\" for this card, and ibanera's account ids \
                     are numbers"
                )
            }),
        }
    }

    /// The account that is named for a card, read by itself (ibanera wire notes, 2.16), if it says
    /// that it is this customer's.
    async fn named_account(
        &self,
        card: &Card,
        customer: &str,
    ) -> Result<Option<wire::AssetAccount>> {
        let Ok(Some(id)) = self.named(card) else { return Ok(None) };
        let path = format!("{}?id={id}", self.spelling.path(settings::ACCOUNT));
        let (answer, envelope) = match self.ask(Call::read(&path)).await {
            Ok(read) => read,
            Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Refused) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let Some(raw) = envelope.rows().into_iter().next() else { return Ok(None) };
        let account = wire::asset_account(raw)
            .map_err(|why| answer.bad_reply(&format!("an account cannot be read: {why}")))?;
        Ok(account.filter(|account| account.owner.as_deref() == Some(customer)))
    }

    /// The account that pays among those of the payer: the card's own of the roster, else the
    /// setting's, else the only one in dollars or digital dollars that is switched on.
    fn pick(
        &self,
        card: &Card,
        accounts: &[wire::AssetAccount],
        who: &str,
    ) -> std::result::Result<(i64, &'static str, Option<Money>), String> {
        let named = self.named(card)?;
        let numbered = || {
            accounts
                .iter()
                .filter_map(|account| Some((account.id.as_deref()?.parse::<i64>().ok()?, account)))
        };
        let fits = |(id, account): (i64, &wire::AssetAccount)| {
            dollars(account)
                .filter(|_| !account.suppressed)
                .map(|currency| (id, currency, account.available))
        };
        let listed = |of: &mut dyn Iterator<Item = (i64, &wire::AssetAccount)>| {
            let all: Vec<String> =
                of.map(|(id, account)| format!("{id} {}", account.currency)).collect();
            if all.is_empty() { "none".to_owned() } else { all.join(", ") }
        };
        if let Some(wanted) = named {
            let Some((id, account)) = numbered().find(|(id, _)| *id == wanted) else {
                let others = listed(&mut numbered());
                return Err(format!(
                    "account {wanted} is not one of {who}; those that are listed: {others}"
                ));
            };
            if account.suppressed {
                return Err(format!("account {id} of {who} is switched off"));
            }
            return fits((id, account)).ok_or_else(|| {
                format!(
                    "account {id} of {who} is in {}: top-ups are paid in USD or dUSD",
                    account.currency
                )
            });
        }
        let fitting: Vec<_> = numbered().filter_map(fits).collect();
        match fitting.as_slice() {
            [account] => Ok(*account),
            [] => {
                let others = listed(&mut numbered());
                Err(format!(
                    "{who} has no USD or dUSD account that is switched on; those that are listed: \
                     {others}"
                ))
            }
            _ => {
                let all = listed(&mut numbered().filter(|pair| fits(*pair).is_some()));
                Err(format!(
                    "several accounts of {who} could pay ({all}): name one as asset_account_id, \
                     or for this card in the roster's column account"
                ))
            }
        }
    }

    /// All of the manager's own accounts: without a page they come at once (ibanera wire notes,
    /// 2.15).
    pub(super) async fn accounts(&self) -> Result<Vec<wire::AssetAccount>> {
        let path = self.spelling.path(settings::ACCOUNT_BALANCES);
        let (answer, envelope) = self.ask(Call::read(path)).await?;
        let size = envelope.rows().len().max(1);
        self.more_accounts(answer, envelope, |page| {
            format!("{path}?pageNumber={page}&pageSize={size}")
        })
        .await
    }

    /// All accounts of one customer (ibanera wire notes, 2.16; path and rows are INFERENCE there).
    /// Rows that name another customer do not count.
    async fn accounts_of(&self, customer: &str) -> Result<Vec<wire::AssetAccount>> {
        let path = format!(
            "{}?CustomersId={}",
            self.spelling.path(settings::LIST_ACCOUNTS),
            path_segment(customer)
        );
        let paged = |page: u32| format!("{path}&PageSize={PAGE}&PageNumber={page}");
        let (answer, envelope) = self.ask(Call::read(&paged(self.lists.first_page))).await?;
        let mut accounts = self.more_accounts(answer, envelope, paged).await?;
        accounts.retain(|account| account.owner.as_deref().is_none_or(|owner| owner == customer));
        Ok(accounts)
    }

    /// The accounts of a first answer and of all pages behind it.
    async fn more_accounts(
        &self,
        mut answer: crate::provider::http::Answer,
        mut envelope: super::envelope::Envelope,
        path: impl Fn(u32) -> String,
    ) -> Result<Vec<wire::AssetAccount>> {
        let pages = envelope.pages().unwrap_or(1).min(MAX_PAGES);
        let mut accounts: Vec<wire::AssetAccount> = Vec::new();
        // A count of pages that lies loses no account behind a full page.
        for page in 1..=MAX_PAGES {
            let (before, full) = (accounts.len(), envelope.rows().len() >= PAGE);
            for raw in envelope.listed().map_err(|error| answer.bad_reply(&error.0))? {
                let account = wire::asset_account(raw).map_err(|why| {
                    answer.bad_reply(&format!("an account cannot be read: {why}"))
                })?;
                // A list that ignores the page must not count an account twice.
                accounts.extend(
                    account.filter(|new| {
                        new.id.is_none() || accounts.iter().all(|old| old.id != new.id)
                    }),
                );
            }
            let nothing_new = accounts.len() == before;
            if page >= pages && (!full || nothing_new) {
                break;
            }
            (answer, envelope) = self.ask(Call::read(&path(page + self.lists.first_page))).await?;
        }
        Ok(accounts)
    }
}

/// Why a customer's accounts are not known.
fn unlisted(who: String, error: &Error) -> NoPayer {
    let why = format!(
        "the accounts of {who} could not be listed ({}); the call's path is list-accounts in paths",
        error.reason()
    );
    NoPayer { who, why }
}

/// What pays for top-ups (ibanera wire notes, 2.13).
fn dollars(account: &wire::AssetAccount) -> Option<&'static str> {
    ["USD", "dUSD"].into_iter().find(|code| *code == account.currency.code())
}
