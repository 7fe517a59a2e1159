"""Reading single versions of a bundle for the staff's pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from app.catalogue.models import BundleItem, BundleVersion
from app.catalogue.rules.changes import BlockChange, FieldChange, HeldBlock, block_changes, field_changes
from app.core.errors import N_, NotFound


@dataclass(frozen=True)
class VersionComparison:
    """Two versions of a bundle side by side."""

    old: BundleVersion
    new: BundleVersion
    fields: Sequence[FieldChange]
    blocks: Sequence[BlockChange]

    @property
    def is_same(self) -> bool:
        return not any(one.is_different for one in self.fields) and all(
            one.change == "same" for one in self.blocks
        )


def compare_versions(session: Session, bundle_id: int, *, old: int, new: int) -> VersionComparison:
    """What differs from one version (by its number) to another. Raises NotFound for a number that there is not."""
    before, after = _version(session, bundle_id, old), _version(session, bundle_id, new)
    return VersionComparison(
        before,
        after,
        field_changes(before.model_dump(), after.model_dump()),
        block_changes(_blocks(session, before), _blocks(session, after)),
    )


def _version(session: Session, bundle_id: int, number: int) -> BundleVersion:
    version = session.exec(
        select(BundleVersion).where(
            col(BundleVersion.bundle_id) == bundle_id, col(BundleVersion.version_number) == number
        )
    ).first()
    if version is None:
        raise NotFound(N_("This bundle has no such version."), code="bundle.no_version")
    return version


def _blocks(session: Session, version: BundleVersion) -> list[HeldBlock]:
    items = session.exec(
        select(BundleItem).where(col(BundleItem.bundle_version_id) == version.id).order_by(col(BundleItem.id))
    )
    return [
        HeldBlock(item.sku, item.name_de, item.name_en, item.unit_code, item.quantity_milli) for item in items
    ]
