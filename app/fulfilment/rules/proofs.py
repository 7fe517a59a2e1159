"""Which proof a delivery without VAT needs, until when, and what file may be one."""

from datetime import date, timedelta
from enum import StrEnum

from app.catalogue.rules.pictures import LARGEST_UPLOAD_BYTES, NotAPicture, clean_picture
from app.core.errors import N_, FieldError
from app.ordering.rules.states import OrderKind
from app.ordering.rules.vat import VatCase

RETAINED_YEARS = 8
"""How long vouchers are kept, from the end of their year (§ 147 (3) AO)."""
PDF = "application/pdf"
WEBP = "image/webp"
LONGEST_SIDE = 2_400
LARGEST_PIXELS = 40_000_000
LONGEST_REFERENCE = 64
FAULTS = {
    "missing": N_("Please choose the file of the proof, or enter its number."),
    "too_large": N_("The file may have at most 8 MB and 40 megapixels."),
    "unreadable": N_("Please use PDF, JPEG, PNG or WebP."),
}


class ProofKind(StrEnum):
    """`arrival`: Gelangensbestätigung or carrier's proof (§ 17 b UStDV). `exit`: exit note of customs (§ 9 UStDV)."""

    ARRIVAL = "arrival"
    EXIT = "exit"


PROOFS = {VatCase.INTRA_COMMUNITY: ProofKind.ARRIVAL, VatCase.EXPORT: ProofKind.EXIT}
"""The proof without which a delivery was not free of VAT after all."""


def proof_of(kind: OrderKind, case: VatCase) -> ProofKind | None:
    """The proof that an order's dispatch opens; None where none is needed: what was given free of charge is no sale."""
    return PROOFS.get(case) if kind is OrderKind.GOODS else None


def due_on(dispatched_on: date, days: int) -> date:
    """The last day on which the proof is in time, by the policy's days."""
    return dispatched_on + timedelta(days=days)


def retain_until(uploaded_on: date) -> date:
    """The day until which a proof is kept."""
    return date(uploaded_on.year + RETAINED_YEARS, 12, 31)


def clean_proof(content: bytes) -> tuple[str, bytes] | FieldError:
    """Media type and bytes of a proof as they are kept, or what is wrong with the file.

    Pictures are drawn anew, so that nothing but the picture is kept; a PDF stays as it came and is only ever handed
    out as a download.
    """
    if len(content) > LARGEST_UPLOAD_BYTES:
        return FieldError("file", FAULTS["too_large"])
    if content.startswith(b"%PDF-") and b"%%EOF" in content[-2048:]:
        return PDF, content
    try:
        return WEBP, clean_picture(content, longest_side=LONGEST_SIDE, largest_pixels=LARGEST_PIXELS)
    except NotAPicture as error:
        return FieldError("file", FAULTS[str(error)])
