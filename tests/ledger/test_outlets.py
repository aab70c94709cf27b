"""Outlets: nobody sends faster than a service bears, and what fails is left in peace."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from ledger import loading, outbox, outlets
from ledger.changes import table
from ledger.outbox import Hand, Owed, Result
from models.delivery import Delivery, DeliveryOutcome
from models.notice import Notice
from models.outlet import Outlet
from models.person import Channel, Person, Way
from notices.vault import Vault, new_key
from rules.pace import FAILURES
from tasks import sending
from tests.world import CITY, World

NOW = datetime(2026, 9, 24, 7, tzinfo=UTC)
SENT, TEMPORARY = DeliveryOutcome.SENT, DeliveryOutcome.TEMPORARY
MISCONFIGURED = DeliveryOutcome.MISCONFIGURED
MINUTE = timedelta(minutes=1)


def robot(name: str = "robot", per_minute: int = 0, burst: int = 0) -> Way:
    return Way(f"folder://{name}", f"folder://{name}", name, f"机器人 {name}", per_minute, burst)


def reached(world: World, *ways: Way) -> None:
    """Everybody is reached by these ways, in their order."""
    channels = table(Channel)
    people = [person.id for person in world.rows(Person)]
    with world.ledger.transaction() as connection:
        connection.execute(sa.delete(channels))
        rows = [outlets.channel_row(p, n, way) for p in people for n, way in enumerate(ways)]
        connection.execute(sa.insert(channels), rows)
        outlets.keep(connection, ways)


def owing(world: World, count: int) -> World:
    """A world in which so many messages of their own are owed."""
    world.report("解放路1号", "路面积水", limit="3天")
    copies = table(Notice)
    [row] = world.rows(Notice)
    values = {**row._mapping, "kind": "escalation", "facts": {"level": 1, "resent": {}}}
    del values["id"]
    with world.ledger.transaction() as connection:
        connection.execute(sa.delete(copies))
        people = connection.execute(sa.select(table(Person).c.id)).scalars().all()
        for n in range(count):
            mine = {"key": f"owed:{n}", "person_id": _person(connection, people, n)}
            connection.execute(sa.insert(copies).values(**values | mine))
        channel = dict(connection.execute(sa.select(table(Channel))).mappings().first() or {})
        extra = connection.execute(sa.select(table(Person).c.id)).scalars().all()[len(people) :]
        rows = [channel | {"id": None, "person_id": person} for person in extra]
        for each in rows:
            del each["id"]
        if rows:
            connection.execute(sa.insert(table(Channel)), rows)
    return world


def _person(connection: Any, people: Any, n: int) -> int:
    if n < len(people):
        return int(people[n])
    made = {"code": f"p{n}", "name": f"经办人{n}", "active": True, "lang": "zh"}
    found = connection.execute(sa.insert(table(Person)).values(**made))
    return int(found.inserted_primary_key[0])


def take(world: World, now: datetime = NOW, **more: Any) -> Hand:
    return outbox.claim(world.ledger, world.now, now, **more)


def answer(
    world: World, hand: list[Owed], outcome: DeliveryOutcome, now: datetime = NOW, **more: Any
) -> None:
    results = [Result(owed, "folder://…", outcome, "said", **more) for owed in hand]
    outbox.mark(world.ledger, results, world.now, now)


def outlet(world: World, name: str = "robot") -> Any:
    [row] = world.rows(Outlet, table(Outlet).c.digest == name)
    return row


def waits(world: World) -> list[float]:
    """In how many minutes the notices that wait are due."""
    owed = world.rows(Notice, table(Notice).c.state == "owed")
    return sorted((row.next_try_at - world.now) / MINUTE for row in owed)


# -- what is kept of them ----------------------------------------------------------------------


def test_a_saved_address_brings_its_outlet_and_its_rate(world: World) -> None:
    reached(world, robot(per_minute=20, burst=5))
    row = outlet(world)
    assert (row.shown, row.per_minute, row.burst, row.tokens) == ("机器人 robot", 20, 5, 5)


def test_an_address_saved_anew_changes_the_rate_and_tries_the_outlet_at_once(world: World) -> None:
    owing(world, 1)
    reached(world, robot())
    answer(world, take(world).owed, MISCONFIGURED)
    assert outlet(world).closed_until == NOW + MINUTE
    reached(world, robot(per_minute=30, burst=30))
    row = outlet(world)
    assert (row.per_minute, row.failures, row.closed_until) == (30, 0, None)


def test_the_people_of_a_city_file_bring_their_outlets(world: World) -> None:
    with world.ledger.transaction() as connection:
        city = loading.parse_city(CITY, "city.yaml")
        loading.load_city(connection, city, lambda url: robot(url.rpartition("/")[2], 20, 20))
    assert {row.digest for row in world.rows(Outlet)} >= {"alice", "bob", "carol"}


def test_an_old_address_that_cannot_be_read_is_sealed_and_stops_nobody(world: World) -> None:
    vault = Vault([new_key()])
    with world.ledger.transaction() as connection:
        first = table(Channel).c.url == "folder://alice"
        broken = "nonsense://alice:secret@nowhere"
        connection.execute(sa.update(table(Channel)).where(first).values(url=broken))
    world.report("解放路1号", "路面积水", limit="3天")
    assert sending.deliver(world.ledger, world.now, world.folder, vault=vault)["sent"] == 1
    kept = world.rows(Channel)
    assert all(vault.sealed(row.url) for row in kept)
    assert "secret" not in str([row.shown for row in kept])


# -- the bucket --------------------------------------------------------------------------------


def test_no_more_go_than_there_are_tokens_and_the_rest_waits_without_an_attempt(
    world: World,
) -> None:
    reached(owing(world, 7), robot(per_minute=20, burst=3))
    hand = take(world)
    assert (len(hand.owed), hand.held) == (3, 4)
    assert waits(world) == pytest.approx([0.05, 0.10, 0.15, 0.20])
    assert len(world.rows(Delivery)) == 3


def test_what_one_run_puts_off_waits_in_one_row_not_in_several(world: World) -> None:
    reached(owing(world, 9), robot(per_minute=1, burst=1))
    booked: dict[str, int] = {}
    for _ in range(9):
        take(world, most=1, booked=booked)
    assert waits(world) == pytest.approx(range(1, 9))


def test_tokens_fill_by_the_real_clock_and_are_shared_by_all_hands(world: World) -> None:
    reached(owing(world, 9), robot(per_minute=2, burst=2))
    gone = []
    for minute in range(4):
        world.now += 10 * MINUTE  # whoever waits is due: only the tokens are wanting
        gone.append(len(take(world, NOW + minute * MINUTE).owed))
        gone.append(len(take(world, NOW + minute * MINUTE).owed))
    assert gone == [2, 0, 2, 0, 2, 0, 2, 0]


def test_hands_at_the_same_moment_never_take_a_token_twice(world: World) -> None:
    reached(owing(world, 24), robot(per_minute=10, burst=10))
    with ThreadPoolExecutor(4) as pool:
        hands = list(pool.map(lambda _: take(world, most=6), range(4)))
    assert sum(len(hand.owed) for hand in hands) <= 10
    later = take(world)
    assert sum(len(hand.owed) for hand in [*hands, later]) == 10


def test_what_was_too_fast_empties_the_bucket_for_everybody(sqlite_world: World) -> None:
    world = owing(sqlite_world, 5)
    reached(world, robot(per_minute=20, burst=2))
    first, *rest = take(world).owed
    answer(world, [first], DeliveryOutcome.TOO_FAST, again=10 * MINUTE)
    answer(world, rest, SENT)
    world.now += 9 * MINUTE
    assert take(world, NOW + 9 * MINUTE).owed == []
    world.now += 30 * MINUTE
    assert len(take(world, NOW + 10 * MINUTE).owed) == 2


# -- the circuit -------------------------------------------------------------------------------


def fails(world: World, now: datetime = NOW) -> None:
    """As many failures in a row as open the circuit."""
    answer(world, take(world, now, most=FAILURES).owed, TEMPORARY, now)
    assert outlet(world).failures == FAILURES


def test_messages_wait_for_an_outlet_that_fails_and_no_attempt_counts(world: World) -> None:
    reached(owing(world, 9), robot())
    fails(world)
    hand = take(world)
    assert (hand.owed, hand.held) == ([], 4)
    assert len(world.rows(Delivery)) == FAILURES
    assert waits(world)[:4] == [1, 1, 1, 1]


def test_past_an_outlet_that_fails_messages_go_by_the_next_channel(world: World) -> None:
    reached(owing(world, 9), robot(), robot("mail"))
    fails(world)
    assert {owed.outlet for owed in take(world).owed} == {"mail"}


def test_one_message_is_sent_to_see_and_its_arrival_opens_the_outlet(world: World) -> None:
    reached(owing(world, 9), robot())
    fails(world)
    take(world)
    world.now += MINUTE
    hand = take(world, NOW + MINUTE)
    assert [owed.probe for owed in hand.owed] == [True]
    answer(world, hand.owed, SENT, NOW + MINUTE)
    assert (outlet(world).failures, outlet(world).good_at) == (0, NOW + MINUTE)
    world.now += 5 * MINUTE
    assert len(take(world, NOW + 2 * MINUTE).owed) == 8


def test_a_probe_that_fails_doubles_the_pause(world: World) -> None:
    reached(owing(world, 9), robot())
    fails(world)
    world.now += MINUTE
    answer(world, take(world, NOW + MINUTE).owed, TEMPORARY, NOW + MINUTE)
    row = outlet(world)
    assert row.closed_until == NOW + 3 * MINUTE
    assert (row.failing_since, row.answer) == (NOW, "said")


def test_an_outlet_set_up_wrongly_is_shut_for_all_and_its_message_goes_on_at_once(
    world: World,
) -> None:
    reached(owing(world, 3), robot(), robot("mail"))
    first, *rest = take(world).owed
    outbox.mark(
        world.ledger, [Result(first, "x", MISCONFIGURED, "no")], world.now, NOW, unsent=rest
    )
    assert {owed.outlet for owed in take(world).owed} == {"mail"}


def test_one_digest_that_fails_is_one_failure_of_its_outlet(sqlite_world: World) -> None:
    world = sqlite_world
    for n in range(4):
        world.report(f"解放路{n}号", "路面积水", limit="3天")
    reached(world, robot())
    hand = take(world).owed
    assert {owed.message for owed in hand} == {hand[0].message}
    answer(world, hand, TEMPORARY)
    assert outlet(world).failures == 1


def test_supervisors_see_which_outlet_fails_since_when_and_whom_it_reaches(world: World) -> None:
    reached(owing(world, 5), robot(), robot("mail"))
    fails(world)
    [line] = outlets.lines(world.ledger, NOW, failing=True)
    assert (line.shown, line.failing_since, line.answer) == ("机器人 robot", NOW, "said")
    assert line.shut_until == NOW + MINUTE
    assert line.people == len(world.rows(Person))
    assert len(outlets.lines(world.ledger, NOW)) == 2
