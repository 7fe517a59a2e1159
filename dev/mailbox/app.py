"""The web side: messages to read, as pages and as JSON, and the failure controls."""

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
from pydantic import BaseModel, ConfigDict, Field, model_validator

from dev.mailbox.messages import Mailbox, Message
from dev.mailbox.smtp import Behaviour, Receiver, listen

router = APIRouter()
_FOLDER = Path(__file__).parent / "templates"
_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_LINK = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]")
_SHOWN_COUNT = 200
_HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "Reply-To", "Content-Language", "List-Unsubscribe")


class BehaviourIn(BaseModel):
    """Exactly one of `code`, `hang_s` and `is_dropped`; `rcpt` is a pattern such as `*@slow.example`."""

    model_config = ConfigDict(extra="forbid")

    rcpt: str = "*"
    code: int | None = Field(default=None, ge=400, le=599)
    hang_s: float | None = Field(default=None, ge=0, le=600)
    is_dropped: bool = False
    stage: Literal["rcpt", "data", "stored"] = "rcpt"
    times: int | None = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _one_of_three(self) -> "BehaviourIn":
        if [self.code is not None, self.hang_s is not None, self.is_dropped].count(True) != 1:
            raise ValueError("give exactly one of code, hang_s, is_dropped")
        return self


def get_receiver(request: Request) -> Receiver:
    """The running SMTP side."""
    found: Receiver = request.app.state.receiver
    return found


Post = Annotated[Receiver, Depends(get_receiver)]


def create_app(*, smtp_port: int, smtp_host: str = "127.0.0.1", folder: Path | None = None) -> FastAPI:
    """The application; it listens for SMTP as long as it runs."""
    receiver = Receiver(Mailbox(folder))

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        server = await listen(receiver, host=smtp_host, port=smtp_port)
        yield
        server.close()

    app = FastAPI(title="Mailbox", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.receiver = receiver
    app.include_router(router)
    return app


def linked(text: str) -> Markup:
    """The text, escaped, with its addresses as links."""
    shown = Markup("")
    position = 0
    for found in _LINK.finditer(text):
        shown += escape(text[position : found.start()])
        shown += Markup('<a href="{address}" rel="noreferrer">{address}</a>').format(address=found.group())
        position = found.end()
    return shown + escape(text[position:])


_templates = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
)
_templates.filters["linked"] = linked


@router.get("/")
async def show_list(post: Post, to: str = "") -> HTMLResponse:
    """The newest messages, searched by recipient."""
    found = post.mailbox.newest(to=to.strip())
    return _page("list.html", messages=found[:_SHOWN_COUNT], count=len(found), to=to)


@router.get("/messages/{message_id}")
async def show_message(post: Post, message_id: str) -> HTMLResponse:
    """Headers and plain text."""
    message = post.mailbox.find(message_id)
    if message is None:
        return _page("missing.html", status=404)
    return _page("message.html", message=message, headers=_headers(message), text=message.text())


@router.get("/messages/{message_id}/raw")
async def show_raw(post: Post, message_id: str) -> Response:
    """The message as it came, to be saved and opened in a mail program."""
    message = post.mailbox.find(message_id)
    if message is None:
        raise HTTPException(404)
    named = {"Content-Disposition": f'attachment; filename="{message.id}.eml"'}
    return Response(message.raw, media_type="message/rfc822", headers=named)


@router.post("/clear")
async def clear_page(post: Post) -> Response:
    """The button under the list."""
    post.mailbox.clear()
    return RedirectResponse("/", 303)


@router.get("/static/mailbox.css")
async def style() -> Response:
    """The one style sheet."""
    return Response((_FOLDER / "mailbox.css").read_text(), media_type="text/css")


@router.get("/api/messages")
async def list_messages(post: Post, to: str = "") -> list[dict[str, Any]]:
    """Newest first: id, from, to, subject, text, message_id, received_at, headers."""
    return [_as_json(message) for message in post.mailbox.newest(to=to)]


@router.delete("/api/messages")
async def delete_messages(post: Post) -> dict[str, int]:
    """Forgets all messages."""
    return {"deleted_count": post.mailbox.clear()}


@router.post("/api/behaviour")
async def add_behaviour(post: Post, given: BehaviourIn) -> list[BehaviourIn]:
    """Makes coming deliveries fail."""
    post.behaviours.append(Behaviour(**given.model_dump()))
    return await get_behaviour(post)


@router.get("/api/behaviour")
async def get_behaviour(post: Post) -> list[BehaviourIn]:
    """What is still in force."""
    return [BehaviourIn(**vars(one)) for one in post.behaviours]


@router.delete("/api/behaviour")
async def clear_behaviour(post: Post) -> list[BehaviourIn]:
    """Takes everything again."""
    post.behaviours.clear()
    return []


def _headers(message: Message) -> list[tuple[str, str]]:
    parsed = message.parsed()
    shown = [(name, str(parsed[name])) for name in _HEADERS if parsed[name] is not None]
    return [("Envelope", f"{message.sender} → {', '.join(message.recipients)}"), *shown]


def _as_json(message: Message) -> dict[str, Any]:
    parsed = message.parsed()
    return {
        "id": message.id,
        "from": message.sender,
        "to": list(message.recipients),
        "subject": message.subject(),
        "text": message.text(),
        "message_id": parsed["Message-ID"],
        "received_at": message.received_at.isoformat(),
        "headers": [[name, str(value)] for name, value in parsed.items()],
    }


def _page(name: str, *, status: int = 200, **values: object) -> HTMLResponse:
    text = _templates.get_template(name).render(values)
    return HTMLResponse(
        text, status, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
    )
