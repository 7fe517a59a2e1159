"""The kinds of building blocks, where they come from, how they are packed, and the states of a bundle."""

from enum import StrEnum


class Kind(StrEnum):
    """What a block is; a bundle is shown under the kind of its main block."""

    SPARE_PART = "spare_part"
    CARE_PRODUCT = "care_product"
    CONSUMABLE = "consumable"
    RAW_MATERIAL = "raw_material"
    SEMI_FINISHED = "semi_finished"
    CONSULTING_UNIT = "consulting_unit"
    SERVICE = "service"


class Source(StrEnum):
    """How a block is provided (domain.md section 3)."""

    OWN = "own"
    SPECIALIST = "specialist"
    WHITE_LABEL = "white_label"
    COMMISSION = "commission"


class Packaging(StrEnum):
    """What a block is packed in for its way to the customer."""

    NONE = "none"
    ENVELOPE = "envelope"
    BAG = "bag"
    CARTON = "carton"
    TUBE = "tube"
    CANISTER = "canister"
    PALLET = "pallet"


class PriceCause(StrEnum):
    """How a block's costs or its main brand's price came to change."""

    CREATED = "created"
    EDITOR = "editor"
    BULK = "bulk"
    IMPORT = "import"


class BundleState(StrEnum):
    """Only a published bundle is seen and sold."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


FOLLOWING: dict[BundleState, frozenset[BundleState]] = {
    BundleState.DRAFT: frozenset({BundleState.PUBLISHED}),
    BundleState.PUBLISHED: frozenset({BundleState.RETIRED}),
    BundleState.RETIRED: frozenset({BundleState.PUBLISHED}),
}
