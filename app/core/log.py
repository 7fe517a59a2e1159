"""Log lines as JSON or text, built from an allow-list of fields so that no secret slips in."""

import json
import logging
import sys
from datetime import UTC, datetime

ALLOWED = ("request_id", "method", "route", "status", "duration_ms", "job", "mail", "order", "event", "count")


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, logger, message, the allowed fields, a traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in ALLOWED if hasattr(record, name)}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure_logging(style: str) -> None:
    """Sends the program's log to standard error, as `json` or `text`."""
    handler = logging.StreamHandler(sys.stderr)
    text = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    handler.setFormatter(JsonFormatter() if style == "json" else text)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("httpx", "httpx2", "stripe", "uvicorn.access", "fontTools", "fpdf"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
