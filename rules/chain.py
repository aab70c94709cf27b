"""流转记录链: each record of a case is bound to the one before by SHA-256."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical(data: Any) -> str:
    """JSON with sorted keys, no spaces and no escapes: one text for one value."""
    return _JSON.encode(data)


def link(
    previous: str,
    number: str,
    seq: int,
    at: datetime,
    verb: str,
    actor: str,
    status: str,
    words: str,
    data: str,
) -> str:
    """The hash of a record: SHA-256 over the canonical JSON array of these fields, in this order.

    The instant stands in UTC with six decimals ("2026-09-24T07:00:00.000000Z"); `data` is
    itself canonical JSON text; `previous` is the hash of the record before, "" for the first.
    """
    instant = at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    row = [previous, number, seq, instant, verb, actor, status, words, data]
    return sha256(canonical(row).encode()).hexdigest()
