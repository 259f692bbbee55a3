//! Cardholders and shops of the simulated bank: names as the world writes them, none of a real
//! customer.

/// A shop, its category code (ISO 18245) and its country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merchant {
    /// As it is printed on a statement.
    pub name: String,
    /// Merchant category code, four digits.
    pub mcc: String,
    /// Two letters.
    pub country: String,
}

impl Merchant {
    /// A shop by its printed name, category code and country.
    #[must_use]
    pub fn new(name: &str, mcc: &str, country: &str) -> Self {
        Self { name: name.to_owned(), mcc: mcc.to_owned(), country: country.to_owned() }
    }
}

/// One row: name, category code, country, and what a purchase there costs in cents of a US dollar.
pub(super) type Shop = (&'static str, &'static str, &'static str, u64, u64);

pub(super) const WORLD_SHOPS: [Shop; 26] = [
    ("ICA MAXI STOCKHOLM", "5411", "SE", 900, 6_400),
    ("UBER *TRIP", "4121", "SE", 600, 2_900),
    ("LAWSON 5521", "5499", "JP", 200, 2_400),
    ("REWE 0412 BERLIN", "5411", "DE", 500, 5_800),
    ("LULU HYPERMARKET", "5411", "KW", 800, 9_000),
    ("SPOTIFY STOCKHOLM", "5815", "SE", 1_099, 1_099),
    ("NETFLIX.COM", "4899", "NL", 1_399, 1_399),
    ("SHELL 1102", "5542", "SE", 2_000, 7_500),
    ("STARBUCKS 22841", "5814", "US", 350, 1_450),
    ("CARREFOUR EXPRESS", "5411", "FR", 400, 4_200),
    ("RYANAIR DUBLIN", "4511", "IE", 2_900, 17_000),
    ("AIRBNB * HM4K2", "7011", "US", 6_000, 24_000),
    ("TESCO STORES 3021", "5411", "GB", 500, 4_900),
    ("MERCADONA VALENCIA", "5411", "ES", 600, 5_200),
    ("BOLT.EU/O/2611", "4121", "EE", 400, 1_900),
    ("7-ELEVEN SHIBUYA", "5499", "JP", 180, 1_500),
    ("IKEA ALMHULT", "5712", "SE", 1_900, 22_000),
    ("ZARA MILANO", "5651", "IT", 1_900, 11_000),
    ("AMZN MKTP DE*2K4", "5942", "LU", 700, 8_900),
    ("STEAM GAMES", "5816", "US", 499, 5_999),
    ("FIVE GUYS DUBAI", "5814", "AE", 900, 3_100),
    ("DELIVEROO.CO.UK", "5812", "GB", 1_200, 3_800),
    ("SBB CFF FFS", "4112", "CH", 600, 6_900),
    ("APOTEK HJARTAT", "5912", "SE", 400, 3_300),
    ("GRAB*RIDE", "4121", "SG", 300, 1_800),
    ("OPENAI *CHATGPT", "5734", "US", 2_000, 2_000),
];

pub(super) const INDIAN_SHOPS: [Shop; 16] = [
    ("FLIPKART INTERNET", "5311", "IN", 300, 6_000),
    ("SWIGGY BANGALORE", "5812", "IN", 150, 900),
    ("ZOMATO ONLINE ORDER", "5812", "IN", 150, 1_100),
    ("BIGBASKET", "5411", "IN", 400, 3_200),
    ("INDIAN OIL KOTA", "5541", "IN", 500, 4_000),
    ("IRCTC RAIL CONNECT", "4112", "IN", 300, 2_900),
    ("DMART ANDHERI", "5411", "IN", 500, 5_100),
    ("UBER INDIA SYSTEMS", "4121", "IN", 100, 800),
    ("OLA CABS", "4121", "IN", 100, 700),
    ("APOLLO PHARMACY", "5912", "IN", 120, 1_700),
    ("TANISHQ JEWELLERS", "5944", "IN", 5_000, 30_000),
    ("RELIANCE DIGITAL", "5732", "IN", 900, 22_000),
    ("CAFE COFFEE DAY", "5814", "IN", 100, 500),
    ("JIO RECHARGE", "4814", "IN", 200, 700),
    ("BOOKMYSHOW", "7832", "IN", 200, 1_300),
    ("MAKEMYTRIP", "4722", "IN", 3_000, 26_000),
];

pub(super) const ATMS: [Shop; 3] = [
    ("ATM NORDEA CENTRAL", "6011", "SE", 2_000, 10_000),
    ("ATM SEVEN BANK", "6011", "JP", 2_000, 10_000),
    ("ATM HSBC LONDON", "6011", "GB", 2_000, 10_000),
];

/// First name, last name, title; the first ones of each wire are the ones that stories tell of.
pub(super) type Person = (&'static str, &'static str, &'static str);

pub(super) const ARTHA_PEOPLE: [Person; 16] = [
    ("Mara", "Lindqvist", "Ms"),
    ("Jonas", "Weber", "Mr"),
    ("Lea", "Moreau", "Ms"),
    ("Ada", "Holm", "Ms"),
    ("Oda", "Krog", "Ms"),
    ("Tomás", "Herrera", "Mr"),
    ("Ingrid", "Solberg", "Ms"),
    ("Matteo", "Ricci", "Mr"),
    ("Zofia", "Nowak", "Ms"),
    ("Henrik", "Aalto", "Mr"),
    ("Chloé", "Dubois", "Ms"),
    ("Wouter", "de Vries", "Mr"),
    ("Katarína", "Horváth", "Ms"),
    ("Seán", "O'Brien", "Mr"),
    ("Elena", "Popescu", "Ms"),
    ("Nils", "Bergström", "Mr"),
];

pub(super) const BANANA_PEOPLE: [Person; 16] = [
    ("Aiko", "Tanaka", "Ms"),
    ("Femi", "Ade", "Mr"),
    ("Yusuf", "Al-Sabah", "Mr"),
    ("Lars", "Berg", "Mr"),
    ("Hana", "Kobayashi", "Ms"),
    ("Omar", "Haddad", "Mr"),
    ("Fatima", "Al-Mutairi", "Ms"),
    ("Lucía", "Fernández", "Ms"),
    ("Kenji", "Watanabe", "Mr"),
    ("Amara", "Okafor", "Ms"),
    ("Layla", "Al-Rashid", "Ms"),
    ("Marek", "Dvořák", "Mr"),
    ("Yuki", "Sato", "Ms"),
    ("Chidi", "Eze", "Mr"),
    ("Khalid", "Al-Ajmi", "Mr"),
    ("Sofia", "Papadaki", "Ms"),
];

pub(super) const ENKASH_PEOPLE: [Person; 16] = [
    ("Priya", "Nair", "Ms"),
    ("Arjun", "Mehta", "Mr"),
    ("Sam", "Okoro", "Mr"),
    ("Kavya", "Reddy", "Ms"),
    ("Rohan", "Deshpande", "Mr"),
    ("Ananya", "Iyer", "Ms"),
    ("Vikram", "Singh", "Mr"),
    ("Neha", "Kulkarni", "Ms"),
    ("Imran", "Shaikh", "Mr"),
    ("Divya", "Menon", "Ms"),
    ("Aditya", "Banerjee", "Mr"),
    ("Meera", "Joshi", "Ms"),
    ("Karan", "Malhotra", "Mr"),
    ("Lakshmi", "Venkatesan", "Ms"),
    ("Farhan", "Qureshi", "Mr"),
    ("Sneha", "Patil", "Ms"),
];

pub(super) const IBANERA_PEOPLE: [Person; 16] = [
    ("Tom", "Becker", "Mr"),
    ("Grace", "Mbeki", "Ms"),
    ("Diego", "Vargas", "Mr"),
    ("Emily", "Carter", "Ms"),
    ("Noah", "Goldberg", "Mr"),
    ("Camila", "Rocha", "Ms"),
    ("Liam", "Murphy", "Mr"),
    ("Isabella", "Rossi", "Ms"),
    ("Ethan", "Nguyen", "Mr"),
    ("Olivia", "Johansson", "Ms"),
    ("Marcus", "Brown", "Mr"),
    ("Valentina", "Castro", "Ms"),
    ("Ryan", "O'Connor", "Mr"),
    ("Mei", "Chen", "Ms"),
    ("Andre", "Silva", "Mr"),
    ("Hannah", "Fischer", "Ms"),
];
