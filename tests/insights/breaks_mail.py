"""How the invariants of addresses and of what came back are broken."""

from tests.insights.conftest import Hand


def _came_back_and_is_sent(hand: Hand) -> None:
    hand.run("UPDATE mails SET bounced_at = created_at WHERE state = 'sent'")


def _marked_without_a_cause(hand: Hand) -> None:
    hand.run(
        "INSERT INTO mail_addresses (address, state, status, reason, mail_id, at, lifted_by)"
        " SELECT to_address, 'bounced', '', '', id, created_at, '' FROM mails WHERE state = 'sent'"
    )


BREAKS = {
    "what_came_back_has_failed": (_came_back_and_is_sent, "came back and is sent"),
    "a_marked_address_has_its_cause": (_marked_without_a_cause, "neither came back nor was complained of"),
}
