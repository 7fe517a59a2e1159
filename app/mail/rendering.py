"""Turning an outbox row into the e-mail that a person reads."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any

from jinja2 import Environment

from app.mail.edited_text import Unusable, Words, render_edited
from app.mail.models import UNDECIDED_DOMAIN, Mail
from app.settings import Settings


@dataclass(frozen=True)
class Text:
    """A rendered e-mail: one-line subject and plain-text body; `fault` is why an edited text was not used."""

    subject: str
    body: str
    fault: str = ""


@dataclass(frozen=True)
class Attached:
    """A file that goes with an e-mail."""

    name: str
    content: bytes
    media_type: str


def render(mail: Mail, environment: Environment, *, settings: Settings, words: Words | None = None) -> Text:
    """The subject and body of a row, in edited words where there are some.

    Edited words that cannot be used never hold an e-mail up: the default text is taken and the fault told.
    Raises jinja2's UndefinedError when a value is missing.
    """
    values = values_of(mail, settings=settings)
    fault = ""
    if words is not None:
        try:
            return _tidied(*render_edited(mail.kind, words, values, environment))
        except Unusable as error:
            fault = str(error)
    subject = environment.get_template(f"mail/{mail.kind}/subject.txt").render(values)
    body = environment.get_template(f"mail/{mail.kind}/body.txt").render(values)
    return _tidied(subject, body, fault=fault)


def values_of(mail: Mail, *, settings: Settings) -> dict[str, Any]:
    """What the templates of a row may name."""
    return {**mail.values, **(mail.secret_values or {}), **standing_values(settings)}


def standing_values(settings: Settings) -> dict[str, Any]:
    """What every e-mail may name, whatever it is about."""
    return {
        "seller": seller_of(settings),
        "base_url": settings.base_url,
        "main_brand_name": settings.main_brand_name,
        "main_brand_contact": settings.main_brand_contact,
    }


def _tidied(subject: str, body: str, *, fault: str = "") -> Text:
    return Text(_one_dot(" ".join(subject.split())), _one_dot(body.strip()) + "\n", fault)


def _one_dot(text: str) -> str:
    """A name that ends in a dot ("e.K.", "schlicht.") at the end of a sentence: one dot does for both."""
    return re.sub(r"(?<![./])\.\.(?=\s|$)", ".", text)


def to_message(
    mail: Mail, text: Text, *, settings: Settings, attached: Sequence[Attached] = ()
) -> EmailMessage:
    """The message as it goes over the wire: plain text, the row's Message-ID, its files, no surprise headers."""
    message = EmailMessage(policy=SMTP)
    name, address = parseaddr(settings.mail_from)
    local, _, domain = address.partition("@")
    message["From"] = Address(name, local, domain)
    message["To"] = mail.to_address
    message["Subject"] = text.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = mail.language
    message.set_content(text.body, cte="quoted-printable")
    for file in attached:
        main_type, _, sub_type = file.media_type.partition("/")
        name = _safe_name(file.name)
        message.add_attachment(file.content, maintype=main_type, subtype=sub_type, filename=name)
    return message


def _safe_name(name: str) -> str:
    """A file name that is one on every system: letters, digits, dot, dash, without a folder."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name.rpartition("/")[2]).strip(".-")[-100:] or "paper"


def message_id_of(mail: Mail, *, settings: Settings) -> str:
    """The Message-ID under which a row leaves: the sender's domain is known only when it is handed over."""
    domain = parseaddr(settings.mail_from)[1].partition("@")[2]
    return mail.message_id.replace(UNDECIDED_DOMAIN, f"@{domain}>") if domain else mail.message_id


def seller_of(settings: Settings) -> dict[str, str]:
    """The seller's facts for imprint and footers, by short name (`brand`, `street`, `vat_id` …)."""
    prefix = "seller_"
    names = [name for name in type(settings).model_fields if name.startswith(prefix)]
    return {name.removeprefix(prefix): getattr(settings, name) for name in names}
