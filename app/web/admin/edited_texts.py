"""What the e-mails say: the list of kinds, and the editor of one text with its preview on a real e-mail."""

from dataclasses import dataclass

from fastapi import APIRouter
from jinja2 import Environment
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_, Invalid, NotFound, Refused
from app.core.i18n import LANGUAGES, translate
from app.flows.edit_mail_text import edit_mail_text, restore_mail_text
from app.mail.edited_text import Unusable, Words, render_edited
from app.mail.models import Mail
from app.mail.queries_texts import TextState, sample_mails, text_states, versions_of
from app.mail.rendering import seller_of, standing_values, values_of
from app.mail.text_checks import SECRETS, allowed_in
from app.mail.text_source import kinds_of, own_source
from app.shop import Shop
from app.web.admin.lists import asked, desk
from app.web.admin.words import MAIL_KINDS
from app.web.deps import Now, ReadDep, ShopDep, StaffDep, Values, WriteDep
from app.web.forms import Errors
from app.web.rendering import see_other

router = APIRouter()

HIDDEN = "••••••••"
LONGEST_EXAMPLE = 80
MOST_FAULTS = 10
SHAPES = ("money", "iso_date|weekday_date", "iso_date|date", "iso_moment|datetime", "number", "country")
"""How values are written out, for whoever edits."""


@dataclass(frozen=True)
class Preview:
    """A text tried on a real e-mail, or why it could not be."""

    subject: str = ""
    body: str = ""
    fault: str = ""


@dataclass(frozen=True)
class Draft:
    """What stands in the editor: typed, or of a version; `since_version` is the newest one that was known then."""

    subject: str
    body: str
    since_version: int
    mail_id: str = ""


@router.get("/admin/mail/texts")
def show_texts(request: Request, shop: ShopDep, session: ReadDep) -> Response:
    states = text_states(session)
    rows = [
        (kind, [(language, states.get((kind, language), TextState(None))) for language in LANGUAGES])
        for kind in kinds_of(shop.environments[LANGUAGES[0]])
    ]
    rows.sort(key=lambda row: _name_of(request, row[0]).casefold())
    return desk(request, "mail/texts.html", rows=rows)


@router.get("/admin/mail/texts/{kind}/{language}")
def show_text(request: Request, shop: ShopDep, session: ReadDep, kind: str, language: str) -> Response:
    environment = _environment(shop, kind, language)
    versions = versions_of(session, kind, language)
    wanted = next((one for one in versions if str(one.version) == asked(request, "version")), None)
    shown = wanted or (versions[0] if versions else None)
    own = own_source(kind, environment)
    since = versions[0].version if versions else 0
    draft = Draft(own.subject, own.body, since)
    if shown is not None and not shown.is_default:
        draft = Draft(shown.subject, shown.body, since)
    return _editor(request, shop, session, kind, language, draft)


@router.post("/admin/mail/texts/{kind}/{language}")
def submit_text(
    request: Request,
    shop: ShopDep,
    session: WriteDep,
    staff: StaffDep,
    values: Values,
    now: Now,
    kind: str,
    language: str,
) -> Response:
    environment = _environment(shop, kind, language)
    since = values.get("since_version", "")
    draft = Draft(
        values.get("subject", ""),
        values.get("body", "").replace("\r\n", "\n"),
        int(since) if since.isascii() and since.isdigit() and len(since) < 9 else 0,
        values.get("mail_id", ""),
    )
    act = values.get("act", "")
    errors: Errors = {}
    status = 200
    try:
        if act == "restore":
            is_done = restore_mail_text(
                session, kind, language, since_version=draft.since_version, environment=environment,
                actor=staff.actor, now=now,
            )  # fmt: skip
            return see_other(_path(kind, language, "text_restored" if is_done else "unchanged"))
        if act != "preview":
            is_done = edit_mail_text(
                session, kind, language, subject=draft.subject, body=draft.body, since_version=draft.since_version,
                environment=environment, actor=staff.actor, now=now,
            )  # fmt: skip
            return see_other(_path(kind, language, "text_saved" if is_done else "unchanged"))
    except Invalid as invalid:
        errors, status = _errors(invalid, language=request.scope["lang"]), 422
    except Refused as refused:
        errors, status = {"form": translate(request.scope["lang"], refused.message)}, 409
    return _editor(request, shop, session, kind, language, draft, errors=errors, status=status)


