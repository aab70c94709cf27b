"""What an auditor may rely on: the order of all records, and what is signed about it."""

from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

import pytest

from rules.chain import checkpoint, entry

ENTRY: dict[str, Any] = {
    "previous": "0" * 64,
    "position": 7,
    "number": "2026-000001",
    "seq": 3,
    "record_hash": "f" * 64,
}
AT = datetime(2026, 9, 24, 7, 0, tzinfo=UTC)


def test_anybody_can_reckon_an_entry_again_with_nothing_but_sha256() -> None:
    row = f'["{"0" * 64}",7,"2026-000001",3,"{"f" * 64}"]'
    assert entry(**ENTRY) == sha256(row.encode()).hexdigest()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("previous", ""),
        ("position", 8),
        ("number", "2026-000002"),
        ("seq", 4),
        ("record_hash", "e" * 64),
    ],
)
def test_whatever_is_changed_in_an_entry_changes_its_hash(field: str, value: object) -> None:
    assert entry(**{**ENTRY, field: value}) != entry(**ENTRY)


def test_two_records_exchanged_change_all_that_follow() -> None:
    def chain(*hashes: str) -> list[str]:
        found = [""]
        for position, digest in enumerate(hashes, start=1):
            found.append(entry(found[-1], position, "2026-000001", position, digest))
        return found[1:]

    a, b, c = chain("a", "b", "c")
    b2, a2, c2 = chain("b", "a", "c")
    assert len({a, b, c, a2, b2, c2}) == 6


def test_what_is_signed_can_be_written_down_by_hand() -> None:
    said = f'["duban checkpoint",7,"{"f" * 64}","2026-09-24T07:00:00.000000Z"]'
    assert checkpoint(7, "f" * 64, AT) == said.encode()


def test_the_same_instant_on_another_clock_is_the_same_checkpoint() -> None:
    beijing = AT.astimezone(timezone(timedelta(hours=8)))
    assert checkpoint(7, "f" * 64, beijing) == checkpoint(7, "f" * 64, AT)
    assert checkpoint(7, "f" * 64, "2026-09-24T07:00:00.000000Z") == checkpoint(7, "f" * 64, AT)
