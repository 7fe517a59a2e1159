"""A contact that stands in one line, such as "Ada Kern, ada@brand.example, +49 30 1": name, phone and e-mail."""

import re
from dataclasses import dataclass

EMAIL = re.compile(r"[^\s,;<>()]+@[^\s,;<>()]+\.[^\s,;<>()]+")
PHONE = re.compile(r"\+?\(?\d[\d\s()/.-]{4,}\d")


@dataclass(frozen=True)
class ContactLine:
    """Whom to turn to; what the line does not hold is empty."""

    name: str
    phone: str
    email: str


def read_contact(line: str) -> ContactLine:
    """The parts of a line, in whatever order they stand; what is neither phone nor e-mail is the name."""
    email = EMAIL.search(line)
    rest = line.replace(email[0], " ") if email else line
    phone = PHONE.search(rest)
    rest = rest.replace(phone[0], " ") if phone else rest
    words = re.sub(r"\b(e-?mail|tel(efon)?|phone|fon)\b\.?:?", " ", rest, flags=re.IGNORECASE)
    name = re.sub(r"\s+", " ", re.sub(r"[,;:<>()|]+", " ", words)).strip(" -–.")
    return ContactLine(name, phone[0].strip() if phone else "", email[0].rstrip(".") if email else "")
