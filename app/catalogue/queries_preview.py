"""Reading a bundle's newest version as customers would see it if it were published now."""

from dataclasses import fields
from typing import Any

from sqlmodel import Session

from app.catalogue.queries import BundleContent, BundleFacts
from app.catalogue.queries_desk import read_sheet
from app.catalogue.queries_sizes import sizes_today
from app.catalogue.rules.stock import StockLevel


def previewed_bundle(session: Session, bundle_id: int, *, language: str) -> BundleFacts:
    """The newest version with its blocks' present facts, or those it was frozen with. Raises NotFound."""
    sheet = read_sheet(session, bundle_id)
    version = sheet.version
    is_frozen = version.published_at is not None
    sizes = sizes_today(version, sheet.items)
    parts = [(item if is_frozen else block, item.quantity_milli) for item, block in sheet.items]
    values: dict[str, Any] = {
        "bundle_id": bundle_id,
        "version_id": version.id,
        "slug": sheet.bundle.slug,
        "name": getattr(version, f"name_{language}"),
        "text": getattr(version, f"text_{language}"),
        "purpose": getattr(version, f"purpose_{language}"),
        "kind": version.kind,
        "category_id": version.category_id,
        "pictogram": version.pictogram,
        "price_cents": version.price_cents,
        "minimum_quantity": sizes.minimum_quantity,
        "order_step": sizes.order_step,
        "maximum_quantity": version.maximum_quantity,
        "main_brand_lead_time_days": max(
            (
                max(item.main_brand_lead_time_days if is_frozen else 0, block.main_brand_lead_time_days)
                for item, block in sheet.items
            ),
            default=0,
        ),
        "has_image": sheet.bundle.image_id is not None,
        "stock_level": StockLevel.PLENTY,
        "contents": tuple(
            BundleContent(quantity_milli, part.unit_code, part.sku, getattr(part, f"name_{language}"))
            for part, quantity_milli in parts
        ),
    }
    return BundleFacts(**{field.name: values[field.name] for field in fields(BundleFacts)})
