//! Why purchases are refused.

/// Why a purchase is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decline {
    /// Not enough money.
    LackOfMoney,
    /// The card is frozen.
    Frozen,
    /// The issuer blocked the card.
    Blocked,
    /// The card is not activated.
    NotActivated,
    /// The card is closed.
    Closed,
    /// Wrong PIN.
    WrongPin,
    /// Over the limit of a day.
    DayLimit,
    /// This kind of shop is not allowed.
    ShopKind,
    /// The 3-D Secure check was not passed.
    ThreeDSecure,
    /// Stopped as possible fraud.
    Fraud,
    /// Over a limit of another kind.
    OtherLimit,
    /// The card has expired.
    Expired,
    /// Wrong expiry or security code.
    WrongCode,
    /// Too many wrong PINs.
    PinTries,
    /// Reported lost or stolen.
    Lost,
    /// Not allowed in this country.
    Country,
    /// The issuer gives no reason.
    DoNotHonor,
    /// A code that clients have no word for.
    Unmapped,
}

impl Decline {
    /// Every reason.
    pub const ALL: [Self; 18] = [
        Self::LackOfMoney,
        Self::Frozen,
        Self::Blocked,
        Self::NotActivated,
        Self::Closed,
        Self::WrongPin,
        Self::DayLimit,
        Self::ShopKind,
        Self::ThreeDSecure,
        Self::Fraud,
        Self::OtherLimit,
        Self::Expired,
        Self::WrongCode,
        Self::PinTries,
        Self::Lost,
        Self::Country,
        Self::DoNotHonor,
        Self::Unmapped,
    ];

    /// The code that goes over the wire. No provider documents its codes: these are the
    /// usual ones of card networks.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::LackOfMoney => "INSUFFICIENT_FUNDS",
            Self::Frozen => "CARD_LOCKED",
            Self::Blocked => "CARD_BLOCKED",
            Self::NotActivated => "CARD_NOT_ACTIVATED",
            Self::Closed => "CARD_CLOSED",
            Self::WrongPin => "PIN_INVALID",
            Self::DayLimit => "LIMIT_DAY",
            Self::ShopKind => "MCC_BLOCK",
            Self::ThreeDSecure => "3DS_FAIL",
            Self::Fraud => "SUSPECTED_FRAUD",
            Self::OtherLimit => "LIMIT_EXCEEDED",
            Self::Expired => "EXPIRED_CARD",
            Self::WrongCode => "CVV_INVALID",
            Self::PinTries => "PIN_TRIES_EXCEEDED",
            Self::Lost => "LOST_OR_STOLEN",
            Self::Country => "COUNTRY_BLOCKED",
            Self::DoNotHonor => "DO_NOT_HONOR",
            Self::Unmapped => "R77",
        }
    }
}
