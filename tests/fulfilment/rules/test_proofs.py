"""Which deliveries need a proof, and which file may be one."""

import io
from datetime import date

import pytest
from PIL import Image

from app.core.errors import FieldError
from app.fulfilment.rules.proofs import PDF, WEBP, ProofKind, clean_proof, due_on, proof_of, retain_until
from app.ordering.rules.states import OrderKind
from app.ordering.rules.vat import VatCase

PAPER = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"


def picture(kind: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (30, 20), "white").save(target, kind)
    return target.getvalue()


def test_only_goods_that_were_sold_without_vat_need_a_proof() -> None:
    found = {(kind, case): proof_of(kind, case) for kind in OrderKind for case in VatCase}

    assert {pair: proof for pair, proof in found.items() if proof} == {
        (OrderKind.GOODS, VatCase.INTRA_COMMUNITY): ProofKind.ARRIVAL,
        (OrderKind.GOODS, VatCase.EXPORT): ProofKind.EXIT,
    }


def test_a_proof_is_due_after_the_policys_days_and_kept_for_eight_years_from_the_end_of_its_year() -> None:
    assert due_on(date(2026, 12, 20), 30) == date(2027, 1, 19)
    assert retain_until(date(2026, 1, 1)) == retain_until(date(2026, 12, 31)) == date(2034, 12, 31)


def test_a_pdf_stays_as_it_came_and_a_picture_is_drawn_anew() -> None:
    assert clean_proof(PAPER) == (PDF, PAPER)
    for kind in ("PNG", "JPEG", "WEBP"):
        kept = clean_proof(picture(kind))
        assert not isinstance(kept, FieldError)
        assert (kept[0], kept[1][:4], kept[1][8:12]) == (WEBP, b"RIFF", b"WEBP")


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script>",
        b"%PDF-1.7 without an end",
        b"MZ\x90",
        b"PK\x03\x04",
        b"\x89PNG broken",
    ],
)
def test_anything_else_is_refused_with_the_field_and_the_fix(content: bytes) -> None:
    fault = clean_proof(content)

    assert isinstance(fault, FieldError)
    assert (fault.field, fault.message) == ("file", "Please use PDF, JPEG, PNG or WebP.")


def test_a_file_of_more_than_8_mb_is_refused() -> None:
    fault = clean_proof(PAPER + b" " * 8_000_000)

    assert isinstance(fault, FieldError)
    assert "8 MB" in fault.message
