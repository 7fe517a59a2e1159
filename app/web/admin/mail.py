"""E-mails: the outbox by state, one e-mail as it was or will be sent, and trying again."""

from fastapi import APIRouter
from jinja2 import StrictUndefined, TemplateError
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_
from app.core.ids import new_token
from app.flows.retry_mail import abort, can_be_sent_again, retry, send_again
from app.invoices.queries_papers import attached
from app.mail.edited_text import Words
from app.mail.models import ASKED_FOR, Mail, MailState
from app.mail.queries import find_mail, list_mails, read_mark, words_of
from app.mail.queries_texts import text_of
from app.mail.rendering import Attached, Text, render
from app.mail.text_checks import SECRETS
from app.shop import Shop
from app.web.admin import words
from app.web.admin.lists import asked, asked_choice, asked_page, chips, desk, page_urls
from app.web.deps import Now, ReadDep, RowId, ShopDep, StaffDep, Values, WriteDep
from app.web.rendering import see_other

router = APIRouter()

BOUNCED = "bounced"
"""The filter for e-mails that came back, whatever was done about them since."""
STATES = [(state.value, word.label) for state, word in words.MAILS.items()]


_HIDDEN = "••••••••"


class _Hidden(StrictUndefined):
    """Stands for the secret of an e-mail, which staff never see."""

    def __str__(self) -> str:  # type: ignore[override]
        return _HIDDEN


@router.get("/admin/mail")
def show_mails(request: Request, session: ReadDep) -> Response:
    text, state = asked(request, "q"), asked_choice(request, "state", MailState)
    is_bounced = asked(request, "state") == BOUNCED
    found = list_mails(session, state=state, text=text, page=asked_page(request), is_bounced=is_bounced)
    return desk(
        request,
        "mail/list.html",
        mails=found.rows,
        pages=page_urls(request, found),
        text=text,
        state=asked(request, "state"),
        states=chips(request, "state", [*STATES, (BOUNCED, N_("came back"))]),
    )


@router.get("/admin/mail/{mail_id}")
def show_mail(request: Request, mail_id: RowId, shop: ShopDep, session: ReadDep) -> Response:
    mail = find_mail(session, mail_id)
    mark = read_mark(session, mail.to_address)
    return desk(
        request,
        "mail/mail.html",
        mail=mail,
        text=_without_secrets(shop, mail, words_of(text_of(session, mail))),
        files=_files(session, mail),
        mark=mark,
        is_held=mark is not None and mail.kind not in ASKED_FOR,
        may_send_again=can_be_sent_again(mail, environments=shop.environments, settings=shop.settings),
        request_key=new_token()[:20],
    )


@router.post("/admin/mail/{mail_id}/retry")
def submit_retry(
    mail_id: RowId, shop: ShopDep, session: WriteDep, staff: StaffDep, values: Values, now: Now
) -> Response:
    if values.get("request_key"):
        is_done = send_again(
            session,
            mail_id,
            request_key=values["request_key"],
            environments=shop.environments,
            settings=shop.settings,
            actor=staff.actor,
            now=now,
        )
        return see_other(f"/admin/mail/{mail_id}?done={'sent_again' if is_done else 'unchanged'}")
    is_done = retry(session, mail_id, actor=staff.actor, now=now)
    return see_other(f"/admin/mail/{mail_id}?done={'retried' if is_done else 'unchanged'}")


@router.post("/admin/mail/{mail_id}/abort")
def submit_abort(mail_id: RowId, session: WriteDep, staff: StaffDep, values: Values, now: Now) -> Response:
    is_done = abort(session, mail_id, actor=staff.actor, now=now)
    return see_other(f"/admin/mail/{mail_id}?done={'aborted' if is_done else 'unchanged'}")


def _files(session: Session, mail: Mail) -> list[Attached] | None:
    """The papers that go with an e-mail; None where one of them does not exist (any more)."""
    try:
        return attached(session, mail.attachments)
    except LookupError:
        return None


def _without_secrets(shop: Shop, mail: Mail, words: Words | None) -> Text | None:
    """The e-mail with its secrets blotted out; None where a row cannot be rendered (any more)."""
    hidden = dict.fromkeys(SECRETS, _HIDDEN) if words else None
    shown = Mail.model_construct(**{**mail.model_dump(), "secret_values": hidden})
    try:
        if words:
            return render(shown, shop.environments[mail.language], settings=shop.settings, words=words)
        environment = shop.environments[mail.language].overlay(undefined=_Hidden)
        return render(shown, environment, settings=shop.settings)
    except (TemplateError, TypeError, ValueError, KeyError):
        return None
