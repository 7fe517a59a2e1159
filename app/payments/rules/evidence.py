"""What we lay before the bank in a dispute: texts from our own books, and files that prove them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.core.errors import N_, FieldError

TEXTS = (
    "product_description",
    "customer_name",
    "customer_email_address",
    "billing_address",
    "shipping_address",
    "shipping_date",
    "shipping_carrier",
    "shipping_tracking_number",
    "service_date",
    "refund_policy_disclosure",
    "uncategorized_text",
)
"""The fields of text that we fill, by Stripe's names."""
FILE_KINDS = (
    "shipping_documentation",
    "receipt",
    "customer_communication",
    "service_documentation",
    "refund_policy",
    "uncategorized_file",
)
"""The fields that take one file each, by Stripe's names."""
PDF, JPEG = "application/pdf", "image/jpeg"
LONGEST_TEXT = 20_000
LONGEST_SHORT_TEXT = 2_000
LONG_TEXTS = frozenset({"product_description", "refund_policy_disclosure", "uncategorized_text"})
LONGEST_TOGETHER = 150_000
LARGEST_TOGETHER_BYTES = 4_500_000
"""Stripe's bounds for all texts, and for all files of one dispute."""
_LIVELY = re.compile(rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|Encrypt)\b")
_NEVER_BEFORE = "No refund was asked for before the dispute."


@dataclass(frozen=True, slots=True)
class Mailed:
    """An e-mail that went to the customer: what about, and when it left us."""

    kind: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What our books know of a disputed order; amounts in gross cents, moments in UTC."""

    number: str
    company_name: str
    contact_name: str
    email: str
    address: str
    placed_at: datetime
    paid_at: datetime | None
    card: str
    gross_cents: int
    refunded_cents: int
    items: Sequence[str]
    terms_name: str
    terms_accepted_at: datetime
    is_service: bool
    done_on: date | None = None
    carrier: str = ""
    tracking_code: str = ""
    promised_on: date | None = None
    mails: Sequence[Mailed] = ()
    complaint_count: int = 0


def proposed_texts(facts: OrderFacts) -> dict[str, str]:
    """The evidence as our books have it, in English, which banks read; only what is known, field by field."""
    texts = {
        "product_description": "\n".join(facts.items),
        "customer_name": f"{facts.contact_name}, {facts.company_name}",
        "customer_email_address": facts.email,
        "billing_address": facts.address,
        "refund_policy_disclosure": (
            f"The terms, version {facts.terms_name}, say before the order that goods are not taken back beyond the"
            f" statutory rights. The buyer, a business, ticked their acceptance at {_moment(facts.terms_accepted_at)}."
        ),
        "uncategorized_text": _story(facts),
    }
    if facts.is_service:
        texts["service_date"] = _day(facts.done_on)
    else:
        texts |= {
            "shipping_address": facts.address if facts.done_on else "",
            "shipping_date": _day(facts.done_on),
            "shipping_carrier": facts.carrier,
            "shipping_tracking_number": facts.tracking_code,
        }
    return {name: text for name, text in texts.items() if text}


def is_plain_pdf(content: bytes) -> bool:
    """Whether a file is a whole PDF that neither runs nor hides anything, and needs no password."""
    is_whole = content.startswith((b"%PDF-1.", b"%PDF-2.")) and b"%%EOF" in content[-1_024:]
    return is_whole and _LIVELY.search(content) is None


def file_name(field: str, order_number: str, content_type: str) -> str:
    """What a file is called at Stripe and on our pages: never what somebody's own computer called it."""
    return f"{field.replace('_', '-')}-{order_number}.{'pdf' if content_type == PDF else 'jpg'}"


def faults_of_texts(texts: Mapping[str, str]) -> list[FieldError]:
    """What is wrong with the texts of the form, field by field; empty when Stripe would take them."""
    found = []
    for name, text in texts.items():
        most = LONGEST_TEXT if name in LONG_TEXTS else LONGEST_SHORT_TEXT
        if len(text) > most:
            found.append(FieldError(name, N_("Please use at most %(most)s characters."), {"most": most}))
    if not found and sum(map(len, texts.values())) > LONGEST_TOGETHER:
        found.append(FieldError("uncategorized_text", N_("All texts together may have 150,000 characters.")))
    return found


def _story(facts: OrderFacts) -> str:
    lines = [
        f"Order {facts.number} over EUR {_euro(facts.gross_cents)} was placed at {_moment(facts.placed_at)} by"
        f" {facts.contact_name}, signed in with a password for the verified business account of {facts.company_name}.",
        "The shop sells to businesses only; the buyer confirmed to act as one.",
    ]
    if facts.paid_at:
        lines.append(f"The card {facts.card or 'of the buyer'} was charged at {_moment(facts.paid_at)}.")
    if facts.done_on and facts.is_service:
        lines.append(f"The service was done on {_day(facts.done_on)}.")
    elif facts.done_on:
        by = f" by {facts.carrier}" if facts.carrier else ""
        code = f", tracking code {facts.tracking_code}" if facts.tracking_code else ""
        lines.append(f"The goods left us on {_day(facts.done_on)}{by}{code}.")
    elif facts.promised_on:
        lines.append(
            f"The delivery is promised for {_day(facts.promised_on)}, as was shown before the order."
        )
    lines += [
        f"E-mail to the buyer, {one.kind.replace('_', ' ')}: {_moment(one.sent_at)}." for one in facts.mails
    ]
    complaints = facts.complaint_count
    lines.append(f"Complaints of the buyer about this order: {complaints or 'none'}.")
    if facts.refunded_cents:
        lines.append(f"EUR {_euro(facts.refunded_cents)} were paid back to the card already.")
    else:
        lines.append(_NEVER_BEFORE if not complaints else "Nothing was paid back.")
    return "\n".join(lines)


def _euro(cents: int) -> str:
    return f"{cents // 100:,}.{cents % 100:02d}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