def _errors(invalid: Invalid, *, language: str) -> Errors:
    """Every fault of each field, one sentence after the other."""
    told: dict[str, list[str]] = {}
    for fault in invalid.fields:
        told.setdefault(fault.field, []).append(translate(language, fault.message, **fault.values))
    return {field: " ".join(sentences[:MOST_FAULTS]) for field, sentences in told.items()}


def _editor(
    request: Request,
    shop: Shop,
    session: Session,
    kind: str,
    language: str,
    draft: Draft,
    *,
    errors: Errors | None = None,
    status: int = 200,
) -> Response:
    environment = shop.environments[language]
    versions = versions_of(session, kind, language)
    samples = sample_mails(session, kind)
    sample = next(
        (mail for mail in samples if str(mail.id) == draft.mail_id), samples[0] if samples else None
    )
    preview = None
    if sample is not None:
        preview = _tried(shop, Words(draft.subject, draft.body), sample, environment)
    source = own_source(kind, environment)
    return desk(
        request,
        "mail/text.html",
        status=status,
        kind=kind,
        language=language,
        languages=LANGUAGES,
        draft=draft,
        errors=errors or {},
        state=text_states(session).get((kind, language), TextState(None)),
        versions=versions,
        samples=[(str(mail.id), _label(shop, mail, request.scope["lang"])) for mail in samples],
        sample=sample,
        preview=preview,
        allowed=_allowed(shop, kind, environment, sample),
        functions=sorted(source.functions),
        parts=sorted(source.parts),
        fixed=source.fixed,
        shapes=SHAPES,
    )


def _tried(shop: Shop, words: Words, mail: Mail, environment: Environment) -> Preview:
    values = {**values_of(mail, settings=shop.settings), **dict.fromkeys(SECRETS, HIDDEN)}
    try:
        subject, body = render_edited(mail.kind, words, values, environment)
    except Unusable as error:
        return Preview(fault=str(error))
    return Preview(subject, body.strip())


def _allowed(shop: Shop, kind: str, environment: Environment, sample: Mail | None) -> list[tuple[str, str]]:
    """Each value that the text may name, with what it is in the e-mail at hand."""
    seen = values_of(sample, settings=shop.settings) if sample else standing_values(shop.settings)
    found = []
    for name in sorted(allowed_in(kind, environment).values):
        value = HIDDEN if name in SECRETS else seen.get(name, "")
        if name == "seller":
            found += [(f"seller.{key}", text) for key, text in seller_of(shop.settings).items()]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            found += [(f"{name}[…].{key}", _shortly(one)) for key, one in value[0].items()]
        elif isinstance(value, dict):
            found += [(f"{name}.{key}", _shortly(one)) for key, one in value.items()]
        else:
            found.append((name, _shortly(value)))
    return found


def _shortly(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= LONGEST_EXAMPLE else text[: LONGEST_EXAMPLE - 1] + "…"


def _label(shop: Shop, mail: Mail, language: str) -> str:
    """An e-mail among those on which a text can be tried: when, about what, to whom."""
    about = mail.values.get("number") or mail.values.get("company_name") or ""
    parts = (shop.environments[language].filters["datetime"](mail.created_at), about, mail.to_address)
    return " · ".join(str(part) for part in parts if part)


def _name_of(request: Request, kind: str) -> str:
    return translate(request.scope["lang"], MAIL_KINDS.get(kind, kind))


def _environment(shop: Shop, kind: str, language: str) -> Environment:
    environment = shop.environments.get(language)
    if environment is None or kind not in kinds_of(environment):
        raise NotFound(N_("There is no such kind of e-mail."), code="mail_text.not_found")
    return environment


def _path(kind: str, language: str, done: str) -> str:
    return f"/admin/mail/texts/{kind}/{language}?done={done}"
