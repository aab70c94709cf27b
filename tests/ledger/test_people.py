"""People: what a city file or the desk may say of absences and rotas, and what is refused."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import date

import pytest
import sqlalchemy as sa

from ledger import loading
from ledger.changes import table
from ledger.database import Ledger
from ledger.people import (
    Absent,
    absences,
    add_absences,
    end_absence,
    named,
    record_absence,
)
from ledger.reference import Reference, read
from models.person import Absence, Duty, DutyKind, Person, Rota
from models.words import Trouble
from rules.duty import Away, Roster
from tests.world import World, clock, instant

CONTACT = DutyKind.CONTACT
HEAD = "城管局负责人"
WEEKS = "rotas: [{unit: csgl, duty: contact, first_monday: 2026-09-21, people: [bob, carol]}]"
BOTH = "people: [{code: bob, name: Bob}, {code: carol, name: Carol}]"


def load(ledger: Ledger, text: str) -> None:
    with ledger.transaction() as connection:
        file = loading.parse_city(f"city: {{name: 澄岚市}}\n{text}", "city.yaml")
        loading.load_city(connection, file)


def bob_is(*absences: str) -> str:
    """The part of a city file about Bob."""
    return (
        "people: [{code: bob, name: Bob, duties: [{unit: csgl, duty: contact}], "
        f"absences: [{', '.join(absences)}]}}]"
    )


def reference(world: World) -> Reference:
    with world.ledger.transaction() as connection:
        return read(connection)


def contacts(world: World, at: str) -> list[str]:
    """Who answers for 城管局 as contact."""
    now = reference(world)
    found = now.directory.who(now.unit("城管局"), CONTACT, instant(at))
    return [who.person for who in found]


def away(
    world: World, person: str, start: str, until: str, substitute: str | None = None
) -> Absent:
    return record_absence(world.ledger, person, instant(start), instant(until), substitute)


def listed(world: World, at: str = "2026-09-01 08:00") -> list[tuple[str, ...]]:
    """Who is away at `at` or later, from when, until when, and who stands in."""
    return [
        (a.person, str(clock(a.start)), str(clock(a.until)), a.substitute or "")
        for a in absences(world.ledger, instant(at))
    ]


# -- the city file -----------------------------------------------------------------------------


def test_absences_of_a_file_are_on_the_citys_clocks_and_a_date_is_its_midnight(
    world: World,
) -> None:
    load(
        world.ledger,
        bob_is(
            "{from: 2026-09-28T08:00, until: 2026-10-09, substitute: carol}",
            "{from: 2026-11-01, until: 2026-11-02T00:30:00}",
            '{from: 2026-12-01T00:00:00+00:00, until: "2026-12-01T12:00+08:00"}',
        ),
    )
    assert listed(world) == [
        ("Bob", "2026-09-28 08:00", "2026-10-09 00:00", "Carol"),
        ("Bob", "2026-11-01 00:00", "2026-11-02 00:30", ""),
        ("Bob", "2026-12-01 08:00", "2026-12-01 12:00", ""),
    ]
    moments = ("2026-09-28 07:59", "2026-09-28 08:00", "2026-10-08 23:59", "2026-10-09 00:00")
    assert [contacts(world, at) for at in moments] == [["Bob"], ["Carol"], ["Carol"], ["Bob"]]


def test_a_file_may_be_about_a_city_in_another_zone(sqlite_world: World) -> None:
    text = f"city: {{name: 伊宁, zone: Asia/Urumqi}}\n{BOTH}\n{WEEKS}\n"
    with sqlite_world.ledger.transaction() as connection:
        loading.load_city(connection, loading.parse_city(text, "city.yaml"))
    # Monday begins two hours later there.
    moments = ("2026-09-28 01:59", "2026-09-28 02:00")
    assert [contacts(sqlite_world, at) for at in moments] == [["Bob"], ["Carol"]]


def test_a_rota_of_a_file_says_who_is_on_duty(world: World) -> None:
    load(world.ledger, f"{BOTH}\n{WEEKS}")
    mondays = ("2026-09-14 09:00", "2026-09-21 09:00", "2026-09-28 09:00", "2026-10-05 09:00")
    assert [contacts(world, at) for at in mondays] == [["Carol"], ["Bob"], ["Carol"], ["Bob"]]


def test_a_file_loaded_again_replaces_the_absences_of_its_people_and_the_rotas_it_names(
    world: World,
) -> None:
    other = "{unit: zjj, duty: 联络员, first_monday: 2026-09-21, people: [bob]}]"
    load(world.ledger, f"{BOTH}\n{WEEKS[:-1]}, {other}")
    away(world, "Carol", "2026-09-28 08:00", "2026-09-29 08:00")
    for day in ("2026-10-08", "2026-10-12"):
        load(world.ledger, bob_is(f"{{from: 2026-09-28, until: {day}}}"))
    assert listed(world) == [
        ("Bob", "2026-09-28 00:00", "2026-10-12 00:00", ""),
        ("Carol", "2026-09-28 08:00", "2026-09-29 08:00", ""),
    ]
    shorter = WEEKS.replace("[bob, carol]", "[carol]").replace("2026-09-21", "2026-09-28")
    load(world.ledger, f"{BOTH}\n{shorter}")
    rotas = reference(world).directory.rotas
    people = {row.code: row.id for row in world.rows(Person)}
    assert sorted(rotas.values(), key=lambda roster: roster.first_monday) == [
        Roster(date(2026, 9, 21), (people["bob"],)),
        Roster(date(2026, 9, 28), (people["carol"],)),
    ]
    # A file that says nothing of absences leaves those the desk recorded.
    assert [who for who, *_ in listed(world)] == ["Bob", "Carol"]
    load(world.ledger, bob_is())
    assert [who for who, *_ in listed(world)] == ["Carol"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (bob_is("{from: 2026-09-28, until: 2026-09-29, substitute: ghost}"), ("ghost",)),
        (bob_is("{from: 2026-09-28, until: 2026-09-28}"), ("Bob", "2026-09-28 00:00", "晚于起")),
        (bob_is("{from: 2026-09-28T08:00, until: 2026-09-28}"), ("Bob", "晚于起")),
        (bob_is("{from: 2026-09-28, until: 2026-09-29, substitute: bob}"), ("Bob", "自己代班")),
        (bob_is("{from: 2026-09-28, until: 2026-09-29, substitute: alice}"),
         ("代班成环", "Bob → Alice → Carol → Bob")),
        (bob_is("{from: 下周一, until: 2026-09-29}"),
         ("people.0.absences.0.from", "下周一", "2026-09-28T08:00")),
        (bob_is("{from: 20260928, until: 2026-09-29}"), ("absences.0.from", "20260928")),
        (bob_is("{from: 2026-09-28}"), ("absences.0.until",)),
        (bob_is("{from: 2026-09-28, until: 2026-09-29, why: 病假}"), ("absences.0.why",)),
        (f"{BOTH}\n{WEEKS.replace('2026-09-21', '2026-09-22')}",
         ("2026-09-22", "星期二", "2026-09-21 或 2026-09-28")),
        (f"{BOTH}\n{WEEKS.replace('[bob, carol]', '[bob, mallory, ghost]')}",
         ("mallory", "ghost", "people")),
        (f"{BOTH}\n{WEEKS.replace('csgl', 'nowhere')}", ("nowhere",)),
        (f"{BOTH}\n{WEEKS.replace('contact', 'king')}", ("rotas.0.duty",)),
        (f"{BOTH}\n{WEEKS.replace('[bob, carol]', '[]')}", ("rotas.0.people",)),
        (f"{BOTH}\n{WEEKS[:-1]}, {WEEKS[8:]}", ("csgl", "联络员", "写了两次")),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_whole_and_named(
    sqlite_world: World, text: str, said: tuple[str, ...]
) -> None:
    away(sqlite_world, "Alice", "2026-09-20 08:00", "2026-10-20 08:00", "Carol")
    away(sqlite_world, "Carol", "2026-09-27 08:00", "2026-09-28 08:00", "Bob")
    before = [sqlite_world.rows(model) for model in (Absence, Rota, Duty)]
    with pytest.raises(Trouble) as caught:
        load(sqlite_world.ledger, text)
    words = caught.value.words
    assert [part for part in said if part not in words.zh] == [], words.zh
    assert words.en
    assert [sqlite_world.rows(model) for model in (Absence, Rota, Duty)] == before


# -- the desk ----------------------------------------------------------------------------------


def test_the_desk_records_an_absence_by_name_or_code(world: World) -> None:
    recorded = away(world, "Bob", "2026-09-28 08:00", "2026-10-09 08:00", "head")
    assert (recorded.code, recorded.person, recorded.substitute) == ("bob", "Bob", HEAD)
    assert contacts(world, "2026-09-29 10:00") == [HEAD]
    away(world, "head", "2026-09-29 08:00", "2026-09-30 08:00")
    assert contacts(world, "2026-09-29 10:00") == []


def test_the_same_span_recorded_again_takes_the_place_of_the_first(world: World) -> None:
    span = ("2026-09-28 08:00", "2026-10-09 08:00")
    away(world, "Bob", *span, "Carol")
    away(world, "Bob", *span, "Alice")
    assert listed(world) == [("Bob", *span, "Alice")]


def test_those_who_are_away_or_will_be_are_listed_and_those_who_are_back_are_not(
    world: World,
) -> None:
    later = ("Bob", "2026-10-12 08:00", "2026-10-14 08:00", "")
    now = ("Carol", "2026-09-28 08:00", "2026-09-29 08:00", "")
    away(world, *later[:3])
    away(world, *now[:3])
    assert listed(world, "2026-09-29 07:59") == [now, later]
    assert listed(world, "2026-09-29 08:00") == [later]
    assert listed(world, "2026-10-14 08:00") == []


@pytest.mark.parametrize(
    ("person", "until", "substitute", "said"),
    [
        ("Trudy", "2026-09-29 08:00", None, ("Trudy", "人员代码", "duban load")),
        ("Bob", "2026-09-29 08:00", "Trudy", ("Trudy",)),
        ("Bob", "2026-09-28 08:00", None, ("Bob", "止必须晚于起")),
        ("Bob", "2026-09-29 08:00", "bob", ("Bob", "自己代班")),
        ("Carol", "2026-10-28 08:00", "Alice", ("Alice → Bob → Carol → Alice", "duban back")),
    ],
)
def test_what_cannot_be_is_refused_at_the_desk_in_the_same_words(
    sqlite_world: World, person: str, until: str, substitute: str | None, said: tuple[str, ...]
) -> None:
    away(sqlite_world, "Bob", "2026-10-01 08:00", "2026-10-09 08:00", "Carol")
    away(sqlite_world, "Alice", "2026-10-08 08:00", "2026-10-12 08:00", "Bob")
    before = sqlite_world.rows(Absence)
    with pytest.raises(Trouble) as caught:
        away(sqlite_world, person, "2026-09-28 08:00", until, substitute)
    assert [part for part in said if part not in caught.value.words.zh] == []
    assert sqlite_world.rows(Absence) == before


def test_people_may_stand_in_for_each_other_one_after_the_other(world: World) -> None:
    away(world, "Bob", "2026-09-28 08:00", "2026-09-30 08:00", "Alice")
    away(world, "Alice", "2026-09-30 08:00", "2026-10-09 08:00", "Bob")
    assert [contacts(world, f"2026-09-{day} 10:00") for day in (29, 30)] == [["Alice"], ["Bob"]]


def test_two_desks_at_once_cannot_each_enter_half_of_a_circle(pg_world: World) -> None:
    world, span = pg_world, (instant("2026-09-28 08:00"), instant("2026-10-09 08:00"))
    people = reference(world).directory.codes
    with ThreadPoolExecutor(1) as other_desk:
        with world.ledger.transaction() as connection:
            add_absences(connection, [Away(people["bob"], *span, people["alice"])])
            other = other_desk.submit(record_absence, world.ledger, "Alice", *span, "Bob")
            # Half a second is enough to go wrong in; it waits for us instead.
            wait([other], timeout=0.5)
        with pytest.raises(Trouble, match="代班成环"):
            other.result()
    assert [person for person, *_ in listed(world)] == ["Bob"]


# -- back again --------------------------------------------------------------------------------


def test_who_comes_back_early_is_told_again_from_that_instant(world: World) -> None:
    away(world, "Bob", "2026-09-28 08:00", "2026-10-09 08:00", "Alice")
    (ended,) = end_absence(world.ledger, "bob", instant("2026-09-30 14:00"))
    assert clock(ended.until) == "2026-09-30 14:00"
    moments = ("2026-09-30 13:59", "2026-09-30 14:00")
    assert [contacts(world, at) for at in moments] == [["Alice"], ["Bob"]]


def test_who_comes_back_is_back_from_every_absence_that_runs_and_keeps_the_later_ones(
    world: World,
) -> None:
    away(world, "Bob", "2026-09-28 08:00", "2026-10-09 08:00", "Alice")
    away(world, "Bob", "2026-09-30 14:00", "2026-10-02 08:00", "Carol")
    later = ("Bob", "2026-11-02 08:00", "2026-11-04 08:00", "")
    away(world, *later[:3])
    assert len(end_absence(world.ledger, "Bob", instant("2026-09-30 14:00"))) == 2
    assert contacts(world, "2026-09-30 14:00") == ["Bob"]
    assert listed(world, "2026-09-30 14:00") == [later]
    assert all(row.start < row.until for row in world.rows(Absence))


def test_who_is_not_gone_yet_is_not_going_the_next_time(world: World) -> None:
    late = ("Bob", "2026-11-02 08:00", "2026-11-04 08:00", "")
    away(world, *late[:3])
    away(world, "Bob", "2026-10-12 08:00", "2026-10-14 08:00")
    (struck,) = end_absence(world.ledger, "Bob", instant("2026-10-01 08:00"))
    assert clock(struck.start) == "2026-10-12 08:00"
    assert listed(world) == [late]


def test_who_is_not_away_cannot_come_back(sqlite_world: World) -> None:
    away(sqlite_world, "Bob", "2026-09-28 08:00", "2026-09-29 08:00")
    for person in ("Bob", "Carol"):
        with pytest.raises(Trouble, match=f"{person}没有登记不在岗"):
            end_absence(sqlite_world.ledger, person, instant("2026-09-29 08:00"))


# -- names -------------------------------------------------------------------------------------


def test_a_name_that_two_bear_is_a_question_with_their_codes_in_it(sqlite_world: World) -> None:
    load(
        sqlite_world.ledger,
        "people: [{code: bob-2, name: Bob, duties: [{unit: west, duty: 经办人}]}]",
    )
    now = reference(sqlite_world)
    with pytest.raises(Trouble, match="bob、bob-2"):
        named(now.directory, "Bob")
    assert named(now.directory, "Bob", now.unit("城管局")) == now.directory.codes["bob"]
    assert named(now.directory, "Bob", now.unit("西岚区")) == now.directory.codes["bob-2"]
    assert named(now.directory, "bob-2") == now.directory.codes["bob-2"]


def test_a_name_from_another_unit_is_refused_with_those_who_can_be_named(
    sqlite_world: World,
) -> None:
    now = reference(sqlite_world)
    with pytest.raises(Trouble) as caught:
        named(now.directory, "Mallory", now.unit("城管局"))
    for part in ("Mallory", "市城市管理局", f"Bob、{HEAD}"):
        assert part in caught.value.words.zh
    with pytest.raises(Trouble, match="还没有人"):
        named(now.directory, "Bob", now.unit("北坡社区"))


def test_somebody_no_longer_active_is_nobody_by_name(sqlite_world: World) -> None:
    people = table(Person)
    with sqlite_world.ledger.transaction() as connection:
        connection.execute(sa.update(people).where(people.c.code == "bob").values(active=False))
    for text in ("Bob", "bob"):
        with pytest.raises(Trouble, match=text):
            named(reference(sqlite_world).directory, text)
