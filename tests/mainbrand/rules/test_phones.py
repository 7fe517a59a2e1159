import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mainbrand.rules.phones import phone_key


@pytest.mark.parametrize(
    "text",
    [
        "0341 / 2312-577",
        "+49 341 2312577",
        "+49 (0)341 2312577",
        "0049 341 2312577",
        "(0341) 2312 577",
        "0341.2312577",
        "０３４１ 2312577",
        "+49 (0341) 2312577",
    ],
)
def test_one_number_has_one_key_however_it_is_written(text: str) -> None:
    assert phone_key(text, country="DE") == "+493412312577"


@pytest.mark.parametrize("text", ["", "-", "keins", "0", "110", "000000000", "0341"])
def test_what_is_no_number_has_no_key(text: str) -> None:
    assert phone_key(text, country="DE") == ""


def test_the_country_of_the_company_completes_a_number() -> None:
    assert phone_key("044 668 18 00", country="CH") == "+41446681800"


@given(st.from_regex(r"\(?0[1-9][0-9]{2,4}\)?[ /-]{0,2}[0-9]{4,7}", fullmatch=True))
def test_the_quick_way_reads_german_numbers_as_the_library_does(text: str) -> None:
    read = phonenumbers.parse(text, "DE")

    key = phone_key(text, country="DE")

    assert key in ("", phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164))
    assert key or len(set(str(read.national_number))) < 3
