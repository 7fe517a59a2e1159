"""Two complaints of the first log-in: one with a photo that waits for an answer, one that led to a replacement."""

import hashlib
import io
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from PIL import Image, ImageDraw

from app.care.models import Complaint, ComplaintLine, ComplaintMessage, ComplaintPhoto, EffortEvent
from app.care.rules.complaining import answer_due
from app.care.rules.complaints import ComplaintOutcome, ComplaintReason, ComplaintState, MessageAuthor
from app.care.rules.effort import EffortCause, EffortKind
from app.catalogue.rules.pictures import CONTENT_TYPE, clean_picture
from app.cli.demo_company.orders import PACKER, Conditions, add_event, add_reservations, working_hour
from app.core.ids import READABLE
from app.flows.fill_demo import Buyer, Offer, Rows
from app.ordering.models import Order, OrderLine
from app.ordering.rules.promise import delivery_promise
from app.ordering.rules.states import OrderKind, OrderState

Row = dict[str, Any]

TEXTS = {
    "open": {
        "de": "Ein Ring ist an der Kante gerissen, siehe Foto. Aufgefallen beim Einbau.",
        "en": "A ring is cracked at the edge, see the photo. We saw it when fitting it.",
    },
    "decided": {
        "de": "Der Karton war eingedrückt, ein Stück ist zerbrochen.",
        "en": "The box was dented, one piece is broken.",
    },
}
NOTES = {"de": "Den Karton brauchen wir nicht zurück.", "en": "We do not need the box back."}


def add_complaints(
    rows: Rows, buyer: Buyer, orders: Sequence[int], offers: Sequence[Offer], conditions: Conditions
) -> None:
    """Adds both to the buyer's last two orders that have left."""
    by_id = {row["id"]: row for row in rows.by_table["orders"]}
    sent = [by_id[order_id] for order_id in orders if by_id[order_id]["dispatched_at"] is not None]
    if len(sent) < 2:
        return
    waiting = _add(
        rows,
        buyer,
        sent[-2],
        ComplaintReason.DEFECTIVE,
        TEXTS["open"][buyer.language],
        conditions,
        days_ago=1,
        photo=drawn_photo(),
    )
    answered = _add(
        rows,
        buyer,
        sent[-1],
        ComplaintReason.DAMAGED,
        TEXTS["decided"][buyer.language],
        conditions,
        days_ago=5,
    )
    _replace(rows, buyer, sent[-1], answered, offers, conditions)
    for complaint in (waiting, answered):
        _note(rows, complaint, conditions)


def drawn_photo() -> bytes:
    """A ring with a crack at its edge, drawn here: a picture as a phone would take it, as the shop keeps it."""
    picture = Image.new("RGB", (640, 480), (203, 196, 184))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 330, 640, 480), fill=(156, 140, 118))
    pen.ellipse((170, 70, 470, 370), fill=(52, 52, 56))
    pen.ellipse((245, 145, 395, 295), fill=(203, 196, 184))
    pen.line(((440, 130), (418, 158), (428, 176), (392, 206)), fill=(203, 196, 184), width=7)
    pen.line(((418, 158), (404, 150)), fill=(203, 196, 184), width=4)
    target = io.BytesIO()
    picture.save(target, "PNG")
    return clean_picture(target.getvalue())


def _add(
    rows: Rows,
    buyer: Buyer,
    order: Row,
    reason: ComplaintReason,
    text: str,
    conditions: Conditions,
    *,
    days_ago: int,
    photo: bytes = b"",
) -> Row:
    """An open complaint about one piece of the order's first line."""
    chance = random.Random(f"{conditions.seed}:complaint:{order['id']}")
    at = working_hour(conditions, days_ago, chance)
    received_on = at.astimezone(conditions.calendar.zone).date()
    days = conditions.policy.complaint_answer_days
    complaint_id = rows.add(
        Complaint,
        number="R-" + "".join(chance.choices(READABLE, k=8)),
        customer_id=buyer.customer_id,
        contact_id=buyer.contact_id,
        order_id=order["id"],
        form_key=f"demo-{chance.getrandbits(96):024x}",
        reason=reason,
        state=ComplaintState.OPEN,
        fault=EffortCause.UNDECIDED,
        outcome=None,
        rejection="",
        answer="",
        answer_due_on=answer_due(received_on, answer_days=days, calendar=conditions.calendar),
        created_at=at,
        decided_by="",
        decided_by_id=None,
        decided_at=None,
        reopened_at=None,
        replacement_order_id=None,
        refund_id=None,
    )
    complaint = rows.by_table["complaints"][-1]
    line = _lines(rows, order)[0]
    rows.add(
        ComplaintLine,
        complaint_id=complaint_id,
        order_line_id=line["id"],
        quantity=1,
        open_key=f"{line['id']}:{reason.value}",
    )
    photos = [_add_photo(rows, complaint_id, photo, at=at)] if photo else []
    _say(
        rows,
        complaint,
        MessageAuthor.CUSTOMER,
        at=at,
        name=buyer.contact_name,
        kind="filed",
        text=text,
        values={"photos": photos},
    )
    add_event(
        rows,
        order["id"],
        "complaint_filed",
        at=at,
        actor_name=buyer.contact_name,
        values={"complaint": complaint["number"]},
    )
    return complaint


