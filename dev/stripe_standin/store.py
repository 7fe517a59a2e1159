"""The stand-in's memory: objects by kind and id, the clock, and a file that outlives the process."""

import itertools
import json
import secrets
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from dev.stripe_standin.errors import Json, missing

PREFIXES = {
    "customer": "cus_",
    "payment_method": "pm_",
    "checkout.session": "cs_test_",
    "payment_intent": "pi_",
    "charge": "ch_",
    "refund": "re_",
    "dispute": "du_",
    "file": "file_",
    "radar.early_fraud_warning": "issfr_",
    "balance_transaction": "txn_",
    "event": "evt_",
    "item": "li_",
    "price": "price_",
    "product": "prod_",
    "request": "req_",
}
_EVENTS_KEPT_COUNT = 5_000


class Store:
    """Objects are plain dicts; whoever changes one calls `save` with it."""

    def __init__(self, path: Path | None = None) -> None:
        self.objects: dict[str, dict[str, Json]] = {}
        self.settings: Json = {}
        self.clock_offset_s = 0
        self._dirty: dict[tuple[str, str], None] = {}
        self._counter = itertools.count(int(time.time() * 1000))
        self._file = None if path is None else _open(path)
        if self._file is not None:
            self._read()

    def now(self) -> int:
        """Seconds since the epoch by the stand-in's own clock."""
        return int(time.time()) + self.clock_offset_s

    def new_id(self, kind: str) -> str:
        """Rising with time, with a random tail."""
        return f"{PREFIXES[kind]}{next(self._counter):014x}{secrets.token_hex(5)}"

    def save(self, thing: Json) -> Json:
        """Keeps a new or changed object; returns it."""
        kind, thing_id = thing["object"], thing["id"]
        self.objects.setdefault(kind, {})[thing_id] = thing
        self._mark(kind, thing_id)
        if kind == "event":
            self._forget_old_events()
        return thing

    def keep(self, kind: str, thing_id: str, thing: Json) -> None:
        """Keeps a record that is no Stripe object (an idempotency key, a delivery)."""
        self.objects.setdefault(kind, {})[thing_id] = thing
        self._mark(kind, thing_id)

    def drop(self, kind: str, thing_id: str) -> None:
        """Forgets an object; unknown ids are fine."""
        self.objects.get(kind, {}).pop(thing_id, None)
        self._mark(kind, thing_id)

    def find(self, kind: str, thing_id: str | None) -> Json | None:
        """The object or None."""
        return self.objects.get(kind, {}).get(thing_id or "")

    def get(self, kind: str, thing_id: str, *, param: str = "id") -> Json:
        """The object. Raises StripeError `resource_missing`."""
        found = self.find(kind, thing_id)
        if found is None:
            raise missing(kind, thing_id, param=param)
        return found

    def newest(self, kind: str) -> Iterator[Json]:
        """All objects of a kind, newest first."""
        return iter(reversed(list(self.objects.get(kind, {}).values())))

    def set_setting(self, name: str, value: object) -> None:
        """Keeps a setting (webhook endpoints, clock) over a restart."""
        self.settings[name] = value
        self._mark("setting", name)

    def clear(self) -> None:
        """Forgets everything, in the file too."""
        self.objects.clear()
        self.settings.clear()
        self._dirty.clear()
        self.clock_offset_s = 0
        if self._file is not None:
            self._file.execute("DELETE FROM things")
            self._file.commit()

    def flush(self) -> None:
        """Writes what changed since the last call; does nothing without a file."""
        if self._file is None or not self._dirty:
            return
        changed, self._dirty = self._dirty, {}
        for kind, thing_id in changed:
            thing = self.settings.get(thing_id) if kind == "setting" else self.find(kind, thing_id)
            if thing is None:
                self._file.execute("DELETE FROM things WHERE kind = ? AND id = ?", (kind, thing_id))
            else:
                self._file.execute(
                    "INSERT INTO things (kind, id, body) VALUES (?, ?, ?)"
                    " ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
                    (kind, thing_id, json.dumps(thing)),
                )
        self._file.commit()

    def close(self) -> None:
        """Writes the rest and lets go of the file."""
        self.flush()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _mark(self, kind: str, thing_id: str) -> None:
        if self._file is not None:
            self._dirty[kind, thing_id] = None

    def _forget_old_events(self) -> None:
        events = self.objects["event"]
        if len(events) > _EVENTS_KEPT_COUNT:
            self.drop("event", next(iter(events)))

    def _read(self) -> None:
        assert self._file is not None
        for kind, thing_id, body in self._file.execute("SELECT kind, id, body FROM things ORDER BY number"):
            if kind == "setting":
                self.settings[thing_id] = json.loads(body)
            else:
                self.objects.setdefault(kind, {})[thing_id] = json.loads(body)
        self.clock_offset_s = int(self.settings.get("clock_offset_s", 0))


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS things ("
        "number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, id TEXT, body TEXT, UNIQUE (kind, id))"
    )
    connection.commit()
    return connection
