//! Where the cardholders of the simulated bank spend: shops as statements print them.

/// A shop, its category code (ISO 18245) and its country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merchant {
    /// As it is printed on a statement.
    pub name: String,
    /// Merchant category code, four digits.
    pub mcc: String,
    /// Country, two letters (ISO 3166-1).
    pub country: String,
}

impl Merchant {
    /// A shop by its printed name, category code and country.
    #[must_use]
    pub fn new(name: &str, mcc: &str, country: &str) -> Self {
        Self { name: name.to_owned(), mcc: mcc.to_owned(), country: country.to_owned() }
    }
}

/// A shop with its prices.
#[derive(Clone, Copy)]
pub(super) struct Shop {
    name: &'static str,
    mcc: &'static str,
    country: &'static str,
    /// What the cheapest purchase costs, in cents of a US dollar.
    pub(super) cheapest: u64,
    /// What the dearest purchase costs, in cents of a US dollar.
    pub(super) dearest: u64,
}

impl Shop {
    pub(super) fn merchant(&self) -> Merchant {
        Merchant::new(self.name, self.mcc, self.country)
    }
}

/// Where the cardholders of a programme spend.
pub(super) struct Market {
    pub(super) shops: &'static [Shop],
    /// Cash machines; empty where cards get no cash.
    pub(super) cash_machines: &'static [Shop],
    /// The shops that the stories before the start are about.
    pub(super) stories: StoryShops,
}

/// Shops of the stories, by their parts.
pub(super) struct StoryShops {
    pub(super) grocer: Shop,
    pub(super) fuel: Shop,
    pub(super) online: Shop,
    pub(super) travel: Shop,
    pub(super) taxi: Shop,
    /// Where a cardholder tries to pay with a frozen card.
    pub(super) frozen: Shop,
}

/// Shops of all countries but India.
pub(super) static WORLD: Market = Market {
    shops: WORLD_SHOPS,
    cash_machines: CASH_MACHINES,
    stories: StoryShops {
        grocer: ICA,
        fuel: SHELL,
        online: AMAZON,
        travel: AIRBNB,
        taxi: UBER,
        frozen: REWE,
    },
};

/// Shops of India, without cash.
pub(super) static INDIA: Market = Market {
    shops: INDIAN_SHOPS,
    cash_machines: &[],
    stories: StoryShops {
        grocer: DMART,
        fuel: INDIAN_OIL,
        online: FLIPKART,
        travel: MAKE_MY_TRIP,
        taxi: OLA,
        frozen: FLIPKART,
    },
};

const ICA: Shop = shop("ICA MAXI STOCKHOLM", "5411", "SE", 900, 6_400);
const UBER: Shop = shop("UBER *TRIP", "4121", "SE", 600, 2_900);
const REWE: Shop = shop("REWE 0412 BERLIN", "5411", "DE", 500, 5_800);
const SHELL: Shop = shop("SHELL 1102", "5542", "SE", 2_000, 7_500);
const AIRBNB: Shop = shop("AIRBNB * HM4K2", "7011", "US", 6_000, 24_000);
const AMAZON: Shop = shop("AMZN MKTP DE*2K4", "5942", "LU", 700, 8_900);
const FLIPKART: Shop = shop("FLIPKART INTERNET", "5311", "IN", 300, 6_000);
const INDIAN_OIL: Shop = shop("INDIAN OIL KOTA", "5541", "IN", 500, 4_000);
const DMART: Shop = shop("DMART ANDHERI", "5411", "IN", 500, 5_100);
const OLA: Shop = shop("OLA CABS", "4121", "IN", 100, 700);
const MAKE_MY_TRIP: Shop = shop("MAKEMYTRIP", "4722", "IN", 3_000, 26_000);

const fn shop(
    name: &'static str,
    mcc: &'static str,
    country: &'static str,
    cheapest: u64,
    dearest: u64,
) -> Shop {
    Shop { name, mcc, country, cheapest, dearest }
}

const WORLD_SHOPS: &[Shop] = &[
    ICA,
    UBER,
    shop("LAWSON 5521", "5499", "JP", 200, 2_400),
    REWE,
    shop("LULU HYPERMARKET", "5411", "KW", 800, 9_000),
    shop("SPOTIFY STOCKHOLM", "5815", "SE", 1_099, 1_099),
    shop("NETFLIX.COM", "4899", "NL", 1_399, 1_399),
    SHELL,
    shop("STARBUCKS 22841", "5814", "US", 350, 1_450),
    shop("CARREFOUR EXPRESS", "5411", "FR", 400, 4_200),
    shop("RYANAIR DUBLIN", "4511", "IE", 2_900, 17_000),
    AIRBNB,
    shop("TESCO STORES 3021", "5411", "GB", 500, 4_900),
    shop("MERCADONA VALENCIA", "5411", "ES", 600, 5_200),
    shop("BOLT.EU/O/2611", "4121", "EE", 400, 1_900),
    shop("7-ELEVEN SHIBUYA", "5499", "JP", 180, 1_500),
    shop("IKEA ALMHULT", "5712", "SE", 1_900, 22_000),
    shop("ZARA MILANO", "5651", "IT", 1_900, 11_000),
    AMAZON,
    shop("STEAM GAMES", "5816", "US", 499, 5_999),
    shop("FIVE GUYS DUBAI", "5814", "AE", 900, 3_100),
    shop("DELIVEROO.CO.UK", "5812", "GB", 1_200, 3_800),
    shop("SBB CFF FFS", "4112", "CH", 600, 6_900),
    shop("APOTEK HJARTAT", "5912", "SE", 400, 3_300),
    shop("GRAB*RIDE", "4121", "SG", 300, 1_800),
    shop("OPENAI *CHATGPT", "5734", "US", 2_000, 2_000),
];

const INDIAN_SHOPS: &[Shop] = &[
    FLIPKART,
    shop("SWIGGY BANGALORE", "5812", "IN", 150, 900),
    shop("ZOMATO ONLINE ORDER", "5812", "IN", 150, 1_100),
    shop("BIGBASKET", "5411", "IN", 400, 3_200),
    INDIAN_OIL,
    shop("IRCTC RAIL CONNECT", "4112", "IN", 300, 2_900),
    DMART,
    shop("UBER INDIA SYSTEMS", "4121", "IN", 100, 800),
    OLA,
    shop("APOLLO PHARMACY", "5912", "IN", 120, 1_700),
    shop("TANISHQ JEWELLERS", "5944", "IN", 5_000, 30_000),
    shop("RELIANCE DIGITAL", "5732", "IN", 900, 22_000),
    shop("CAFE COFFEE DAY", "5814", "IN", 100, 500),
    shop("JIO RECHARGE", "4814", "IN", 200, 700),
    shop("BOOKMYSHOW", "7832", "IN", 200, 1_300),
    MAKE_MY_TRIP,
];

const CASH_MACHINES: &[Shop] = &[
    shop("ATM NORDEA CENTRAL", "6011", "SE", 2_000, 10_000),
    shop("ATM SEVEN BANK", "6011", "JP", 2_000, 10_000),
    shop("ATM HSBC LONDON", "6011", "GB", 2_000, 10_000),
];