def _add_photo(rows: Rows, complaint_id: int, content: bytes, *, at: datetime) -> int:
    return rows.add(
        ComplaintPhoto,
        complaint_id=complaint_id,
        content_type=CONTENT_TYPE,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        added_at=at,
    )


def _replace(
    rows: Rows, buyer: Buyer, order: Row, complaint: Row, offers: Sequence[Offer], conditions: Conditions
) -> None:
    """The complaint is answered with one piece more, which waits for its run."""
    at = conditions.now - timedelta(hours=1)
    made = _order_again(rows, order, complaint, offers, conditions, at=at)
    complaint.update(
        state=ComplaintState.DECIDED,
        fault=EffortCause.OURS,
        outcome=ComplaintOutcome.REPLACEMENT,
        answer=NOTES[buyer.language],
        decided_by=PACKER,
        decided_at=at,
        replacement_order_id=made["id"],
    )
    rows.by_table["complaint_lines"][-1]["open_key"] = None
    told = {
        "outcome": ComplaintOutcome.REPLACEMENT.value,
        "rejection": "",
        "replacement": made["number"],
        "dispatch_on": made["dispatch_on"].isoformat(),
        "promised_on": made["promised_on"].isoformat(),
    }
    _say(
        rows,
        complaint,
        MessageAuthor.STAFF,
        at=at,
        name=PACKER,
        kind="decided",
        text=NOTES[buyer.language],
        values=told,
    )
    values = {"complaint": complaint["number"]}
    add_event(rows, order["id"], "complaint_answered", at=at, actor_name=PACKER, values=values)


def _order_again(
    rows: Rows, order: Row, complaint: Row, offers: Sequence[Offer], conditions: Conditions, *, at: datetime
) -> Row:
    """A replacement of one piece of the order's first line, accepted at a moment."""
    line = _lines(rows, order)[0]
    offer = next(one for one in offers if one.version_id == line["bundle_version_id"])
    promise = delivery_promise(
        conditions.policy,
        conditions.calendar,
        ordered_at=at,
        main_brand_lead_time_days=offer.lead_time_days,
    )
    chance = random.Random(f"{conditions.seed}:replacement:{order['id']}")
    free = {"goods_net_cents": 0, "charges_net_cents": 0, "vat_cents": 0, "gross_cents": 0}
    changed = {
        "number": "S-" + "".join(chance.choices(READABLE, k=8)),
        "checkout_key": f"complaint:{complaint['number']}",
        "kind": OrderKind.REPLACEMENT,
        "for_order_id": order["id"],
        "state": OrderState.ACCEPTED,
        "dispatch_on": promise.dispatch_on,
        "promised_on": promise.promised_on,
        "placed_at": at,
        "accepted_at": at,
        "dispatched_at": None,
    }
    copied = {name: value for name, value in order.items() if name != "id"}
    made_id = rows.add(Order, **{**copied, **free, **changed})
    bought = {"bundle_version_id": line["bundle_version_id"], "name": line["name"], "quantity": 1}
    rows.add(OrderLine, order_id=made_id, **bought, unit_price_cents=0, net_cents=0)
    add_reservations(rows, made_id, [(offer, 1)])
    values = {"complaint": complaint["number"], "replaces": order["number"]}
    add_event(rows, made_id, "replacement_made", at=at, values=values)
    add_event(rows, made_id, "accepted", at=at, values={"promised_on": promise.promised_on.isoformat()})
    return rows.by_table["orders"][-1]


def _say(
    rows: Rows,
    complaint: Row,
    author: MessageAuthor,
    *,
    at: datetime,
    name: str,
    kind: str,
    text: str,
    values: dict[str, Any],
) -> None:
    rows.add(
        ComplaintMessage,
        complaint_id=complaint["id"],
        author=author,
        author_name=name,
        kind=kind,
        text=text,
        values=values,
        form_key=None,
        at=at,
    )


def _note(rows: Rows, complaint: Row, conditions: Conditions) -> None:
    rows.add(
        EffortEvent,
        customer_id=complaint["customer_id"],
        order_id=complaint["order_id"],
        kind=EffortKind.COMPLAINT,
        minutes=conditions.policy.effort_complaint_minutes,
        cause=complaint["fault"],
        note="",
        source_key=f"complaint:{complaint['id']}",
        noted_by="",
        at=complaint["created_at"],
        corrected_by="",
        correction_reason="",
        corrected_at=None,
    )


def _lines(rows: Rows, order: Row) -> list[Row]:
    return [row for row in rows.by_table["order_lines"] if row["order_id"] == order["id"]]
