"""How each invariant of VAT is broken, and the words by which its finding is known."""

from collections.abc import Callable

from tests.insights.breaks_services import running
from tests.insights.conftest import Hand

BREAKS: dict[str, tuple[Callable[[Hand], None], str]] = {
    "vat_rows_fit_the_case": (
        running("UPDATE orders SET vat_case = 'export', country = 'CH' WHERE id = :accepted"),
        "is export, and bears",
    ),
    "no_order_without_vat_in_the_eu_without_a_stored_confirmation": (
        running("UPDATE orders SET vat_case = 'reverse_charge', vat_id = 'ATU12345675' WHERE id = :accepted"),
        "bears no VAT for ATU12345675, which nobody confirmed",
    ),
    "exempt_goods_leave_for_where_their_case_says": (
        running("UPDATE orders SET vat_case = 'intra_community' WHERE id = :accepted"),
        "is intra_community and goes to DE",
    ),
    "a_confirmed_vat_id_has_its_proof": (
        running(
            "UPDATE customers SET vat_status = 'confirmed', vat_id = 'ATU12345675' WHERE id = :suspended"
        ),
        "counts as confirmed with ATU12345675, and nothing proves it",
    ),
}
