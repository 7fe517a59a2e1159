"""Writing the list that customers browse, inside the caller's transaction."""

from sqlalchemy import update
from sqlmodel import Session, col

from app.catalogue.models import CatalogueState


def touch_catalogue(session: Session) -> None:
    """Makes the catalogue a new version: what was rendered of the old one is not shown again.

    Call it first: its row lock keeps two changes of the list apart.
    """
    session.exec(update(CatalogueState).values(version=col(CatalogueState.version) + 1))
