"""The amount rules of EN 16931, written down a second time: exact, where the official rules leave a euro of room."""

from collections import defaultdict

from app.core.money import share_bp
from app.invoices.rules.document import Document, DocumentKind

NO_VAT = {"K", "AE", "G", "O", "Z"}
WITH_REASON = {"K": "VATEX-EU-IC", "AE": "VATEX-EU-AE", "G": "VATEX-EU-G", "O": "VATEX-EU-O"}


def check_amounts(document: Document, *, is_vat_exact: bool = True) -> None:
    """Fails at the first amount rule that a document breaks; the VAT of a correction may be off by a cent."""
    assert document.lines, "BR-16: at least one line"
    basis: dict[tuple[str, int], int] = defaultdict(int)
    for line in document.lines:
        assert min(line.quantity - 1, line.net_cents, line.price_cents) >= 0, "BR-27"
        assert line.net_cents * line.price_quantity == line.price_cents * line.quantity, (
            "BT-131 = BT-129 × BT-146"
        )
        basis[line.category, line.vat_rate_bp] += line.net_cents
    for charge in document.charges:
        assert all((charge.net_cents > 0, charge.name, charge.reason_code)), "BR-36 to 38, BR-CO-22"
        basis[charge.category, charge.vat_rate_bp] += charge.net_cents
    found = {(tax.category, tax.vat_rate_bp): tax for tax in document.taxes}
    assert len(found) == len(document.taxes) >= 1, "BR-CO-18"
    assert {key: tax.net_cents for key, tax in found.items() if tax.net_cents} == {
        key: cents for key, cents in basis.items() if cents
    }, "BR-S-8, BR-Z-8, BR-IC-8, BR-AE-8, BR-G-8, BR-O-8"
    for tax in document.taxes:
        off = abs(tax.vat_cents - share_bp(tax.net_cents, tax.vat_rate_bp))
        assert off <= (0 if is_vat_exact else 1), f"BR-CO-17, BR-S-9: {tax}"
        assert (tax.category in NO_VAT) == (tax.vat_rate_bp == 0), "BR-S-5, BR-Z-5, BR-IC-5, BR-AE-5, BR-G-5"
        assert tax.vat_cents == 0 or tax.category == "S", "BR-IC-9, BR-AE-9, BR-G-9, BR-O-9, BR-Z-9"
        assert tax.exemption_code == WITH_REASON.get(tax.category, ""), "BR-IC-10, BR-AE-10, BR-G-10, BR-O-10"
        assert bool(tax.exemption_note) == bool(tax.exemption_code), "BR-S-10, BR-Z-10"
    _check_parties(document)
    assert document.gross_cents == document.net_cents + document.vat_cents, "BR-CO-15"
    assert (document.paid and document.paid.amount_cents) == document.gross_cents, "BR-CO-16: nothing due"
    assert (document.kind is DocumentKind.CORRECTION) == (document.original is not None), "BG-3"


def _check_parties(document: Document) -> None:
    categories = {tax.category for tax in document.taxes}
    if categories & {"S", "Z", "G"}:
        assert document.seller.vat_id, "BR-S-2, BR-Z-2, BR-G-2"
    if categories & {"K", "AE"}:
        assert all((document.seller.vat_id, document.buyer.vat_id)), "BR-IC-2, BR-AE-2"
    if "K" in categories:
        assert document.supplied_on is not None, "BR-IC-11"
        assert document.ship_to is not None, "BR-IC-12"
    if "O" in categories:
        assert not document.seller.vat_id + document.buyer.vat_id, "BR-O-2 to 4"
        assert len(document.taxes) == 1, "BR-O-11 to 14"
