"""Starts the VIES and eVatR stand-in on a loopback port."""

import argparse
import ipaddress
import sys

import uvicorn

from dev.vat_standin.app import create_app


def main(arguments: list[str] | None = None) -> int:
    """Runs until stopped; returns 2 for wrong use."""
    parser = argparse.ArgumentParser(prog="python -m dev.vat_standin", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=8004)
    given = parser.parse_args(arguments)
    if not ipaddress.ip_address(given.host).is_loopback:
        print("The stand-in listens on loopback only.", file=sys.stderr)
        return 2
    uvicorn.run(create_app(), host=given.host, port=given.port, log_level="warning", access_log=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
