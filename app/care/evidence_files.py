"""Files for the bank: a PDF as it is, a picture drawn anew as JPEG, which is all that banks read."""

from app.care.photos import LARGEST_PIXELS, LONGEST_SIDE, decoding_slot
from app.catalogue.rules.pictures import NotAPicture, clean_picture
from app.core.errors import N_, FieldError, Invalid
from app.payments.rules.evidence import JPEG, LARGEST_TOGETHER_BYTES, PDF, is_plain_pdf

TOO_LARGE = N_("All files together may have 4.5 MB.")


def clean_evidence(content: bytes) -> tuple[bytes, str]:
    """Bytes and type of a file that may go to the bank. Decoding needs no row: call it while no transaction is open.

    Raises Invalid `dispute.invalid` with the field `file`, and Unavailable `photos.busy`.
    """
    if not content:
        raise _fault(N_("Please choose a file first."))
    if content.startswith(b"%PDF-"):
        if not is_plain_pdf(content):
            raise _fault(N_("This PDF is damaged, has a password, or holds scripts or other files."))
        if len(content) > LARGEST_TOGETHER_BYTES:
            raise _fault(TOO_LARGE)
        return content, PDF
    try:
        with decoding_slot():
            drawn = clean_picture(
                content, longest_side=LONGEST_SIDE, largest_pixels=LARGEST_PIXELS, style="JPEG"
            )
    except NotAPicture as error:
        raise _fault(
            N_("Please choose a PDF, JPEG, PNG or WebP of at most 8 MB and 25 megapixels.")
        ) from error
    return drawn, JPEG


def check_together(byte_counts: list[int]) -> None:
    """Raises Invalid `dispute.invalid` where the files of one dispute are too large together."""
    if sum(byte_counts) > LARGEST_TOGETHER_BYTES:
        raise _fault(TOO_LARGE)


def _fault(message: str) -> Invalid:
    fault = FieldError("file", message)
    return Invalid(N_("Please check your entries."), code="dispute.invalid", fields=(fault,))
