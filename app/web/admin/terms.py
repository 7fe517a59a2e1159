"""The terms: every version, what changed in it, and the desk on which the next one is written."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Invalid, Refused
from app.flows.publish_terms import LONGEST, check_terms, publish_terms
from app.ordering.models import TermsVersion
from app.ordering.queries_terms import terms_before, terms_in_force, terms_named, terms_with_facts
from app.ordering.rules.terms_text import BlockChange, ChangeKind, compare_terms
from app.web.admin.lists import asked, desk, form_error
from app.web.deps import Now, ReadDep, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.rendering import see_other

router = APIRouter()

FIELDS = ("name", "text_de", "text_en")


@router.get("/admin/terms")
def show_versions(request: Request, session: ReadDep) -> Response:
    if asked(request, "new"):
        present = terms_in_force(session)
        texts = {"text_de": present.text_de, "text_en": present.text_en} if present else {}
        return _editor(request, session, {"name": "", **texts, "based_on": _name(present)})
    return desk(request, "terms/list.html", versions=terms_with_facts(session))


@router.get("/admin/terms/{name}")
def show_version(request: Request, name: str, session: ReadDep) -> Response:
    terms = terms_named(session, name)
    before = terms_before(session, terms)
    return desk(
        request,
        "terms/version.html",
        terms=terms,
        before=before,
        sides=_sides(before, terms.text_de, terms.text_en),
    )


@router.post("/admin/terms")
def submit_version(
    request: Request, session: WriteDep, reading: ReadDep, staff: StaffDep, values: Values, now: Now
) -> Response:
    name, german, english = (values.get(field, "") for field in FIELDS)
    name = name.strip()
    try:
        if values.get("act") == "preview":
            check_terms(name=name, text_de=german, text_en=english)
            return _editor(request, reading, values, is_checked=True)
        publish_terms(
            session,
            name=name,
            text_de=german,
            text_en=english,
            based_on=values.get("based_on", ""),
            actor=staff.actor,
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _editor(request, reading, values, status=422, errors=errors)
    except Refused as error:
        # Shown beside what is in force now; publishing again is then a decision about that.
        known = {**values, "based_on": _name(terms_in_force(reading))}
        return _editor(
            request, reading, known, status=409, errors=form_error(request, error), is_checked=True
        )
    return see_other(f"/admin/terms/{name}?done=terms_published")


def _editor(
    request: Request,
    session: ReadDep,
    values: dict[str, str],
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    is_checked: bool = False,
) -> Response:
    known = {field: values.get(field, "") for field in (*FIELDS, "based_on")}
    present = terms_in_force(session) if is_checked else None
    return desk(
        request,
        "terms/editor.html",
        status=status,
        values=known,
        errors=errors or {},
        before=present,
        sides=_sides(present, known["text_de"], known["text_en"]) if is_checked else [],
        longest=LONGEST,
    )


def _sides(
    before: TermsVersion | None, german: str, english: str
) -> list[tuple[str, list[BlockChange], int]]:
    """For each language what its text says and what differs from the version before, with the number of changes."""
    texts = (
        ("de", before.text_de if before else "", german),
        ("en", before.text_en if before else "", english),
    )
    sides = []
    for language, old, new in texts:
        changes = compare_terms(old, new)
        sides.append((language, changes, sum(change.kind is not ChangeKind.SAME for change in changes)))
    return sides


def _name(terms: TermsVersion | None) -> str:
    return terms.name if terms else ""
