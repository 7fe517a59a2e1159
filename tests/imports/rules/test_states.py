from app.imports.rules.states import BUSY, FOLLOWS, MAPPABLE, WAITING, ImportState, may_follow

ENDS = {ImportState.UNDONE, ImportState.FAILED, ImportState.CANCELLED}


def reachable(start: ImportState) -> set[ImportState]:
    found, fresh = {start}, [start]
    while fresh:
        for state in FOLLOWS[fresh.pop()] - found:
            found.add(state)
            fresh.append(state)
    return found


def test_every_state_can_be_reached_and_only_the_ends_are_ends() -> None:
    assert set(FOLLOWS) == set(ImportState)
    assert reachable(ImportState.UPLOADED) == set(ImportState)
    assert {state for state, following in FOLLOWS.items() if not following} == ENDS


def test_from_every_state_before_the_end_a_person_or_the_worker_gets_on() -> None:
    for state in set(ImportState) - ENDS - {ImportState.APPLIED}:
        assert reachable(state) & {ImportState.APPLIED, ImportState.CANCELLED}
        assert may_follow(state, ImportState.CANCELLED)


def test_what_is_written_is_not_cancelled_and_what_is_undone_stays_so() -> None:
    assert not may_follow(ImportState.APPLIED, ImportState.CANCELLED)
    assert not may_follow(ImportState.CHECKED, ImportState.APPLIED)
    assert not any(may_follow(ImportState.UNDONE, state) for state in ImportState)


def test_the_worker_and_the_person_never_both_have_their_turn() -> None:
    assert not BUSY & MAPPABLE
    assert WAITING == BUSY | MAPPABLE
