"""The accounts of the books: what SKR03 and SKR04 call them, unless the policy says otherwise."""

from dataclasses import dataclass, fields

from app.ordering.rules.vat import VatCase
from app.policy.rules.policy import ChartOfAccounts, Policy

STANDARD_BP, REDUCED_BP = 1900, 700


@dataclass(frozen=True, slots=True)
class Accounts:
    """A number for each purpose.

    Revenues and prepayments at 19 and 7 % are automatic accounts of DATEV: amounts on them are gross, and DATEV takes
    the VAT out. All others take amounts as they are.
    """

    revenue_19: int
    revenue_7: int
    revenue_0: int
    revenue_intra_community: int
    revenue_reverse_charge: int
    revenue_export: int
    revenue_outside: int
    prepayments_19: int
    prepayments_7: int
    prepayments_0: int
    debtor: int
    card_clearing: int
    card_fees: int
    chargebacks: int
    losses: int

    def revenue(self, case: VatCase, rate_bp: int) -> int:
        """Where a sale of a VAT case and rate goes."""
        if case is VatCase.DOMESTIC:
            return {STANDARD_BP: self.revenue_19, REDUCED_BP: self.revenue_7}.get(rate_bp, self.revenue_0)
        return {
            VatCase.INTRA_COMMUNITY: self.revenue_intra_community,
            VatCase.REVERSE_CHARGE: self.revenue_reverse_charge,
            VatCase.EXPORT: self.revenue_export,
            VatCase.OUTSIDE: self.revenue_outside,
        }[case]

    def prepayments(self, rate_bp: int) -> int:
        """Where money goes that came, with a document, before the goods left."""
        return {STANDARD_BP: self.prepayments_19, REDUCED_BP: self.prepayments_7}.get(
            rate_bp, self.prepayments_0
        )

    def automatic_bp(self, account: int) -> int:
        """The rate of the VAT that DATEV takes out of an amount on this account; 0 for all others."""
        if account in (self.revenue_19, self.prepayments_19):
            return STANDARD_BP
        return REDUCED_BP if account in (self.revenue_7, self.prepayments_7) else 0


CHARTS: dict[ChartOfAccounts, Accounts] = {
    ChartOfAccounts.SKR03: Accounts(
        revenue_19=8400,
        revenue_7=8300,
        revenue_0=8200,
        revenue_intra_community=8125,
        revenue_reverse_charge=8336,
        revenue_export=8120,
        revenue_outside=8338,
        prepayments_19=1718,
        prepayments_7=1711,
        prepayments_0=1710,
        debtor=10000,
        card_clearing=1360,
        card_fees=4970,
        chargebacks=1500,
        losses=2400,
    ),
    ChartOfAccounts.SKR04: Accounts(
        revenue_19=4400,
        revenue_7=4300,
        revenue_0=4200,
        revenue_intra_community=4125,
        revenue_reverse_charge=4336,
        revenue_export=4120,
        revenue_outside=4338,
        prepayments_19=3272,
        prepayments_7=3260,
        prepayments_0=3250,
        debtor=10000,
        card_clearing=1460,
        card_fees=6855,
        chargebacks=1300,
        losses=6930,
    ),
}


def accounts_of(policy: Policy) -> Accounts:
    """The chart's accounts; those that the policy names (`account_…`, 0 is the chart's) instead of them."""
    chart = CHARTS[policy.chart_of_accounts]
    named = {one.name: getattr(policy, f"account_{one.name}") for one in fields(Accounts)}
    return Accounts(**{name: number or getattr(chart, name) for name, number in named.items()})
