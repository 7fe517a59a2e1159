"""The VIES and eVatR stand-in as a process of its own, with its controls as methods, for tests."""

from typing import Any

from dev.processes import ServerProcess, free_port


class VatStandinProcess(ServerProcess):
    """`with VatStandinProcess() as standin:` starts on a free port; `vies_url` and `evatr_url` are for the shop."""

    def __init__(self, *, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.vies_url = f"{self.url}/vies/check-vat-number"
        self.evatr_url = f"{self.url}/evatr/abfrage"
        super().__init__(
            "dev.vat_standin", ["--port", str(self.port)], ready_url=f"{self.url}/_control/health"
        )

    def answer(self, manner: str, **more: Any) -> None:
        """The next questions get this; more: vat_id, service (`vies` or `evatr`), times (none: for ever)."""
        self.http.post(f"{self.url}/_control/manners", json={"manner": manner, **more}).raise_for_status()

    def asked(self) -> list[dict[str, Any]]:
        """Every question since the last `clear`, oldest first."""
        found: list[dict[str, Any]] = self.http.get(f"{self.url}/_control/asked").json()
        return found

    def clear(self) -> None:
        """Every well-formed id is valid again, and no question was asked."""
        self.http.delete(f"{self.url}/_control/manners").raise_for_status()
