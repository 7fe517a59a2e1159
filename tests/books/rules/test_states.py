from app.books.rules.states import FOLLOWING, ExportState, may_follow


def test_every_state_of_an_export_can_be_reached() -> None:
    found, ahead = {ExportState.ASKED}, [ExportState.ASKED]
    while ahead:
        fresh = FOLLOWING[ahead.pop()] - found
        found |= fresh
        ahead += fresh

    assert found == set(ExportState)


def test_a_file_that_is_gone_never_comes_back() -> None:
    assert not any(may_follow(ExportState.GONE, state) for state in ExportState)
