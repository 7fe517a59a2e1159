"""Reading the main brand's list for the staff's pages."""

from sqlmodel import Session, col, select

from app.core.paging import Slice, read_page
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.keys import name_key, vat_key
from app.mainbrand.rules.segments import Segment


def list_accounts(session: Session, *, text: str, segment: Segment | None, page: int) -> Slice[MainAccount]:
    """One page of main accounts by number; `text` is a number, a VAT id or words of the name in any spelling."""
    query = select(MainAccount).order_by(col(MainAccount.account_number))
    if segment is not None:
        query = query.where(col(MainAccount.segment) == segment)
    if text:
        found = col(MainAccount.account_number).startswith(text, autoescape=True)
        if vat_id := vat_key(text):
            found |= col(MainAccount.vat_id) == vat_id
        words = name_key(text).split()
        if words:
            by_name = col(MainAccount.name_key).contains(words[0], autoescape=True)
            for word in words[1:]:
                by_name &= col(MainAccount.name_key).contains(word, autoescape=True)
            found |= by_name
        query = query.where(found)
    return read_page(session, query, page=page)


def find_account(session: Session, account_id: int) -> MainAccount | None:
    """One main account, or None."""
    return session.get(MainAccount, account_id)


def account_by_number(session: Session, number: str) -> MainAccount | None:
    """The main account of a number as the list writes it, or None."""
    return session.exec(select(MainAccount).where(col(MainAccount.account_number) == number)).first()
