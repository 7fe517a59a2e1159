"""The keys under which an account is found again: what two spellings of one company still have in common."""

from collections.abc import Iterable
from enum import StrEnum
from hashlib import blake2b

from app.mainbrand.rules.addresses import AddressParts
from app.mainbrand.rules.names import NameParts, sound

VERSION = 1
"""Raised with every change of the keys: accounts that were keyed by an older version are keyed anew."""

LONG_ENOUGH = 5
LONG_SOUND = 3
LONGEST = 24


class KeyKind(StrEnum):
    """What a key was made of; one letter, as it is part of the hashed text."""

    WORD = "w"
    SOUND = "s"
    BEGINNING = "b"
    COMPACT = "c"
    NAME = "k"
    WORD_AND_TOWN = "t"
    STREET_AND_CODE = "a"
    STREET_AND_TOWN = "o"
    STREET = "r"
    PO_BOX = "x"
    PHONE = "p"
    DOMAIN = "d"
    PERSON = "n"


Key = tuple[KeyKind, str]


def key_hash(key: Key) -> int:
    """A key as a 64-bit signed number: what the database keeps instead of the text."""
    return int.from_bytes(
        blake2b(f"{key[0].value}:{key[1]}".encode(), digest_size=8).digest(), "big", signed=True
    )


def company_keys(
    names: Iterable[NameParts],
    address: AddressParts,
    *,
    phone: str,
    domains: Iterable[str],
    person: str = "",
    name_keys: Iterable[str] = (),
) -> set[Key]:
    """All keys of a company, as an applicant and as a main account alike; `name_keys` see rules/keys.py."""
    keys: set[Key] = {(KeyKind.NAME, name_key) for name_key in name_keys if name_key}
    for name in names:
        keys |= _name_keys(name, address.town)
    keys |= address_keys(address)
    if phone:
        keys.add((KeyKind.PHONE, phone.rstrip("0")))
    keys |= {(KeyKind.DOMAIN, domain) for domain in domains if domain}
    if person:
        keys.add((KeyKind.PERSON, person))
    return keys


def address_keys(address: AddressParts) -> set[Key]:
    """The keys of a place: street with house number by postal code and by town, street alone, PO box."""
    keys: set[Key] = set()
    street, number = address.street, address.first
    if street and number:
        if address.postal_code:
            keys.add((KeyKind.STREET_AND_CODE, f"{address.postal_code} {street} {number}"))
        if house := house_key(address):
            keys.add(house)
    if street and address.town:
        keys.add((KeyKind.STREET, f"{address.town} {street}"))
    if address.po_box:
        keys.add((KeyKind.PO_BOX, f"{address.town or address.postal_code} {address.po_box}"))
    return keys


def house_key(address: AddressParts) -> Key | None:
    """The key of a house in its town, by which neighbours are counted; None without street, number or town."""
    if not (address.street and address.first and address.town):
        return None
    return KeyKind.STREET_AND_TOWN, f"{address.town} {address.street} {address.first}"


def _name_keys(name: NameParts, town: str) -> set[Key]:
    keys: set[Key] = set()
    for word in name.stems:
        keys.add((KeyKind.WORD, word))
        if town:
            keys.add((KeyKind.WORD_AND_TOWN, f"{town} {word}"))
        if len(spoken := sound(word)) >= LONG_SOUND:
            keys.add((KeyKind.SOUND, spoken))
        if len(word) > LONG_ENOUGH:
            keys.add((KeyKind.BEGINNING, word[:LONG_ENOUGH]))
    if name.stems:
        keys.add((KeyKind.COMPACT, name.compact[:LONGEST]))
    return keys
