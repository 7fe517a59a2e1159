from app.staff.rules.roles import RIGHTS, Right, Role, may


def test_only_an_administrator_manages_staff() -> None:
    assert [role for role in Role if may(role, Right.STAFF)] == [Role.ADMIN]


def test_a_viewer_looks_and_does_nothing() -> None:
    assert RIGHTS[Role.VIEWER] == {Right.VIEW}


def test_every_role_may_look_and_every_right_belongs_to_somebody_besides_the_administrator_or_is_staff() -> (
    None
):
    assert all(may(role, Right.VIEW) for role in Role)
    assert {right for role in Role if role is not Role.ADMIN for right in RIGHTS[role]} == set(Right) - {
        Right.STAFF
    }
