"""`python -m app` is the same as `shop`."""

from app.cli.main import main

main()
