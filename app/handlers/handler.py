"""What a handler of jobs looks like."""

from collections.abc import Callable
from typing import Any

from app.shop import Shop

Handler = Callable[[Shop, dict[str, Any]], None]
"""Does one job with its arguments; an exception has it tried again later."""
Failed = Callable[[Shop, dict[str, Any], str], None]
"""What is done when a kind's last attempt has failed, with the error."""
