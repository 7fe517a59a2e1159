"""A document as EN 16931 XML in the CII syntax: for the ZUGFeRD PDF, and as XRechnung; same input, same bytes."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from lxml import etree

from app.invoices.rules.document import (
    TYPE_CODES,
    Document,
    DocumentCharge,
    DocumentLine,
    DocumentTax,
    Party,
)

RSM = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
RAM = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
UDT = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"
QDT = "urn:un:unece:uncefact:data:standard:QualifiedDataType:100"
NAMESPACES = {"rsm": RSM, "ram": RAM, "udt": UDT, "qdt": QDT}

CARD_PAYMENT = "54"
OTHER_PAYMENT = "ZZZ"
PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"


class Profile(StrEnum):
    """Which rules the file says it follows (BT-24)."""

    EN16931 = "urn:cen.eu:en16931:2017"
    XRECHNUNG = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"


def write_xml(document: Document, profile: Profile = Profile.EN16931) -> bytes:
    """The file as UTF-8; the same document gives the same bytes, always and everywhere.

    The elements stand in the order of the schema of Factur-X 1.09 / ZUGFeRD 2.4, profile EN 16931.
    """
    root = etree.Element(f"{{{RSM}}}CrossIndustryInvoice", nsmap=NAMESPACES)
    context = _put(root, "rsm:ExchangedDocumentContext")
    if profile is Profile.XRECHNUNG:
        _put(_put(context, "ram:BusinessProcessSpecifiedDocumentContextParameter"), "ram:ID", PROCESS)
    _put(_put(context, "ram:GuidelineSpecifiedDocumentContextParameter"), "ram:ID", profile.value)
    _head(root, document)
    transaction = _put(root, "rsm:SupplyChainTradeTransaction")
    for position, line in enumerate(document.lines, start=1):
        _line(transaction, position, line)
    _agreement(_put(transaction, "ram:ApplicableHeaderTradeAgreement"), document, profile)
    _delivery(_put(transaction, "ram:ApplicableHeaderTradeDelivery"), document)
    _settlement(_put(transaction, "ram:ApplicableHeaderTradeSettlement"), document)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _head(root: Any, document: Document) -> None:
    head = _put(root, "rsm:ExchangedDocument")
    _put(head, "ram:ID", document.number)
    _put(head, "ram:TypeCode", TYPE_CODES[document.kind])
    _put_date(_put(head, "ram:IssueDateTime"), document.issued_on)
    for one in document.notes:
        note = _put(head, "ram:IncludedNote")
        _put(note, "ram:Content", one.text)
        _put(note, "ram:SubjectCode", one.subject)


def _line(transaction: Any, position: int, line: DocumentLine) -> None:
    item = _put(transaction, "ram:IncludedSupplyChainTradeLineItem")
    _put(_put(item, "ram:AssociatedDocumentLineDocument"), "ram:LineID", str(position))
    product = _put(item, "ram:SpecifiedTradeProduct")
    _put(product, "ram:Name", line.name)
    _put_known(product, "ram:Description", line.description)
    price = _put(_put(item, "ram:SpecifiedLineTradeAgreement"), "ram:NetPriceProductTradePrice")
    _put(price, "ram:ChargeAmount", _amount(line.price_cents))
    _put(price, "ram:BasisQuantity", str(line.price_quantity), unitCode=line.unit_code)
    delivery = _put(item, "ram:SpecifiedLineTradeDelivery")
    _put(delivery, "ram:BilledQuantity", str(line.quantity), unitCode=line.unit_code)
    settlement = _put(item, "ram:SpecifiedLineTradeSettlement")
    _category(_put(settlement, "ram:ApplicableTradeTax"), line)
    totals = _put(settlement, "ram:SpecifiedTradeSettlementLineMonetarySummation")
    _put(totals, "ram:LineTotalAmount", _amount(line.net_cents))


def _agreement(agreement: Any, document: Document, profile: Profile) -> None:
    reference = document.buyer_reference
    if profile is Profile.XRECHNUNG:
        # BR-DE-15 wants one: the buyer's own number of the purchase, else the number of the order.
        reference = reference or document.purchase_reference or document.order_number
    _put_known(agreement, "ram:BuyerReference", reference)
    facts = document.seller_facts
    _party(
        _put(agreement, "ram:SellerTradeParty"),
        document.seller,
        register_number=facts.register_number,
        tax_number=facts.tax_number,
        has_contact=True,
    )
    _party(_put(agreement, "ram:BuyerTradeParty"), document.buyer, has_contact=False)
    order = _put(agreement, "ram:SellerOrderReferencedDocument")
    _put(order, "ram:IssuerAssignedID", document.order_number)
    if document.purchase_reference:
        order = _put(agreement, "ram:BuyerOrderReferencedDocument")
        _put(order, "ram:IssuerAssignedID", document.purchase_reference)


def _delivery(delivery: Any, document: Document) -> None:
    if document.ship_to is not None:
        ship_to = _put(delivery, "ram:ShipToTradeParty")
        _put(ship_to, "ram:Name", document.ship_to.name)
        _address(ship_to, document.ship_to)
    if document.supplied_on is not None:
        event = _put(delivery, "ram:ActualDeliverySupplyChainEvent")
        _put_date(_put(event, "ram:OccurrenceDateTime"), document.supplied_on)


def _settlement(settlement: Any, document: Document) -> None:
    _put(settlement, "ram:InvoiceCurrencyCode", document.currency)
    means = _put(settlement, "ram:SpecifiedTradeSettlementPaymentMeans")
    last4 = document.paid.card_last4 if document.paid else ""
    _put(means, "ram:TypeCode", CARD_PAYMENT if last4 else OTHER_PAYMENT)
    if last4:
        _put(_put(means, "ram:ApplicableTradeSettlementFinancialCard"), "ram:ID", last4)
    for tax in document.taxes:
        _tax(_put(settlement, "ram:ApplicableTradeTax"), tax)
    for charge in document.charges:
        _charge(_put(settlement, "ram:SpecifiedTradeAllowanceCharge"), charge)
    if document.payment_terms:
        terms = _put(settlement, "ram:SpecifiedTradePaymentTerms")
        _put(terms, "ram:Description", document.payment_terms)
    _totals(settlement, document)
    if document.original is not None:
        original = _put(settlement, "ram:InvoiceReferencedDocument")
        _put(original, "ram:IssuerAssignedID", document.original.number)
        issued = _put(original, "ram:FormattedIssueDateTime")
        _put(issued, "qdt:DateTimeString", f"{document.original.issued_on:%Y%m%d}", format="102")


def _totals(settlement: Any, document: Document) -> None:
    paid_cents = document.paid.amount_cents if document.paid else 0
    totals = _put(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
    _put(totals, "ram:LineTotalAmount", _amount(document.lines_net_cents))
    if document.charges:
        _put(totals, "ram:ChargeTotalAmount", _amount(document.charges_net_cents))
    _put(totals, "ram:TaxBasisTotalAmount", _amount(document.net_cents))
    _put(totals, "ram:TaxTotalAmount", _amount(document.vat_cents), currencyID=document.currency)
    _put(totals, "ram:GrandTotalAmount", _amount(document.gross_cents))
    _put(totals, "ram:TotalPrepaidAmount", _amount(paid_cents))
    _put(totals, "ram:DuePayableAmount", _amount(document.gross_cents - paid_cents))


def _tax(element: Any, tax: DocumentTax) -> None:
    _put(element, "ram:CalculatedAmount", _amount(tax.vat_cents))
    _put(element, "ram:TypeCode", "VAT")
    _put_known(element, "ram:ExemptionReason", tax.exemption_note)
    _put(element, "ram:BasisAmount", _amount(tax.net_cents))
    _put(element, "ram:CategoryCode", tax.category)
    _put_known(element, "ram:ExemptionReasonCode", tax.exemption_code)
    # Here XRechnung wants a rate of what is not subject to VAT, too (BR-DE-14).
    _put(element, "ram:RateApplicablePercent", _amount(tax.vat_rate_bp))


def _charge(element: Any, charge: DocumentCharge) -> None:
    _put(_put(element, "ram:ChargeIndicator"), "udt:Indicator", "true")
    _put(element, "ram:ActualAmount", _amount(charge.net_cents))
    _put(element, "ram:ReasonCode", charge.reason_code)
    _put(element, "ram:Reason", charge.name)
    _category(_put(element, "ram:CategoryTradeTax"), charge)


def _category(element: Any, one: DocumentLine | DocumentCharge) -> None:
    _put(element, "ram:TypeCode", "VAT")
    _put(element, "ram:CategoryCode", one.category)
    # What is not subject to VAT has no rate, not even zero (BR-O-5 to 7).
    if one.category != "O":
        _put(element, "ram:RateApplicablePercent", _amount(one.vat_rate_bp))


def _party(
    element: Any, party: Party, *, has_contact: bool, register_number: str = "", tax_number: str = ""
) -> None:
    _put(element, "ram:Name", party.name)
    if register_number:
        _put(_put(element, "ram:SpecifiedLegalOrganization"), "ram:ID", register_number)
    if has_contact:
        contact = _put(element, "ram:DefinedTradeContact")
        _put(contact, "ram:PersonName", party.contact_name or party.name)
        if party.phone:
            phone = _put(contact, "ram:TelephoneUniversalCommunication")
            _put(phone, "ram:CompleteNumber", party.phone)
        if party.email:
            _put(_put(contact, "ram:EmailURIUniversalCommunication"), "ram:URIID", party.email)
    _address(element, party)
    if party.email:
        _put(_put(element, "ram:URIUniversalCommunication"), "ram:URIID", party.email, schemeID="EM")
    for scheme, text in (("FC", tax_number), ("VA", party.vat_id)):
        if text:
            _put(_put(element, "ram:SpecifiedTaxRegistration"), "ram:ID", text, schemeID=scheme)


def _address(element: Any, party: Party) -> None:
    address = _put(element, "ram:PostalTradeAddress")
    _put_known(address, "ram:PostcodeCode", party.postal_code)
    _put_known(address, "ram:LineOne", party.street)
    _put_known(address, "ram:CityName", party.city)
    _put(address, "ram:CountryID", party.country)


def _put(parent: Any, name: str, text: str | None = None, **attributes: str) -> Any:
    prefix, _, local = name.partition(":")
    element = etree.SubElement(parent, f"{{{NAMESPACES[prefix]}}}{local}", attrib=_ordered(attributes))
    element.text = text
    return element


def _put_known(parent: Any, name: str, text: str) -> None:
    """Nothing for an empty text: EN 16931 knows no empty elements."""
    if text:
        _put(parent, name, text)


def _put_date(parent: Any, day: date) -> None:
    _put(parent, "udt:DateTimeString", f"{day:%Y%m%d}", format="102")


def _ordered(attributes: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(attributes.items()))


def _amount(hundredths: int) -> str:
    """Cents as euros, basis points as percent."""
    return f"{hundredths // 100}.{hundredths % 100:02d}"
