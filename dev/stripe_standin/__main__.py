"""Starts the stand-in on a loopback port."""

import argparse
import ipaddress
import sys
from pathlib import Path

import uvicorn

from dev.stripe_standin.app import LoseAnswers, create_app


def main(arguments: list[str] | None = None) -> int:
    """Runs until stopped; returns 2 for wrong use."""
    parser = argparse.ArgumentParser(prog="python -m dev.stripe_standin", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--public-url", help="address of the card page as the browser sees it")
    parser.add_argument("--webhook", help="address that gets the events")
    parser.add_argument("--webhook-secret", help="whsec_… that signs them")
    parser.add_argument("--state", type=Path, help="file that keeps everything over a restart")
    given = parser.parse_args(arguments)
    if not ipaddress.ip_address(given.host).is_loopback:
        print("The stand-in listens on loopback only.", file=sys.stderr)
        return 2
    if given.webhook and not given.webhook_secret:
        print("--webhook needs --webhook-secret: an empty secret would verify anything.", file=sys.stderr)
        return 2
    app = create_app(
        public_url=given.public_url or f"http://{given.host}:{given.port}",
        state=given.state,
        webhook_url=given.webhook,
        webhook_secret=given.webhook_secret,
    )
    uvicorn.run(
        LoseAnswers(app),
        host=given.host,
        port=given.port,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
