"""One bad case stops no other: it is set aside, tried again, and soon somebody is told."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from ledger import batches, setting_aside, sweeps
from ledger.changes import table
from models.case import Case, Status
from models.escalation import Escalation
from models.set_aside import SetAside
from rules.set_aside import ALARM, LONGEST, WAITS, wait
from tasks import sending
from tests.world import World, instant

DUE = instant("2026-09-30 18:00")


def spoil(world: World, number: str, limit: str = "三生三世") -> str:
    """Give a case a limit that nobody can read; gives the one it had."""
    cases = table(Case)
    mine = cases.c.number == number
    with world.ledger.transaction() as connection:
        was = connection.execute(sa.select(cases.c.limit).where(mine)).scalar_one()
        connection.execute(sa.update(cases).where(mine).values(limit=limit))
    return str(was)


def some(world: World, count: int) -> list[str]:
    world.at("2026-09-24 15:00")
    return [world.report(f"解放路{n}号", "路面积水", limit="3天") for n in range(count)]


def escalated(world: World) -> Counter[int]:
    return Counter(row.case_id for row in world.rows(Escalation) if row.level == 1)


def test_one_bad_case_of_a_batch_is_set_aside_and_all_others_are_done(world: World) -> None:
    numbers = some(world, 21)
    spoil(world, numbers[7])
    counts = sweeps.follow_up(world.ledger, DUE)
    assert counts["aside"] == 1
    assert len(escalated(world)) == 20
    with world.ledger.snapshot() as connection:
        [aside] = setting_aside.waiting(connection)
    assert (aside.number, aside.work, aside.tries) == (numbers[7], "follow-up", 1)
    assert aside.error
    assert "SELECT" not in aside.error
    assert world.proven()


def test_it_is_left_alone_for_a_while_and_done_as_soon_as_it_can_be(world: World) -> None:
    numbers = some(world, 3)
    was = spoil(world, numbers[0])
    sweeps.follow_up(world.ledger, DUE)
    assert sweeps.follow_up(world.ledger, DUE + WAITS[0] / 2)["aside"] == 0
    spoil(world, numbers[0], was)
    later = DUE + WAITS[0]
    assert sweeps.follow_up(world.ledger, later)["escalated"] == 1
    assert not world.rows(SetAside)
    [late] = [row for row in world.rows(Escalation) if row.at == later and row.level == 1]
    assert late.planned_at == DUE


def test_after_three_tries_it_alarms_and_the_waits_grow(world: World) -> None:
    spoil(world, some(world, 2)[0])
    at = DUE
    for tries in range(1, 6):
        sweeps.follow_up(world.ledger, at)
        [row] = world.rows(SetAside)
        assert (row.tries, row.retry_at) == (tries, at + wait(tries))
        with world.ledger.snapshot() as connection:
            assert setting_aside.alarms(connection) == (tries >= ALARM)
        at = row.retry_at
    assert wait(5) == LONGEST


def test_somebody_may_have_it_tried_at_once(world: World) -> None:
    number = some(world, 1)[0]
    was = spoil(world, number)
    sweeps.follow_up(world.ledger, DUE)
    spoil(world, number, was)
    case_id = world.case(number).id
    with world.ledger.transaction() as connection:
        assert setting_aside.retry_now(connection, case_id, DUE)
        assert not setting_aside.retry_now(connection, 4711, DUE)
    assert sweeps.follow_up(world.ledger, DUE)["escalated"] == 1


def test_one_that_was_closed_by_hand_is_no_longer_shown_and_is_tidied_away(world: World) -> None:
    number = some(world, 1)[0]
    spoil(world, number)
    sweeps.follow_up(world.ledger, DUE)
    cases = table(Case)
    with world.ledger.transaction() as connection:
        connection.execute(sa.update(cases).values(status=Status.CANCELLED, next_look_at=None))
    with world.ledger.transaction() as connection:
        assert setting_aside.waiting(connection) == []
        assert setting_aside.tidy(connection) == 1


def test_what_cannot_be_dispatched_is_set_aside_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = some(world, 3)
    cases = table(Case)
    with world.ledger.transaction() as connection:
        connection.execute(sa.update(cases).values(status=Status.FILED, category_code=None))
    decide = sweeps.decide
    bad = world.case(numbers[1]).place

    def choosy(reference: Any, claim: Any, category: Any, *rest: Any) -> Any:
        if claim.units == ("坏",):
            raise ValueError("no such thing")
        return decide(reference, claim, category, *rest)

    claims = sweeps._claims

    def spoilt(connection: Any, ids: Any) -> Any:
        found = claims(connection, ids)
        of = world_ids[bad]
        return found | ({of: sweeps.Claim(("坏",))} if of in found else {})

    world_ids = {row.place: row.id for row in world.rows(Case)}
    monkeypatch.setattr(sweeps, "_claims", spoilt)
    monkeypatch.setattr(sweeps, "decide", choosy)
    counts = sweeps.dispatch_filed(world.ledger, world.now)
    assert counts["aside"] == 1
    assert counts["dispatched"] + counts["undecided"] == 2
    [row] = world.rows(SetAside)
    assert (row.work, row.error) == ("dispatch", "ValueError: no such thing")


def test_when_nearly_all_fail_the_fault_is_not_theirs_and_the_round_fails(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "TOO_MANY", 5)
    for number in some(sqlite_world, 12):
        spoil(sqlite_world, number)
    with pytest.raises(Exception, match="三生三世"):
        sweeps.follow_up(sqlite_world.ledger, DUE)
    assert 5 <= len(sqlite_world.rows(SetAside)) < 12


def test_a_shard_that_fails_leaves_the_others_done_and_is_told_of(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    some(world, 12)
    shards = sweeps.due_shards(world.ledger, DUE)
    assert len(shards) > 1
    due = sweeps._due

    def broken(at: Any, together: Sequence[int]) -> Any:
        if shards[0] in together:
            raise RuntimeError("this one")
        return due(at, together)

    monkeypatch.setattr(sweeps, "_due", broken)
    with pytest.raises(RuntimeError, match="this one"):
        sweeps.follow_up(world.ledger, DUE)
    ids = {row.id for row in world.rows(Case) if row.shard != shards[0]}
    assert escalated(world).keys() == ids


def test_shards_with_few_due_share_a_batch_and_none_is_forgotten() -> None:
    due = {0: 3, 1: 4, 2: 999, 3: 2000, 5: 1, 9: 999, 11: 1}
    assert sweeps._together(due, 1000) == [[0, 1], [2], [3], [5, 9], [11]]
    assert sweeps._together({}, 1000) == []


def test_a_hand_takes_its_own_shards_and_no_others(world: World) -> None:
    some(world, 12)
    shards = sweeps.due_shards(world.ledger, DUE)
    mine = list(shards)[::2]
    sweeps.follow_up(world.ledger, DUE, shards=mine)
    ids = {row.id for row in world.rows(Case) if row.shard in mine}
    assert escalated(world).keys() == ids
    assert sweeps.due_shards(world.ledger, DUE, mine) == []
    assert sweeps.due_shards(world.ledger, DUE - timedelta(days=9)) == []


def test_one_bad_case_does_not_keep_the_notices_of_others_from_being_sent(world: World) -> None:
    numbers = some(world, 6)
    was = spoil(world, numbers[2])
    assert sending.deliver(world.ledger, world.now, world.folder)["sent"] == 5
    [row] = world.rows(SetAside)
    assert (row.work, row.tries) == ("deliver", 1)
    spoil(world, numbers[2], was)
    later = world.now + timedelta(hours=1)
    assert sending.deliver(world.ledger, later, world.folder)["sent"] == 1
    assert not world.rows(SetAside)


def test_what_cannot_be_told_of_a_case_does_not_keep_it_from_being_looked_at(world: World) -> None:
    number = some(world, 2)[0]
    case_id = world.case(number).id
    with world.ledger.transaction() as connection:
        setting_aside.add(connection, case_id, "deliver", KeyError("words"), DUE)
        setting_aside.add(connection, case_id, "deliver", KeyError("words"), DUE)
    assert sweeps.follow_up(world.ledger, DUE)["escalated"] == 2
    assert case_id in escalated(world)
    [still] = world.rows(SetAside)
    assert (still.work, still.tries) == ("deliver", 2)


def test_a_case_that_waits_for_two_things_is_one_case_with_two_reasons(world: World) -> None:
    number = some(world, 2)[0]
    spoil(world, number)
    case_id = world.case(number).id
    with world.ledger.transaction() as connection:
        setting_aside.add(connection, case_id, "deliver", KeyError("words"), DUE)
    assert sweeps.follow_up(world.ledger, DUE)["aside"] == 1
    with world.ledger.snapshot() as connection:
        assert setting_aside.count(connection) == 1
        assert {one.work for one in setting_aside.waiting(connection)} == {"follow-up", "deliver"}
        assert [one.tries for one in setting_aside.waiting(connection)] == [1, 1]
    with world.ledger.transaction() as connection:
        assert setting_aside.retry_now(connection, case_id, DUE)
        assert setting_aside.held(connection, "deliver", DUE) == []
