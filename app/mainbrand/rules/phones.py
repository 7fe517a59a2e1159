"""A phone number in the international form, so that two spellings of one number are equal."""

import functools
import unicodedata

import phonenumbers

FEWEST_DIGITS = 6


@functools.lru_cache(maxsize=20_000)
def phone_key(phone: str, *, country: str) -> str:
    """The number as E.164 ("0341 / 4711-0" in Germany → "+4934147110"); empty where there is none.

    `country` (two letters) is where a number without country code is dialled. A number needs no existing
    prefix, only a possible length: customers mistype, and both sides are read in the same way.
    """
    text = unicodedata.normalize("NFKC", phone).replace("(0)", "")
    try:
        number = phonenumbers.parse(text, country or "DE")
    except phonenumbers.NumberParseException:
        return ""
    if len(str(number.national_number)) < FEWEST_DIGITS or len(set(str(number.national_number))) < 3:
        return ""
    return phonenumbers.format_number(
        phonenumbers.PhoneNumber(country_code=number.country_code, national_number=number.national_number),
        phonenumbers.PhoneNumberFormat.E164,
    )
