"""Staff write the shelves of the catalogue, order them, and take empty ones away."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from app.audit.service import Actor, record
from app.catalogue.models import BundleVersion, Category
from app.catalogue.queries_categories import list_categories
from app.catalogue.rules.drafts import LONGEST_SLUG, SLUG
from app.catalogue.rules.pictograms import PICTOGRAMS
from app.catalogue.service import touch_catalogue
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.i18n import LANGUAGES
from app.core.transaction import transaction


def save_category(
    session: Session,
    *,
    category_id: int | None = None,
    slug: str,
    names: Mapping[str, str],
    texts: Mapping[str, str],
    pictogram: str,
    actor: Actor,
    now: datetime,
) -> int:
    """Writes a category, a new one at the end of all; customers see it at once. Returns its id.

    `names` and `texts` are keyed by language. Raises Invalid with a fault per field, NotFound for an unknown one.
    """
    values: dict[str, Any] = {
        "slug": slug.strip(),
        **{f"name_{language}": names.get(language, "").strip() for language in LANGUAGES},
        **{f"text_{language}": texts.get(language, "").strip() for language in LANGUAGES},
        "pictogram": pictogram,
    }
    faults = _faults(values)
    with transaction(session):
        touch_catalogue(session)
        taken = session.exec(select(Category.id).where(col(Category.slug) == values["slug"])).first()
        if taken is not None and taken != category_id:
            faults.append(FieldError("slug", N_("Another category has this address already.")))
        category = None if category_id is None else _find(session, category_id)
        if faults:
            raise Invalid(N_("Please check the entries."), code="category.invalid", fields=tuple(faults))
        old = None if category is None else {name: getattr(category, name) for name in values}
        if category is None:
            last = session.exec(select(func.max(Category.position))).one()
            category = Category(position=(last or 0) + 1, **values)
            session.add(category)
        else:
            category.sqlmodel_update(values)
        session.flush()
        _note(session, category, "category.saved", actor=actor, now=now, old=old, new=dict(values))
        return category.id or 0


def move_category(session: Session, category_id: int, *, is_up: bool, actor: Actor, now: datetime) -> None:
    """Changes a category's place with the one before (or after) it; at the end of the row nothing changes.

    Raises NotFound for an unknown category.
    """
    with transaction(session):
        touch_catalogue(session)
        category = _find(session, category_id)
        row = list(list_categories(session))
        place = row.index(category)
        other = place - 1 if is_up else place + 1
        if not 0 <= other < len(row):
            return
        row[place], row[other] = row[other], row[place]
        for position, one in enumerate(row, start=1):
            one.position = position
        old, new = {"place": place + 1}, {"place": other + 1}
        _note(session, category, "category.moved", actor=actor, now=now, old=old, new=new)


def delete_category(session: Session, category_id: int, *, actor: Actor, now: datetime) -> None:
    """Takes away a category in which no version of any bundle stands or ever stood.

    Raises NotFound for an unknown category, Refused for one that is not empty.
    """
    with transaction(session):
        touch_catalogue(session)
        category = _find(session, category_id)
        is_in_it = col(BundleVersion.category_id) == category_id
        count = session.exec(
            select(func.count(func.distinct(col(BundleVersion.bundle_id)))).where(is_in_it)
        ).one()
        if count:
            raise Refused(
                N_("Bundles stand in this category, or did in a version that orders keep: %(count)s."),
                code="category.not_empty",
                count=count,
            )
        session.delete(category)
        _note(
            session,
            category,
            "category.deleted",
            actor=actor,
            now=now,
            old=category.model_dump(exclude={"id"}),
        )


def _faults(values: Mapping[str, str]) -> list[FieldError]:
    faults = []
    if not SLUG.fullmatch(values["slug"]) or len(values["slug"]) > LONGEST_SLUG:
        message = N_("Please use small letters, digits and hyphens, such as spare-parts.")
        faults.append(FieldError("slug", message))
    for language in LANGUAGES:
        if not 1 <= len(values[f"name_{language}"]) <= 120:
            faults.append(FieldError(f"name_{language}", N_("Please give a name of at most 120 characters.")))
        if len(values[f"text_{language}"]) > 1000:
            faults.append(FieldError(f"text_{language}", N_("Please use at most 1,000 characters.")))
    if values["pictogram"] and values["pictogram"] not in PICTOGRAMS:
        faults.append(FieldError("pictogram", N_("Please choose one of the offered values.")))
    return faults


def _find(session: Session, category_id: int) -> Category:
    category = session.exec(select(Category).where(col(Category.id) == category_id).with_for_update()).first()
    if category is None:
        raise NotFound(N_("There is no such category."), code="category.not_found")
    return category


def _note(
    session: Session, category: Category, action: str, *, actor: Actor, now: datetime, **values: Any
) -> None:
    record(
        session,
        actor,
        action=action,
        object_kind="category",
        object_id=category.id,
        object_name=category.name_de,
        now=now,
        **values,
    )
