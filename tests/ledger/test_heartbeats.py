"""心跳 in the ledger: who shares a work is waited for, who no longer does is forgotten."""

from datetime import timedelta

from ledger import heartbeats
from rules.heartbeat import delayed_since, followed_up, shares, stale
from tests.world import World


def beat(world: World, name: str, of: int = 1) -> None:
    together = shares("follow-up", of)
    heartbeats.beat(world.ledger, name, world.now, 0.5, {"reminded": 1}, together)


def known(world: World) -> dict[str, int]:
    with world.ledger.snapshot() as connection:
        return {one.name: one.runs for one in heartbeats.all_beats(connection)}


def test_a_share_that_never_came_is_waited_for(world: World) -> None:
    beat(world, "follow-up-1", 3)
    assert known(world) == {"follow-up-1": 1, "follow-up-2": 0, "follow-up-3": 0}
    beat(world, "follow-up-2", 3)
    world.now += timedelta(minutes=6)
    beat(world, "follow-up-1", 3)
    beat(world, "follow-up-2", 3)
    with world.ledger.snapshot() as connection:
        assert stale(heartbeats.all_beats(connection), world.now) == ["follow-up-3"]


def test_a_share_that_never_went_well_is_waited_for_from_the_first_that_does(world: World) -> None:
    heartbeats.stumble(world.ledger, "follow-up-2", world.now, "killed")
    beat(world, "follow-up-1", 2)
    since = world.now
    world.now += timedelta(minutes=6)
    beat(world, "follow-up-1", 2)
    with world.ledger.snapshot() as connection:
        found = heartbeats.all_beats(connection)
    assert stale(found, world.now) == ["follow-up-2"]
    assert delayed_since(found, world.now) == followed_up(found) == since
    assert [one.failures for one in found] == [0, 1]


def test_who_no_longer_shares_is_no_longer_waited_for(world: World) -> None:
    for share in (1, 2, 3):
        beat(world, f"follow-up-{share}", 3)
    heartbeats.beat(world.ledger, "deliver", world.now, 0.5, {})
    beat(world, "follow-up-2", 2)
    assert known(world) == {"follow-up-1": 1, "follow-up-2": 2, "deliver": 1}
    beat(world, "follow-up")
    assert known(world) == {"follow-up": 1, "deliver": 1}


def test_one_that_failed_is_told_of_until_it_goes_well_itself(world: World) -> None:
    for _ in range(3):
        heartbeats.stumble(world.ledger, "follow-up-2", world.now, "no")
        beat(world, "follow-up-1", 2)
    with world.ledger.snapshot() as connection:
        found = {one.name: one.failures for one in heartbeats.all_beats(connection)}
    assert found == {"follow-up-1": 0, "follow-up-2": 3}
