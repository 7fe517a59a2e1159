"""The demo's e-mails: one that came back, so that an address waits for a call, and one text that was edited."""

from datetime import datetime, timedelta

from app.customers.models import Contact
from app.flows.fill_demo import Buyer, Rows
from app.mail.models import AddressState, Mail, MailAddress, MailState, MailText

CAME_BACK_BEFORE, EDITED_BEFORE = timedelta(days=2), timedelta(days=6)
REASON = "smtp; 550 5.1.1 Recipient address rejected: User unknown"
SUBJECT = "Sie können an die neue Lieferanschrift bestellen"
BODY = """\
Guten Tag {{ contact_name }},

die Lieferanschrift, die {{ company_name }} angegeben hat, ist geprüft. Sie können ab sofort dorthin bestellen.

Ihr Warenkorb ist noch da:
{{ base_url }}/cart
"""


def add_what_came_back(rows: Rows, buyer: Buyer, *, now: datetime) -> None:
    """Marks the address of a company to which nothing arrives any more."""
    contacts = rows.by_table.get(str(Contact.__tablename__), [])
    email = next((row["email"] for row in contacts if row["id"] == buyer.contact_id), None)
    if email is None:
        return
    at = now - CAME_BACK_BEFORE
    mail_id = rows.add(
        Mail,
        kind="delivery_address_cleared",
        key="demo:came_back",
        message_id="<demo-came-back@schlicht.example>",
        to_address=email,
        language=buyer.language,
        values={"contact_name": buyer.contact_name, "company_name": buyer.company_name},
        attachments=[],
        object_kind="customer",
        object_id=buyer.customer_id,
        state=MailState.FAILED,
        attempt_count=1,
        error=f"came back: 5.1.1 {REASON}",
        provider_answer="accepted by the relay",
        created_at=at,
        sent_at=at,
        bounced_at=at,
    )
    rows.add(
        MailAddress,
        address=email,
        state=AddressState.BOUNCED,
        status="5.1.1",
        reason=REASON,
        mail_id=mail_id,
        at=at,
        lifted_by="",
    )


def add_edited_text(rows: Rows, *, by: str, now: datetime) -> None:
    """What one e-mail says in German, in the words of a person."""
    rows.add(
        MailText,
        kind="delivery_address_cleared",
        language="de",
        version=1,
        is_default=False,
        subject=SUBJECT,
        body=BODY,
        written_by=by,
        at=now - EDITED_BEFORE,
    )
