"""What an auditor may rely on: a record cannot be changed, moved or left out unseen."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from time import tzset
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.chain import canonical, checkpoint, entry, link, moment

AT = datetime(2026, 9, 24, 7, 0, tzinfo=UTC)
RECORD: dict[str, Any] = {
    "previous": "",
    "number": "2026-000001",
    "seq": 1,
    "at": AT,
    "verb": "dispatch",
    "actor": "Carol",
    "status": "dispatched",
    "words": "交办城管局。",
    "data": '{"limit":"3 工作日"}',
}


def test_anybody_can_reckon_the_hash_again_with_nothing_but_sha256() -> None:
    row = (
        '["","2026-000001",1,"2026-09-24T07:00:00.000000Z","dispatch","Carol","dispatched",'
        '"交办城管局。","{\\"limit\\":\\"3 工作日\\"}"]'
    )
    assert link(**RECORD) == sha256(row.encode()).hexdigest()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("previous", "0" * 64),
        ("number", "2026-000002"),
        ("seq", 2),
        ("at", AT + timedelta(microseconds=1)),
        ("verb", "cancel"),
        ("actor", "Mallory"),
        ("status", "closed"),
        ("words", "交办城管局"),
        ("data", "{}"),
    ],
)
def test_whatever_is_changed_in_a_record_changes_its_hash(field: str, value: object) -> None:
    assert link(**{**RECORD, field: value}) != link(**RECORD)


def test_the_same_instant_on_another_clock_is_the_same_record() -> None:
    beijing = AT.astimezone(timezone(timedelta(hours=8)))
    assert link(**{**RECORD, "at": beijing}) == link(**RECORD)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own clock is set to another zone."""
    monkeypatch.setenv("TZ", "America/New_York")
    tzset()
    yield
    monkeypatch.undo()
    tzset()


@pytest.mark.usefixtures("elsewhere")
def test_the_hash_does_not_depend_on_where_it_is_reckoned() -> None:
    test_anybody_can_reckon_the_hash_again_with_nothing_but_sha256()


def test_words_cannot_be_pushed_from_one_field_into_the_next() -> None:
    moved = {**RECORD, "actor": "Caroldispatched", "status": ""}
    assert link(**moved) != link(**RECORD)
    quoted = {**RECORD, "verb": 'dispatch","Carol', "actor": ""}
    assert link(**quoted) != link(**RECORD)


def test_a_record_left_out_or_exchanged_breaks_all_that_follow() -> None:
    first = link(**RECORD)
    second = link(**{**RECORD, "previous": first, "seq": 2, "verb": "acknowledge"})
    third = link(**{**RECORD, "previous": second, "seq": 3, "verb": "submit"})
    without = link(**{**RECORD, "previous": first, "seq": 3, "verb": "submit"})
    assert len({first, second, third, without}) == 4


# -- the overall chain -----------------------------------------------------------------------

PLACE: dict[str, Any] = {
    "previous": "",
    "position": 7,
    "number": "2026-000001",
    "seq": 3,
    "record_hash": "ab12",
}


def test_the_place_of_a_record_among_all_can_be_reckoned_again_too() -> None:
    row = '["",7,"2026-000001",3,"ab12"]'
    assert entry(**PLACE) == sha256(row.encode()).hexdigest()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("previous", "0"),
        ("position", 8),
        ("number", "2026-000002"),
        ("seq", 4),
        ("record_hash", ""),
    ],
)
def test_a_record_moved_among_the_others_changes_its_place(field: str, value: object) -> None:
    assert entry(**{**PLACE, field: value}) != entry(**PLACE)


def test_a_checkpoint_says_up_to_where_the_chain_stands_and_since_when() -> None:
    signed = checkpoint(7, "ab12", AT)
    assert signed == b'["duban checkpoint",7,"ab12","2026-09-24T07:00:00.000000Z"]'


def test_an_exported_instant_is_taken_as_it_stands() -> None:
    assert moment(moment(AT)) == moment(AT) == "2026-09-24T07:00:00.000000Z"
    assert link(**{**RECORD, "at": moment(AT)}) == link(**RECORD)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4), json_values, max_size=5), st.randoms())
def test_the_order_in_which_fields_were_written_does_not_matter(data: Any, dice: Any) -> None:
    items = list(data.items())
    dice.shuffle(items)
    assert canonical(dict(items)) == canonical(data)


def test_canonical_text_is_short_and_readable_in_chinese() -> None:
    assert canonical({"b": 1, "a": ["交办", None, True]}) == '{"a":["交办",null,true],"b":1}'
