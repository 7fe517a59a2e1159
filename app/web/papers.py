"""What our papers share with our pages: formats, the words of units, and the particulars of the company."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.mail.rendering import seller_of
from app.web.rendering import shop_of


@dataclass(frozen=True)
class PaperWords:
    """For the papers of one language: the filters of our pages, amounts of units, head and foot."""

    formats: Mapping[str, Callable[..., str]]
    amount: Callable[[int, str], str]
    head: str
    foot: tuple[str, ...]


def paper_words(request: Request, language: str) -> PaperWords:
    """The words for a paper in a language, which may be another one than the reader's page has."""
    shop = shop_of(request)
    environment = shop.environments[language]
    units: Any = environment.get_template("macros/units.html").make_module()
    letter = environment.get_template("mail/footer.txt").render(seller=seller_of(shop.settings))
    # The two dashes that open the signature of an e-mail stand on no paper.
    lines = [line for line in letter.strip().splitlines() if line.strip() not in ("", "--")]
    return PaperWords(
        formats=environment.filters,
        amount=lambda quantity_milli, unit_code: str(units.amount(quantity_milli, unit_code)).strip(),
        head=f"{shop.settings.seller_company_name} {shop.settings.seller_legal_form}".strip(),
        foot=tuple(" · ".join(lines[at : at + 2]) for at in range(0, len(lines), 2)),
    )


def paper_response(paper: bytes, *, name: str) -> Response:
    """A paper that only its reader may keep."""
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "private, no-store"}
    return Response(paper, media_type="application/pdf", headers=headers)


def xml_response(content: bytes, *, name: str) -> Response:
    """The data of a paper as a file that only its reader may keep."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.xml"',
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type="application/xml", headers=headers)
