"""A company's own documents: the list in its account, and each as PDF and as data."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.invoices.queries_documents import data_of, documents_of_customer, paper_of, xrechnung_of
from app.web.deps import ReadDep, VisitorDep
from app.web.papers import paper_response, xml_response
from app.web.rendering import page
from app.web.visitor import Visitor

router = APIRouter()


class DataFormat(StrEnum):
    """In which form the data of a document are asked for."""

    EN16931 = "en16931"
    XRECHNUNG = "xrechnung"


Format = Annotated[DataFormat, Query(alias="format")]
PageNumber = Annotated[int, Query(alias="page")]


@router.get("/account/invoices")
def list_invoices(request: Request, visitor: VisitorDep, session: ReadDep, at: PageNumber = 1) -> Response:
    found = documents_of_customer(session, visitor.customer_id, page=at)
    return page(
        request,
        "store/account/invoices.html",
        documents=found.rows,
        at=found.page,
        previous_url=f"/account/invoices?page={found.page - 1}" if found.has_previous else None,
        next_url=f"/account/invoices?page={found.page + 1}" if found.has_next else None,
    )


@router.get("/orders/{number}/invoice.pdf")
def show_invoice(number: str, visitor: VisitorDep, session: ReadDep) -> Response:
    found = paper_of(session, number, customer_id=visitor.customer_id)
    return paper_response(found.content, name=found.number)


@router.get("/orders/{number}/invoice.xml")
def show_data(
    number: str, visitor: VisitorDep, session: ReadDep, format_: Format = DataFormat.EN16931
) -> Response:
    return _data(session, number, visitor, format_)


@router.get("/orders/{number}/corrections/{document}.pdf")
def show_correction(number: str, document: str, visitor: VisitorDep, session: ReadDep) -> Response:
    found = paper_of(session, number, customer_id=visitor.customer_id, document_number=document)
    return paper_response(found.content, name=found.number)


@router.get("/orders/{number}/corrections/{document}.xml")
def show_correction_data(
    number: str,
    document: str,
    visitor: VisitorDep,
    session: ReadDep,
    format_: Format = DataFormat.EN16931,
) -> Response:
    return _data(session, number, visitor, format_, document=document)


def _data(
    session: Session, number: str, visitor: Visitor, format_: DataFormat, *, document: str | None = None
) -> Response:
    read = xrechnung_of if format_ is DataFormat.XRECHNUNG else data_of
    found = read(session, number, customer_id=visitor.customer_id, document_number=document)
    suffix = "-xrechnung" if format_ is DataFormat.XRECHNUNG else ""
    return xml_response(found.content, name=found.number + suffix)
