"""记录链: what binds each record to the one before it, in its case and in the overall chain.

Anybody can reckon these again with SHA-256 alone; `docs/verify-log.md` says how.
"""

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical(data: Any) -> str:
    """JSON with sorted keys, no spaces and no escapes: one text for one value."""
    return _JSON.encode(data)


def moment(at: datetime | str) -> str:
    """An instant as the chains write it: UTC, six decimals, "2026-09-24T07:00:00.000000Z".

    Text is taken to be written so already.
    """
    if isinstance(at, str):
        return at
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def link(
    previous: str,
    number: str,
    seq: int,
    at: datetime | str,
    verb: str,
    actor: str,
    status: str,
    words: str,
    data: str,
) -> str:
    """The hash of a record: SHA-256 over the canonical JSON array of these fields, in this order.

    The instant stands as `moment` writes it; `data` is itself canonical JSON text; `previous` is
    the hash of the record before, "" for the first.
    """
    row = [previous, number, seq, moment(at), verb, actor, status, words, data]
    return _digest(row)


def entry(previous: str, position: int, number: str, seq: int, record_hash: str) -> str:
    """The hash of a record's place in the overall chain: SHA-256 over the canonical JSON array.

    `position` counts from 1 over all cases; `previous` is the hash at the position before, ""
    for the first; `record_hash` is what `link` gave.
    """
    return _digest([previous, position, number, seq, record_hash])


def checkpoint(position: int, entry_hash: str, at: datetime | str) -> bytes:
    """What is signed: that the overall chain up to `position` ends in `entry_hash`, as of `at`.

    The city is named by the key, not in the text: a city whose name is put right in the
    directory would else disown what it signed before.
    """
    return canonical(["duban checkpoint", position, entry_hash, moment(at)]).encode()


def _digest(row: list[Any]) -> str:
    return sha256(canonical(row).encode()).hexdigest()
