"""The test cards that Stripe publishes, with what each of them does."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class ListedCard:
    """One published number; everything else about it is behaviour."""

    number: str
    title: str
    brand: str = "visa"
    funding: str = "credit"
    token: str | None = None
    decline_code: str | None = None
    error_code: str = "card_declined"
    is_blocked: bool = False
    authentication: str = "never"
    decline_after_authentication: str | None = None
    dispute: str | None = None
    has_early_fraud_warning: bool = False
    owner: str = ""

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def fingerprint(self) -> str:
        """Same number, same value, as within one Stripe account; a named owner has a card of their own."""
        return hashlib.sha256(f"stand-in account {self.number}{self.owner}".encode()).hexdigest()[:16]


_CARDS = (
    ListedCard("4242424242424242", "Visa: succeeds", token="pm_card_visa"),
    ListedCard("5555555555554444", "Mastercard: succeeds", brand="mastercard", token="pm_card_mastercard"),
    ListedCard("378282246310005", "American Express: succeeds", brand="amex", token="pm_card_amex"),
    ListedCard("4000056655665556", "Visa debit: succeeds", funding="debit", token="pm_card_visa_debit"),
    ListedCard(
        "5105105105105100",
        "Mastercard prepaid: succeeds unless prepaid cards are blocked",
        brand="mastercard",
        funding="prepaid",
        token="pm_card_mastercard_prepaid",
    ),
    ListedCard(
        "4000002760003184",
        "3-D Secure on each payment",
        authentication="always",
        token="pm_card_authenticationRequired",
    ),
    ListedCard(
        "4000002500003155",
        "3-D Secure unless the card was set up before",
        authentication="unless_set_up",
        token="pm_card_authenticationRequiredOnSetup",
    ),
    ListedCard(
        "4000008260003178",
        "3-D Secure, then insufficient funds",
        authentication="always",
        decline_after_authentication="insufficient_funds",
        token="pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
    ),
    ListedCard(
        "4000000000000002", "Declined", decline_code="generic_decline", token="pm_card_visa_chargeDeclined"
    ),
    ListedCard(
        "4000000000009995",
        "Declined: insufficient funds",
        decline_code="insufficient_funds",
        token="pm_card_visa_chargeDeclinedInsufficientFunds",
    ),
    ListedCard(
        "4000000000009979",
        "Declined: stolen card",
        decline_code="stolen_card",
        token="pm_card_visa_chargeDeclinedStolenCard",
    ),
    ListedCard(
        "4000000000000069",
        "Declined: expired card",
        error_code="expired_card",
        decline_code="expired_card",
        token="pm_card_chargeDeclinedExpiredCard",
    ),
    ListedCard(
        "4000000000000127",
        "Declined: wrong security code",
        error_code="incorrect_cvc",
        decline_code="incorrect_cvc",
        token="pm_card_chargeDeclinedIncorrectCvc",
    ),
    ListedCard(
        "4000000000000119",
        "Declined: processing error",
        error_code="processing_error",
        decline_code="processing_error",
        token="pm_card_chargeDeclinedProcessingError",
    ),
    ListedCard(
        "4100000000000019",
        "Blocked as fraud",
        decline_code="fraudulent",
        is_blocked=True,
        token="pm_card_radarBlock",
    ),
    ListedCard(
        "4000000000000341",
        "Can be saved, each charge is declined",
        decline_code="generic_decline",
        token="pm_card_chargeCustomerFail",
    ),
    ListedCard(
        "4000000000000259", "Succeeds, then disputed", dispute="needs_response", token="pm_card_createDispute"
    ),
    ListedCard(
        "4000000000001976",
        "Succeeds, then an inquiry",
        dispute="warning_needs_response",
        token="pm_card_createDisputeInquiry",
    ),
    ListedCard(
        "4000000000005423",
        "Succeeds, then an early fraud warning",
        has_early_fraud_warning=True,
        token="pm_card_createIssuerFraudRecord",
    ),
)
BY_NUMBER = {card.number: card for card in _CARDS}
BY_TOKEN = {card.token: card for card in _CARDS}

MESSAGES = {
    "generic_decline": "Your card was declined.",
    "fraudulent": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "stolen_card": "Your card was declined.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}


class CardInputError(Exception):
    """The card page's own check failed; `field` is the form field."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def read_number(text: str) -> ListedCard:
    """The listed card. Raises CardInputError for anything that is not on the list."""
    number = "".join(text.split()).replace("-", "")
    if not number.isdecimal() or not _has_check_digit(number):
        raise CardInputError("cardNumber", "Your card number is invalid.")
    card = BY_NUMBER.get(number)
    if card is None:
        raise CardInputError(
            "cardNumber", "Your card was declined. This page takes only the listed test cards."
        )
    return card


def read_expiry(text: str, *, today: datetime) -> tuple[int, int]:
    """(month, four-digit year). Raises CardInputError when unreadable or past."""
    parts = text.replace(" ", "").split("/")
    if len(parts) == 1 and len(parts[0]) == 4:
        parts = [text[:2], text[2:]]
    if len(parts) != 2 or not all(part.isdecimal() for part in parts) or len(parts[1]) not in (2, 4):
        raise CardInputError("cardExpiry", "Your card's expiration date is incomplete.")
    month = int(parts[0])
    year = int(parts[1]) + (2000 if len(parts[1]) == 2 else 0)
    if not 1 <= month <= 12:
        raise CardInputError("cardExpiry", "Your card's expiration date is invalid.")
    if (year, month) < (today.year, today.month):
        raise CardInputError("cardExpiry", "Your card's expiration date is in the past.")
    return month, year


def check_cvc(text: str, card: ListedCard) -> None:
    """Raises CardInputError unless the code has the length of the brand's."""
    length = 4 if card.brand == "amex" else 3
    if not text.isdecimal() or len(text) != length:
        raise CardInputError("cardCvc", "Your card's security code is incomplete.")


def default_expiry() -> tuple[int, int]:
    """(month, year) of a card paid without the page: always in the future."""
    return 12, datetime.now(UTC).year + 4


def _has_check_digit(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[0::2]) + sum(doubled)) % 10 == 0
