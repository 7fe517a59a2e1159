"""Made-up companies: no two alike, none of them real, numbers that nobody has."""

from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from stdnum.de import vat

from app.cli.demo_company.names import COMPANY_COUNT, FIRST_CUSTOMER, FIRST_PERSONA, company
from app.mainbrand.rules.keys import name_key

REAL = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "companies_de.parquet"
FICTION = ("+49 30 23125 ", "+49 69 90009 ", "+49 40 66969 ", "+49 221 4710 ", "+49 89 99998 ")


def test_no_two_companies_are_alike() -> None:
    firms = [company(index) for index in range(0, COMPANY_COUNT, 7)]

    for values in (
        {firm.name for firm in firms},
        {firm.vat_id for firm in firms},
        {firm.domain for firm in firms},
    ):
        assert len(values) == len(firms)


def test_numbers_are_valid_and_in_ranges_that_nobody_has() -> None:
    firms = [company(index) for index in range(0, COMPANY_COUNT, 997)]

    assert all(vat.is_valid(firm.vat_id) and firm.vat_id.startswith("DE99") for firm in firms)
    phones = [firm.phone for firm in firms if firm.phone]
    assert all(phone.startswith(FICTION) and len(phone.rpartition(" ")[2]) == 3 for phone in phones)
    assert all(firm.domain.endswith(".example") and firm.domain.isascii() for firm in firms)
    assert Counter(firm.legal_form for firm in firms).total() == len(firms)


def test_no_two_companies_of_a_usual_demo_have_one_phone_number() -> None:
    usual = [
        *range(2_400),
        *range(FIRST_PERSONA, FIRST_PERSONA + 50),
        *range(FIRST_CUSTOMER, FIRST_CUSTOMER + 2_500),
    ]
    phones = [company(index).phone for index in usual]

    assert len(set(phones)) == len(phones)
    assert company(2_400).phone == ""


def test_an_index_beyond_the_last_company_is_refused() -> None:
    with pytest.raises(ValueError):
        company(COMPANY_COUNT)


@pytest.mark.skipif(
    not REAL.exists(), reason="../shared/data is not here: the names were not compared with real ones"
)
def test_no_made_up_company_is_a_real_one() -> None:
    real = pl.read_parquet(REAL, columns=["name"])["name"]
    names = {company(index).name.casefold() for index in range(COMPANY_COUNT)}
    in_use = (
        *range(5_000),
        *range(FIRST_PERSONA, FIRST_PERSONA + 20),
        *range(FIRST_CUSTOMER, FIRST_CUSTOMER + 5_000),
    )

    assert names.isdisjoint(name.casefold() for name in real)
    # Without legal form and order of words, as a screening compares them.
    assert {name_key(company(index).name) for index in in_use}.isdisjoint(map(name_key, real))
