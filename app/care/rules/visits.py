"""A field visit is a justified exception: what has to be there before it may be offered (domain.md section 4)."""

from enum import StrEnum

from app.care.rules.services import VisitState
from app.core.errors import N_, FieldError

LONGEST_REASON = 1_000
GREATEST_CENTS = 10**8


class MissingPart(StrEnum):
    """What a field visit lacks."""

    REASON = "reason"
    CONTRIBUTION = "expected_contribution_cents"
    PRICE = "price_cents"
    APPROVAL = "approval"


SENTENCES = {
    MissingPart.REASON: N_("A reason is missing: why does the standard not do here?"),
    MissingPart.CONTRIBUTION: N_("The expected contribution is missing: what will the visit bring?"),
    MissingPart.PRICE: N_("The price is missing: nobody visits for nothing."),
    MissingPart.APPROVAL: N_("The approval is missing: a second person, a lead, has to give it."),
}


def missing_parts(
    *,
    reason: str,
    expected_contribution_cents: int | None,
    price_cents: int | None,
    state: VisitState | None = None,
) -> tuple[MissingPart, ...]:
    """The parts without which nobody visits a customer, in the order in which they are named."""
    has = {
        MissingPart.REASON: bool(reason.strip()),
        MissingPart.CONTRIBUTION: bool(expected_contribution_cents),
        MissingPart.PRICE: bool(price_cents),
        MissingPart.APPROVAL: state is VisitState.APPROVED,
    }
    return tuple(part for part in MissingPart if not has[part])


def faults_of_request(
    *, reason: str, expected_contribution_cents: int | None, price_cents: int | None
) -> list[FieldError]:
    """What a request lacks or has wrong, one sentence a field; approval comes after it."""
    missing = missing_parts(
        reason=reason, expected_contribution_cents=expected_contribution_cents, price_cents=price_cents
    )
    found = [FieldError(part.value, SENTENCES[part]) for part in missing if part is not MissingPart.APPROVAL]
    if len(reason) > LONGEST_REASON:
        found.append(FieldError("reason", N_("Please use at most 1,000 characters.")))
    for part, cents in (
        (MissingPart.CONTRIBUTION, expected_contribution_cents),
        (MissingPart.PRICE, price_cents),
    ):
        if cents and not 0 < cents <= GREATEST_CENTS:
            found.append(FieldError(part.value, N_("This amount is too large.")))
    return found
