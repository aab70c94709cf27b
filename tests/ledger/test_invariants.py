"""What the kill runs ask after each kill can fail: each question finds a wrong that was planted."""

import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bench.owing import TWICE
from bench.reliability import arrivals, chaos, clicks, ending, invariants, twin
from bench.reliability.arrivals import Arrivals
from bench.reliability.clicks import Click
from bench.reliability.invariants import Chains
from bench.reliability.papers import Paper, papers
from bench.reliability.processes import children_of
from ledger.changes import table
from ledger.database import connect
from models.case import Case
from models.delivery import Delivery
from models.escalation import Escalation
from models.finding import Draft, Finding
from models.notice import Notice
from models.record import Record
from tests.conftest import Templates, file_of
from tests.ledger.tampering import by_hand
from tests.world import World

NOW = datetime(2026, 10, 1, tzinfo=UTC)
cases, findings, log = table(Case), table(Finding), table(Escalation)
notices, tries, records = table(Notice), table(Delivery), table(Record)


@pytest.fixture(scope="module")
def lived_once(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a city in which cases are overdue and people have been told."""
    folder = tmp_path_factory.mktemp("lived")
    file = folder / "lived.db"
    shutil.copy(file_of(templates("sqlite", "city")), file)
    world = World(connect(f"sqlite:///{file}"), folder / "messages")
    lived(world).ledger.engine.dispose()
    return file


@pytest.fixture
def world(lived_once: Path, tmp_path: Path) -> Iterator[World]:
    """That city, for one test."""
    shutil.copy(lived_once, tmp_path / "world.db")
    ledger = connect(f"sqlite:///{tmp_path / 'world.db'}")
    yield World(ledger, tmp_path / "messages")
    ledger.engine.dispose()


def lived(world: World) -> World:
    for n in range(3):
        world.report(f"解放路{n}号", "路面积水", limit="3天")
    world.sweep()
    world.at("2026-09-30 18:00").sweep()
    return world


def asked(world: World, chains: Chains | None = None) -> str:
    """Everything that is asked, and all that was found wrong."""
    found = invariants.quick(world.ledger, chains or Chains(), NOW)
    return "\n".join(found + invariants.whole(world.ledger))


def test_a_sound_ledger_has_nothing_wrong_on_postgresql_too(
    sqlite_world: World, pg_world: World
) -> None:
    for world in (sqlite_world, pg_world):
        assert asked(lived(world)) == ""
        assert len(world.rows(Escalation)) > 3
        assert invariants.states(world.ledger)["sent"] > 3


Plant = Callable[[Connection], Any]


def edit(model: Any, *which: Any, **values: Any) -> Plant:
    where = which or (table(model).c.id == 1,)
    return lambda connection: connection.execute(
        sa.update(table(model)).where(*where).values(**values)
    )


def gone(model: Any, *which: Any) -> Plant:
    where = which or (table(model).c.id == 1,)
    return lambda connection: connection.execute(sa.delete(table(model)).where(*where))


def once_more(model: Any, which: Any, **other: Any) -> Plant:
    """A row a second time, with other values in some columns."""

    def plant(connection: Connection) -> None:
        row = connection.execute(sa.select(table(model)).where(which).limit(1)).mappings().one()
        connection.execute(sa.insert(table(model)).values({**row, "id": 999} | other))

    return plant


OWED = {"state": "owed", "ended_at": None}
SENDING = {"state": "sending", "ended_at": None, "lease_by": "host/1"}
LEASED = SENDING | {"lease_until": NOW + timedelta(minutes=1)}


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (gone(Case), "was taken and has no case"),
        (gone(Finding), "was opened by no row"),
        (once_more(Finding, findings.c.id == 1, key="x"), "was opened by two rows"),
        (once_more(Escalation, (log.c.level > 0) & (log.c.outcome == "carried_out"), rule="x"),
         "was carried out twice"),
        (gone(Notice, notices.c.kind == "escalation"), "is not owed"),
        (edit(Notice, **OWED, lease_by="host/1"), "and held"),
        (edit(Notice, state="owed"), "and has ended"),
        (edit(Notice, **SENDING), "in nobody's hand"),
        (edit(Notice, **SENDING, lease_until=NOW + timedelta(days=1)), "never runs out"),
        (edit(Notice, **LEASED), "its attempt has ended"),
        (edit(Notice, **LEASED, attempts=2), "its attempt is not written down"),
        (edit(Notice, attempts=2), "after 2 attempts, of which 1 are written"),
        (edit(Delivery, outcome="unknown"), "0 sent"),
        (edit(Notice, state="dead"), "answered"),
        (edit(Notice, ended_at=None), "is sent after"),
        (edit(Record, words="x"), "record changed"),
        (gone(Record, records.c.seq == 2), "record 2 is missing"),
        (edit(Case, head="x"), "does not end as its row says"),
    ],
)  # fmt: skip
def test_each_question_finds_what_it_asks_for(world: World, plant: Plant, said: str) -> None:
    if said == "answered":
        with by_hand(world.ledger) as connection:
            edit(Delivery, answer="")(connection)
    with by_hand(world.ledger) as connection:
        plant(connection)
    assert said in asked(world)


def test_a_point_of_a_clock_that_is_in_the_log_twice_is_found(pg_world: World) -> None:
    world = lived(pg_world)
    unique = (
        "SELECT conname FROM pg_constraint WHERE conrelid = 'escalation'::regclass "
        "AND contype = 'u'"
    )
    with by_hand(world.ledger) as connection:
        name = connection.exec_driver_sql(unique).scalar_one()
        connection.exec_driver_sql(f"ALTER TABLE escalation DROP CONSTRAINT {name}")
        once_more(Escalation, log.c.level == 0)(connection)
    assert "is in the log twice" in asked(world)


def test_chains_are_followed_from_where_they_were_and_not_read_again(world: World) -> None:
    chains = Chains()
    assert asked(world, chains) == ""
    known = dict(chains.known)
    world.at("2026-10-09 18:00").sweep()
    with by_hand(world.ledger) as connection:
        seq = known[1][0] + 1
        edit(Record, records.c.case_id == 1, records.c.seq == seq, words="x")(connection)
    assert f"case 1, record {seq}" in "\n".join(invariants.quick(world.ledger, chains, NOW))
    with by_hand(world.ledger) as connection:
        gone(Case)(connection)
    assert "case 1 is gone" in "\n".join(invariants.quick(world.ledger, chains, NOW))


# -- what arrived -------------------------------------------------------------------------------


def mail(name: str, body: str = "") -> bytes:
    """One mail as a sink writes it down."""
    head = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    text = f"X-Duban: {name}\r\n{head}Subject: s\r\n\r\n{body}\r\n.\r\n"
    return b64encode(text.encode()) + b"\n"


def came(world: World, file: Path) -> dict[int, str]:
    """Let every message of the ledger have come once; gives the message of each notice."""
    messages = {row.notice_id: row.message for row in world.rows(Delivery)}
    file.write_bytes(b"".join(mail(name) for name in sorted(set(messages.values()))))
    return messages


def test_what_arrived_is_held_against_what_is_said_of_it(world: World, tmp_path: Path) -> None:
    file = tmp_path / "taken"
    messages = came(world, file)
    seen = Arrivals(file)
    well = arrivals.compare(world.ledger, seen)
    assert (well.lost, well.doubled_unsaid, well.beyond) == ([], [], [])
    assert (well.sent, well.owed) == (len(messages), len(world.rows(Notice)))

    name = messages[1]
    with file.open("ab") as more:
        more.write(mail(name, TWICE))
        more.write(mail(name)[:20])  # cut off while it was written
    twice = arrivals.compare(world.ledger, seen)
    assert (twice.doubled_unsaid, bool(twice.beyond), twice.resent_said > 0) == ([], True, True)
    assert twice.unsaid_unknown == twice.beyond

    with file.open("ab") as more:
        more.write(mail(name)[20:])
    unsaid = arrivals.compare(world.ledger, seen)
    assert len(unsaid.doubled_unsaid) == sum(m == name for m in messages.values())

    lost = arrivals.compare(world.ledger, Arrivals(tmp_path / "nothing came"))
    assert len(lost.lost) == len(messages)


# -- what people and papers were answered -------------------------------------------------------


def test_what_the_portal_accepted_must_be_there_once(world: World) -> None:
    number = str(world.hand_in(Draft("2", "文庙巷1号", "井盖缺失"), paper="another")[0].case)
    world.carol.notes(number, "督办备注1号。")
    there = [
        Click("finding", "文庙巷1号", accepted=True, case=number),
        Click("note", "督办备注1号。", accepted=True, case=number),
        Click("sign", number, case=number),
    ]
    assert clicks.wrongs(world.ledger, there) == []
    there[2].accepted = True
    assert clicks.wrongs(world.ledger, there) == [f"sign {number}: {number} answered, [] there"]
    world.carol.notes(number, "督办备注1号。")
    assert len(clicks.wrongs(world.ledger, there[:2])) == 1


def test_every_row_of_a_paper_is_the_finding_that_was_answered(world: World) -> None:
    found = [row._mapping for row in world.rows(Finding)]
    number = {row.id: row.number for row in world.rows(Case)}
    [first] = {
        "paper 1.csv": [
            {"row": row["row"], "case": number[row["case_id"]]}
            for row in found
            if row["batch_id"] == 1
        ]
    }.items()
    paper = Paper(first[0], b"", len(first[1]), answers=first[1])
    assert list(ending.papers_wrong(world.ledger, [paper])) == []
    paper.answers = [*first[1], {"row": "77", "case": None}]
    assert len(list(ending.papers_wrong(world.ledger, [paper]))) == 2
    paper.answers = [{"row": first[1][0]["row"], "case": "2026-999999"}]
    assert "answered" in "".join(ending.papers_wrong(world.ledger, [paper]))


def test_the_twin_shows_what_is_missing_or_was_added() -> None:
    here, there = twin.City(), twin.City()
    for city in (here, there):
        city.rows["p", "2"] = ("accepted", "dispatched", NOW)
        city.points["p", "2"] |= {("1", "handle", 1)}
        city.tops["p", "2"] = {(1, "handle"): 1}
    assert twin.compare(here, there).missing == 0
    there.points["p", "2"].add(("1", "handle", 2))
    here.rows["p", "2"] = ("accepted", "dispatched", None)
    here.tops["p", "2"] = {(1, "handle"): 3}
    beside = twin.compare(here, there)
    assert (beside.missing, beside.added, beside.rows_differ, beside.tops_differ) == (1, 0, 1, 1)


# -- the run itself -----------------------------------------------------------------------------


def test_a_seed_always_plans_the_same_instants_and_papers() -> None:
    plan = chaos.plan(200, 7, task_worker=True)
    assert plan == chaos.plan(200, 7, task_worker=True) != chaos.plan(200, 8, task_worker=True)
    assert {instant.victim for instant in plan} == set(chaos.VICTIMS)
    assert [p.data for p in papers(500, 7)] == [p.data for p in papers(500, 7)]


def test_a_worker_is_killed_with_all_that_it_has_started() -> None:
    def below() -> Iterator[int]:
        return children_of({2: 1, 3: 2, 4: 3, 9: 8}, 2)

    assert list(below()) == [3, 4]
