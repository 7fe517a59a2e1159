"""The buttons and forms that take a bundle to the shop."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from app.catalogue.models import Bundle, BundleVersion
from app.catalogue.rules.kinds import BundleState
from app.catalogue.rules.stages import VersionStage
from app.core.clock import utc_now
from app.core.transaction import transaction
from app.policy.models import PolicyVersion
from app.policy.rules.policy import Policy, PublishingApproval, to_values
from app.staff.rules.roles import Role
from tests import make
from tests.web.admin.conftest import Desk
from tests.web.conftest import Browser


@pytest.fixture
def draft(session: Session, things: Desk) -> Bundle:
    """A bundle that nobody sees yet."""
    return make.bundle(session, state=BundleState.DRAFT, name_en="Winter set", name_de="Wintersatz")


def stage(session: Session, bundle: Bundle) -> VersionStage:
    session.rollback()
    return session.exec(select(BundleVersion.stage).where(col(BundleVersion.bundle_id) == bundle.id)).one()


def test_staff_submit_send_back_date_undate_and_publish(
    admin: Browser, draft: Bundle, session: Session
) -> None:
    url = f"/admin/bundles/{draft.id}"
    day = (utc_now() + timedelta(days=9)).date().isoformat()

    assert admin.submit(f"{url}/submit", {"seen": "1.0"}).headers["location"] == f"{url}?done=submitted"
    assert "Winter set" in admin.get("/admin/bundles?stage=review").text
    assert "Winter set" not in admin.get("/admin/bundles?stage=draft").text
    assert "<b>1</b> bundles to review" in admin.get("/admin").text
    missing = admin.submit(f"{url}/send-back", {"reason": ""})
    assert (missing.status_code, "Please say why, in at most 500" in missing.text) == (422, True)
    admin.submit(f"{url}/send-back", {"reason": "Too thin."})
    assert stage(session, draft) is VersionStage.DRAFT
    assert "Too thin." in admin.get(url).text
    admin.submit(f"{url}/schedule", {"publish_on": day, "publish_time": "08:30"})
    page = admin.get(url).text
    assert "Goes on sale by itself" in page
    assert "8:30" in page
    admin.submit(f"{url}/unschedule")
    assert stage(session, draft) is VersionStage.REVIEW
    admin.submit(f"{url}/publish", {"seen": "1.0"})
    assert stage(session, draft) is VersionStage.PUBLISHED
    history = admin.get(url).text
    assert all(
        words in history
        for words in (
            "Submitted for review",
            "Sent back to draft",
            "Date set for publishing",
            "Bundle published",
        )
    )


@pytest.mark.parametrize(
    "values, sentence",
    [
        ({"publish_on": "soon"}, "Please enter a date such as 2026-12-31."),
        ({"publish_on": "2030-01-01", "publish_time": "half past"}, "Please enter a time such as 08:30."),
        ({"publish_on": "2030-03-31", "publish_time": "02:30"}, "The clocks are changed then"),
        ({"publish_on": "2020-01-01"}, "Please choose a moment to come, within a year."),
    ],
)
def test_a_wrong_date_is_named_kept_and_sets_nothing(
    admin: Browser, draft: Bundle, session: Session, values: dict[str, str], sentence: str
) -> None:
    answer = admin.submit(f"/admin/bundles/{draft.id}/schedule", values)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{values["publish_on"]}"' in answer.text
    assert stage(session, draft) is VersionStage.DRAFT


def test_why_a_date_was_not_kept_stands_on_the_page_and_in_the_inbox_in_german(
    sign_in: Callable[[Role], Browser], draft: Bundle, session: Session
) -> None:
    with transaction(session):
        version = session.exec(select(BundleVersion).where(col(BundleVersion.bundle_id) == draft.id)).one()
        version.stage = VersionStage.REVIEW
        version.submitted_by, version.submitted_at = "Kim", make.NOW
        version.refusal = {
            "code": "bundle.empty",
            "message": "A bundle without blocks cannot be published.",
            "values": {},
        }
    lead = sign_in(Role.LEAD)
    lead.headers["accept-language"] = "de"

    page = lead.get(f"/admin/bundles/{draft.id}").text
    inbox = lead.get("/admin").text

    assert "Ein Paket ohne Bausteine" in page
    assert "<b>1</b> Pakete, die an ihrem Termin nicht erschienen sind" in inbox
    assert "Wintersatz" in lead.get("/admin/bundles?stage=review&refused=1").text


def test_where_two_are_wanted_only_the_second_person_sees_the_buttons_that_publish(
    sign_in: Callable[[Role], Browser], draft: Bundle, session: Session
) -> None:
    values = to_values(Policy(publishing_approval=PublishingApproval.TWO))
    make.saved(session, PolicyVersion(values=values, changed_by="test", reason="test", created_at=make.NOW))
    url = f"/admin/bundles/{draft.id}"
    writer, second = sign_in(Role.OPERATIONS), sign_in(Role.LEAD)

    def offered(browser: Browser) -> tuple[bool, bool]:
        page = browser.get(url).text
        return f'action="{url}/publish"' in page, f'action="{url}/schedule"' in page

    assert (offered(writer), offered(second)) == ((False, False), (False, False))
    assert "then another person publishes it." in writer.get(url).text
    writer.submit(f"{url}/submit", {"seen": "1.0"})
    assert (offered(writer), offered(second)) == ((False, False), (True, True))
    assert "You submitted this version yourself" in writer.get(url).text
    assert "You submitted this version yourself" not in second.get(url).text
    second.submit(f"{url}/publish", {"seen": "1.0"})
    assert stage(session, draft) is VersionStage.PUBLISHED
