"""The way of a bundle version to the shop, and which stage may follow which."""

from enum import StrEnum

from app.catalogue.rules.kinds import BundleState


class VersionStage(StrEnum):
    """A draft is written, looked at by a person, perhaps scheduled, and published; then it is frozen.

    Whatever is changed before that is a draft again.
    """

    DRAFT = "draft"
    REVIEW = "review"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"


FOLLOWING_STAGE: dict[VersionStage, frozenset[VersionStage]] = {
    VersionStage.DRAFT: frozenset({VersionStage.REVIEW}),
    VersionStage.REVIEW: frozenset({VersionStage.DRAFT, VersionStage.SCHEDULED, VersionStage.PUBLISHED}),
    VersionStage.SCHEDULED: frozenset({VersionStage.DRAFT, VersionStage.REVIEW, VersionStage.PUBLISHED}),
    VersionStage.PUBLISHED: frozenset(),
}


def is_before_review(state: BundleState, stage: VersionStage) -> bool:
    """Whether a bundle was neither on sale nor submitted yet: nobody but who writes it has to agree to it."""
    return state is BundleState.DRAFT and stage is VersionStage.DRAFT
