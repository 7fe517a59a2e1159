"""What special services can be, and how an offer or a field visit goes."""

from enum import StrEnum


class ServiceKind(StrEnum):
    """What a special service needs to be done; `other` needs nothing but a person."""

    INVOICE_COPY = "invoice_copy"
    ADDRESS_CHANGE = "address_change"
    SPLIT_DELIVERY = "split_delivery"
    PHONE_HELP = "phone_help"
    PAPER_CERTIFICATE = "paper_certificate"
    STORAGE = "storage"
    FIELD_VISIT = "field_visit"
    OTHER = "other"


class OfferState(StrEnum):
    """An offer of a service that staff made to a customer."""

    OPEN = "open"
    TAKEN = "taken"
    WITHDRAWN = "withdrawn"


class VisitState(StrEnum):
    """A field visit is an exception: asked for with its reasons, decided by a lead."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
