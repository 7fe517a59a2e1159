"""The business policy: every value with its bounds, changed with a reason, and the versions before."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_, FieldError, Invalid, Refused
from app.flows.change_policy import change_policy
from app.policy.queries import current_policy, current_version_id, list_versions
from app.policy.rules.policy import (
    BOUNDS,
    CHOICES,
    AutomaticRating,
    BelowFloor,
    OverrideApproval,
    Policy,
    PublishingApproval,
    RatingMode,
    UnknownCompany,
)
from app.web.admin.lists import desk, form_error
from app.web.admin.words import WEEKDAYS
from app.web.deps import Now, ReadDep, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.forms_money import NotMoney, amount_text, parse_cents
from app.web.rendering import see_other

router = APIRouter()

LABELS = {
    "a_threshold_cents": N_("A from a yearly revenue of"),
    "b_threshold_cents": N_("B from a yearly revenue of"),
    "unknown_company": N_("A company that the main brand does not know"),
    "review_from_score": N_("A likeness to a main account goes to a person from a score of (0 to 100)"),
    "minimum_order_value_cents": N_("Minimum order value"),
    "low_quantity_surcharge_cents": N_("Low-quantity surcharge"),
    "dispatch_weekday": N_("Dispatch run on"),
    "cut_off_weekday": N_("Cut-off on"),
    "cut_off_hour": N_("Cut-off at (hour)"),
    "handling_days": N_("Handling time in working days"),
    "transit_days": N_("Transit time in working days"),
    "later_than_main_brand_days": N_("Later than the main brand by working days"),
    "review_answer_days": N_("Working days in which we promise an applicant our decision"),
    "proof_wait_days": N_("Days until a case comes back whose proof did not arrive"),
    "card_hold_hours": N_("Longest hold of a payment by a shared card, in hours"),
    "rating_mode": N_("Rating by revenue"),
    "a_share_percent": N_("By shares: A make the first percent of the revenue"),
    "b_share_percent": N_("By shares: B make the next percent"),
    "growth_bound_percent": N_("Growth is reaching the B threshold, times percent"),
    "prospect_bound_percent": N_("B from a growth prospect of percent"),
    "judgement_factor_percent": N_("Sales' judgement changes the odds of growing by a factor of percent"),
    "growth_model_days": N_("Growth is learned anew from the history after days"),
    "automatic_rating": N_("Rating at night and after each import"),
    "nightly_rating_hour": N_("Nightly rating from (hour)"),
    "override_approval": N_("An override of a rating needs"),
    "override_longest_days": N_("An override lasts at most days"),
    "growing_from_cents": N_("A customer here counts as growing from purchases in 12 months of"),
    "margin_floor_bp": N_("A bundle must contribute at least, in hundredths of a percent of its price"),
    "margin_floor_cents": N_("A bundle must contribute at least"),
    "below_floor": N_("A bundle on sale that contributes less"),
    "packing_per_bundle_cents": N_("Packing of a bundle, beside what its blocks need"),
    "shipping_base_cents": N_("Shipping of a parcel, whatever its weight"),
    "shipping_per_kg_cents": N_("Shipping of each kilogram"),
    "bundles_per_parcel": N_("Bundles in one order and parcel, on average"),
    "card_fee_bp": N_("Card fee in hundredths of a percent of the amount with VAT"),
    "card_fee_fixed_cents": N_("Card fee of each payment"),
    "cost_to_serve_per_order_cents": N_("Expected cost to serve an order"),
    "cannibalisation_limit_cents": N_(
        "A second person approves a bundle that costs the main brand more in a year than"
    ),
    "publishing_approval": N_("Publishing a bundle needs"),
    "few_left_count": N_("“Few left” is shown when the stock allows at most this many smallest orders"),
    "discovery_minimum_support_bp": N_(
        "A set is proposed from this share of the C-customers' orders, in hundredths of a percent"
    ),
    "discovery_half_life_days": N_("For proposals an order counts half after days"),
}
CHOICE_WORDS: dict[str, dict[StrEnum, str]] = {
    "unknown_company": {
        UnknownCompany.ADMIT: N_("is admitted as C"),
        UnknownCompany.REVIEW: N_("waits for a person"),
    },
    "rating_mode": {
        RatingMode.ABSOLUTE: N_("by amounts"),
        RatingMode.SHARES: N_("by shares of the whole revenue"),
    },
    "automatic_rating": {
        AutomaticRating.OFF: N_("does not run"),
        AutomaticRating.PROPOSE: N_("proposes, and a person applies it"),
        AutomaticRating.APPLY: N_("applies itself"),
    },
    "override_approval": {
        OverrideApproval.ONE: N_("one person"),
        OverrideApproval.TWO: N_("a second person"),
    },
    "below_floor": {
        BelowFloor.FLAG: N_("is shown in the inbox"),
        BelowFloor.RETIRE: N_("is taken off sale"),
    },
    "publishing_approval": {
        PublishingApproval.ONE: N_("one person"),
        PublishingApproval.TWO: N_("a second person"),
    },
}
DAYS = dict(enumerate(WEEKDAYS, start=1))
VALUE_WORDS: dict[str, dict[Any, str]] = {
    **{
        name: {choice.value: label for choice, label in choices.items()}
        for name, choices in CHOICE_WORDS.items()
    },
    "dispatch_weekday": DAYS,
    "cut_off_weekday": DAYS,
}


@dataclass(frozen=True)
class PolicyField:
    """One value of the editor; label and options are not translated yet."""

    name: str
    label: str
    kind: str
    value: str
    options: tuple[tuple[str, str], ...] = ()
    least: int = 0
    greatest: int = 0


@router.get("/admin/policy")
def show_policy(request: Request, session: ReadDep) -> Response:
    return _page(request, session)


@router.post("/admin/policy")
def submit_policy(
    request: Request, session: WriteDep, reading: ReadDep, staff: StaffDep, values: Values, now: Now
) -> Response:
    policy, faults = _read(values)
    errors = errors_of(faults, language=request.scope["lang"])
    status = 422
    if policy is not None:
        based_on = int(values["based_on"]) if values.get("based_on", "").isdecimal() else -1
        reason = values.get("reason", "")
        try:
            is_new = change_policy(
                session, policy, based_on=based_on, reason=reason, actor=staff.actor, now=now
            )
            return see_other(f"/admin/policy?done={'policy' if is_new else 'unchanged'}")
        except Invalid as error:
            errors = errors_of(error.fields, language=request.scope["lang"])
        except Refused as error:
            errors, status = form_error(request, error), 409
    return _page(request, reading, status=status, values=values, errors=errors)


def _read(values: dict[str, str]) -> tuple[Policy | None, list[FieldError]]:
    given: dict[str, Any] = {}
    faults: list[FieldError] = []
    for name in LABELS:
        text = values.get(name, "").strip()
        try:
            given[name] = _value(name, text)
        except ValueError as error:
            message = str(error) if isinstance(error, NotMoney) else N_("Please enter a whole number.")
            faults.append(FieldError(name, message))
    return (None if faults else Policy(**given)), faults


def _value(name: str, text: str) -> int | StrEnum:
    if name in CHOICES:
        return CHOICES[name](text)
    return parse_cents(text) if name.endswith("_cents") else int(text)


def _page(
    request: Request,
    session: ReadDep,
    *,
    status: int = 200,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    policy = current_policy(session)
    return desk(
        request,
        "policy/policy.html",
        status=status,
        errors=errors or {},
        fields=_fields(policy, values or {}, language=request.scope["lang"]),
        labels=LABELS,
        value_words=VALUE_WORDS,
        reason=(values or {}).get("reason", ""),
        based_on=current_version_id(session),
        versions=list_versions(session),
    )


def _fields(policy: Policy, given: dict[str, str], *, language: str) -> list[PolicyField]:
    fields = []
    for name, value in asdict(policy).items():
        options: tuple[tuple[str, str], ...] = ()
        if name.endswith("_cents"):
            kind, text = "money", amount_text(value, language=language)
        elif name.endswith("_weekday"):
            kind, text = "choice", str(value)
            options = tuple((str(day), label) for day, label in enumerate(WEEKDAYS, start=1))
            options = options[: BOUNDS[name].greatest]
        elif name in CHOICES:
            kind, text = "choice", value.value
            options = tuple((choice.value, label) for choice, label in CHOICE_WORDS[name].items())
        else:
            kind, text = "number", str(value)
        bound = BOUNDS.get(name)
        fields.append(
            PolicyField(
                name,
                LABELS[name],
                kind,
                given.get(name, text),
                options,
                least=bound.least if bound else 0,
                greatest=bound.greatest if bound else 0,
            )
        )
    return fields
