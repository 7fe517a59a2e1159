"""Starts the mailbox: SMTP on one loopback port, its pages on another."""

import argparse
import ipaddress
import sys
from pathlib import Path

import uvicorn

from dev.mailbox.app import create_app


def main(arguments: list[str] | None = None) -> int:
    """Runs until stopped; returns 2 for wrong use."""
    parser = argparse.ArgumentParser(prog="python -m dev.mailbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=8002, help="of the pages")
    parser.add_argument("--smtp-port", type=int, default=8003)
    parser.add_argument("--dir", type=Path, help="folder that keeps the messages over a restart")
    given = parser.parse_args(arguments)
    if not ipaddress.ip_address(given.host).is_loopback:
        print("The mailbox listens on loopback only.", file=sys.stderr)
        return 2
    app = create_app(smtp_port=given.smtp_port, smtp_host=given.host, folder=given.dir)
    uvicorn.run(app, host=given.host, port=given.port, log_level="warning", access_log=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
