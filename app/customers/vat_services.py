"""The shop's only words with VIES and eVatR: does this VAT id exist, and is it this company's?"""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx2

from app.customers.rules.countries import EU
from app.customers.rules.vat_answers import (
    AskedCompany,
    VatAnswer,
    VatOutcome,
    VatService,
    can_be_asked,
    read_evatr,
    read_vies,
)
from app.customers.rules.vat_ids import for_authorities, state_of_vat_id

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 10.0
LARGEST_ANSWER_BYTES = 64_000

Reader = Callable[..., VatAnswer]


class VatServices:
    """Both services for one seller. Nothing is raised: what is no clear answer comes back as `unavailable`."""

    def __init__(
        self,
        *,
        vies_url: str,
        evatr_url: str,
        seller_country: str,
        seller_vat_id: str,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._vies_url = vies_url
        self._evatr_url = evatr_url
        self.seller_country = seller_country
        self._seller_vat_id = seller_vat_id.replace(" ", "").upper()
        self._answer_seconds = answer_seconds

    def hurried(self, *, answer_seconds: float) -> "VatServices":
        """The same services for a page that somebody waits for: both together answer within that time."""
        return VatServices(
            vies_url=self._vies_url,
            evatr_url=self._evatr_url,
            seller_country=self.seller_country,
            seller_vat_id=self._seller_vat_id,
            answer_seconds=answer_seconds,
        )

    def ask(self, company: AskedCompany) -> list[VatAnswer]:
        """The answers, the one that counts last; none for an id that no service knows.

        A German seller's foreign customer gets the qualified request, as only this one compares name and place; VIES
        is asked where that gave no answer, and for everybody else.
        """
        if not can_be_asked(company.vat_id):
            return []
        give_up_at = time.monotonic() + self._answer_seconds
        answers = []
        if self._has_qualified(company.vat_id):
            answers.append(self._ask_evatr(company, give_up_at=give_up_at))
            if answers[-1].outcome is not VatOutcome.UNAVAILABLE:
                return answers
        return [*answers, self._ask_vies(company, give_up_at=give_up_at)]

    def _has_qualified(self, vat_id: str) -> bool:
        state = state_of_vat_id(vat_id)
        return self.seller_country == "DE" and state != "DE" and (state in EU or state == "XI")

    def _ask_vies(self, company: AskedCompany, *, give_up_at: float) -> VatAnswer:
        country, number = for_authorities(company.vat_id)
        own_country, own_number = for_authorities(self._seller_vat_id)
        values = {
            "countryCode": country,
            "vatNumber": number,
            "requesterMemberStateCode": own_country,
            "requesterNumber": own_number,
            "traderName": company.company_name,
            "traderStreet": company.street,
            "traderPostalCode": company.postal_code,
            "traderCity": company.city,
        }
        return self._post(self._vies_url, values, VatService.VIES, read_vies, company, give_up_at=give_up_at)

    def _ask_evatr(self, company: AskedCompany, *, give_up_at: float) -> VatAnswer:
        values = {
            "anfragendeUstid": self._seller_vat_id,
            "angefragteUstid": "".join(for_authorities(company.vat_id)),
            "firmenname": company.company_name,
            "ort": company.city,
            "plz": company.postal_code,
            "strasse": company.street,
        }
        # Leaves time for VIES, which is asked where this one is silent.
        half = time.monotonic() + (give_up_at - time.monotonic()) / 2
        return self._post(self._evatr_url, values, VatService.EVATR, read_evatr, company, give_up_at=half)

    def _post(
        self,
        url: str,
        values: dict[str, str],
        service: VatService,
        read: Reader,
        company: AskedCompany,
        *,
        give_up_at: float,
    ) -> VatAnswer:
        try:
            status_code, body = _exchange(url, values, give_up_at=give_up_at)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError, RecursionError) as error:
            return VatAnswer(service, VatOutcome.UNAVAILABLE, reason=type(error).__name__[:64])
        return read(status_code, body, asked=company)


def _exchange(url: str, values: dict[str, str], *, give_up_at: float) -> tuple[int, Any]:
    """Status and JSON of an answer. Raises for one that is late, too large, or no JSON."""
    left = give_up_at - time.monotonic()
    if left <= 0:
        raise TimeoutError
    is_local = httpx2.URL(url).host in ("127.0.0.1", "localhost", "::1")
    timeout = httpx2.Timeout(left, connect=min(CONNECT_SECONDS, left))
    with (
        httpx2.Client(timeout=timeout, follow_redirects=False, trust_env=not is_local) as client,
        client.stream("POST", url, json=values, headers={"Accept": "application/json"}) as answer,
    ):
        body = b""
        for part in answer.iter_bytes():
            body += part
            if len(body) > LARGEST_ANSWER_BYTES:
                raise ValueError("the answer is too large")
            if time.monotonic() > give_up_at:
                raise TimeoutError
        return answer.status_code, json.loads(body)
