from app.catalogue.rules.stages import FOLLOWING_STAGE, VersionStage


def test_each_stage_is_reached_from_a_draft_and_leads_to_the_shop() -> None:
    reached = {VersionStage.DRAFT}
    while True:
        further = reached.union(*(FOLLOWING_STAGE[stage] for stage in reached))
        if further == reached:
            break
        reached = further
    leading = {VersionStage.PUBLISHED}
    while True:
        further = leading | {stage for stage, after in FOLLOWING_STAGE.items() if after & leading}
        if further == leading:
            break
        leading = further

    assert set(FOLLOWING_STAGE) == reached == leading == set(VersionStage)


def test_nothing_follows_publishing_and_nothing_is_published_without_its_review() -> None:
    assert FOLLOWING_STAGE[VersionStage.PUBLISHED] == frozenset()
    assert VersionStage.PUBLISHED not in FOLLOWING_STAGE[VersionStage.DRAFT]
    assert all(
        VersionStage.DRAFT in FOLLOWING_STAGE[stage]
        for stage in (VersionStage.REVIEW, VersionStage.SCHEDULED)
    )
