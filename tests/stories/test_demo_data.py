"""The demo city: its data is whole, its holes are the planned ones, its fortnight repeats."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from documents.paper import Paper
from documents.reading import read
from duban import demo
from ledger import intake, loading, reference, sweeps
from ledger.changes import ENGINE, table
from ledger.database import Ledger, connect, migrate
from ledger.worklist import open_cases
from models.case import Case, Status
from models.finding import FindingOutcome
from models.person import DutyKind
from models.record import Record
from models.request import RequestKind
from notices.channels.address import check

START = datetime.fromisoformat("2026-09-07T00:00+08:00")
REAL = Path(__file__).parents[2] / "../shared/data/real_findings.csv"


class Told(NamedTuple):
    """One line of paper, and what the ledger answered."""

    said: str
    outcome: FindingOutcome
    reason: str


def new_ledger(folder: Path) -> Ledger:
    url = f"sqlite:///{folder / 'demo.db'}"
    migrate(url)
    ledger = connect(url)
    with ledger.transaction() as connection:
        loading.load_shipped(connection, START)
        loading.load_city(connection, demo.city())
    return ledger


def take(ledger: Ledger, name: str, data: bytes, at: datetime) -> Iterator[Told]:
    paper = read(data, name)
    origin = intake.Origin(sha256(data).hexdigest(), name, paper.title)
    answers = [one for chunk in intake.receive(ledger, origin, paper.drafts, at) for one in chunk]
    for draft, answer in zip(paper.drafts, answers, strict=True):
        yield Told(f"{draft.place} {draft.problem}", answer.outcome, answer.reason.en)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[Told]:
    """All papers handed in on their days, with nobody doing anything in between."""
    ledger = new_ledger(tmp_path_factory.mktemp("told"))
    return [
        one
        for day, name, data in demo.papers()
        for one in take(ledger, name, data, START + timedelta(days=day, hours=9.5))
    ]


class Played(NamedTuple):
    """What two days of play left behind."""

    ledger: Ledger
    instants: list[datetime]
    heads: list[str]


def play(folder: Path) -> Played:
    ledger = new_ledger(folder)
    instants: list[datetime] = []

    def sweep(at: datetime) -> None:
        instants.append(at)
        sweeps.dispatch_filed(ledger, at)
        sweeps.follow_up(ledger, at)

    def hand_in(name: str, data: bytes, at: datetime) -> None:
        instants.append(at)
        list(take(ledger, name, data, at))

    demo.play(ledger, START, sweep, hand_in, days=2)
    with ledger.transaction() as connection:
        cases = table(Case)
        heads = connection.execute(sa.select(cases.c.head).order_by(cases.c.number)).scalars()
        return Played(ledger, instants, list(heads))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return play(tmp_path_factory.mktemp("played"))


# -- the city ----------------------------------------------------------------------------------


def test_one_unit_has_nobody_and_one_only_a_head() -> None:
    town = demo.city()
    duties: dict[str, set[DutyKind]] = {unit.code: set() for unit in town.units}
    for person in town.people:
        for duty in person.duties:
            duties[duty.unit].add(duty.duty)
    without_contact = {unit: held for unit, held in duties.items() if DutyKind.CONTACT not in held}
    assert without_contact == {"beipo": set(), "jyyy": {DutyKind.HEAD}}


def test_every_person_is_reached_without_a_network() -> None:
    channels = [url for person in demo.city().people for url in person.channels]
    assert all(person.channels for person in demo.city().people)
    for url in channels:
        assert url.startswith("folder://")
        check(url)


def test_everybody_is_told_apart_by_code_and_no_name_of_a_unit_means_two() -> None:
    town = demo.city()
    names = [name for unit in town.units for name in (unit.name, *unit.aliases)]
    codes = [person.code for person in town.people]
    assert len(names) == len(set(names))
    assert len(codes) == len(set(codes))


def test_every_character_belongs_to_a_unit_of_the_city() -> None:
    assert set(demo.CHARACTERS) <= {unit.code for unit in demo.city().units}


@pytest.mark.skipif(not REAL.exists(), reason="the shared data is not here")
def test_generic_names_of_real_paper_are_known_and_real_proper_names_are_not(
    tmp_path: Path,
) -> None:
    ledger = new_ledger(tmp_path)
    with ledger.transaction() as connection:
        known = reference.read(connection)
    drafts = read(REAL.read_bytes(), REAL.name).drafts
    names = {unit for draft in drafts for unit in draft.units}
    assert {name for name in names if known.unit(name) is None} == {"南汇街道", "房管鹿城分局"}


# -- the papers --------------------------------------------------------------------------------


def test_papers_come_in_every_format_an_office_uses() -> None:
    found = {(paper.form.value, paper.encoding) for paper in map(_read, demo.papers())}
    assert {form for form, _ in found} == {"csv", "xlsx", "docx", "txt"}
    assert ("csv", "gb18030") in found


def _read(paper: tuple[int, str, bytes]) -> Paper:
    return read(paper[2], paper[1])


def test_most_papers_come_early_so_that_ladders_have_time_to_climb() -> None:
    days = [day for day, _, _ in demo.papers()]
    assert days == sorted(days)
    assert sum(day < 4 for day in days) > len(days) / 2
    assert not {5, 6, 12, 13} & set(days)


def test_every_finding_is_accounted_for_and_exactly_the_planned_rows_are_refused(
    told: list[Told],
) -> None:
    lines = sum(len(_read(paper).drafts) for paper in demo.papers())
    assert len(told) == lines > 200
    refused = {one.said.split()[0]: one.reason for one in told if one.outcome == "rejected"}
    assert set(refused) == {"松岗路60号", "松岗路物流仓库", "北坡路便民菜点"}
    assert "problem is missing" in refused["松岗路60号"]
    assert "time limit" in refused["松岗路物流仓库"]
    assert "2100" in refused["北坡路便民菜点"]
    assert all(one.reason for one in told)


def test_what_was_found_before_joins_or_comes_back(told: list[Told]) -> None:
    merged = [one.said for one in told if one.outcome == "merged"]
    fixed = [one.said for one in told if one.outcome == "fixed"]
    back = [one.said for one in told if "recurrence of" in one.reason]
    assert len(merged) >= 4
    assert len(fixed) == 5
    assert any(one.startswith("汽车客运站") for one in back)


@pytest.mark.parametrize(
    "why",
    [
        "asks for duty to be settled",
        "several routes fit equally well: 共享单车-交警、共享单车-交通",
        "no route covers category",
        "not in the directory of units: 铁路新村业委会",
        "the category is not certain",
    ],
)
def test_every_reason_to_leave_duty_undecided_occurs(told: list[Told], why: str) -> None:
    assert any(why in one.reason for one in told)


# -- the play ----------------------------------------------------------------------------------


def test_the_same_seed_plays_the_same_days(played: Played, tmp_path: Path) -> None:
    assert play(tmp_path).heads == played.heads


def test_time_never_runs_back_and_stays_within_the_days_asked_for(played: Played) -> None:
    assert played.instants == sorted(played.instants)
    assert START <= played.instants[0] <= played.instants[-1] < START + timedelta(days=2)


def test_people_act_between_sweeps_and_in_working_hours_only(played: Played) -> None:
    with played.ledger.transaction() as connection:
        hours = reference.read(connection).worktime
        records = table(Record)
        query = sa.select(records.c.at).where(records.c.actor != ENGINE)
        acted = list(connection.execute(query).scalars())
    assert acted
    assert all(hours.is_open(at) for at in acted)
    assert not set(acted) & set(played.instants)


def test_after_two_days_cases_stand_everywhere_along_the_way(played: Played) -> None:
    standing = {case.status for case in open_cases(played.ledger)}
    assert {
        Status.UNDECIDED, Status.DISPATCHED, Status.IN_PROGRESS, Status.SUBMITTED,
    } <= standing  # fmt: skip


def test_the_last_evening_leaves_something_on_every_desk(played: Played) -> None:
    waiting = open_cases(played.ledger)
    asked = {case.asked for case in waiting}
    assert {RequestKind.EXTENSION, RequestKind.SUSPENSION} <= asked
    assert Status.RETURNED in {case.status for case in waiting}
    to_sign = [case.unit for case in waiting if case.status is Status.DISPATCHED]
    assert to_sign.count("dc-zhzf") >= 3
    assert to_sign.count("xl-zhzf") >= 2


def test_a_paper_whose_day_is_closed_comes_on_the_next_working_day(tmp_path: Path) -> None:
    came: list[datetime] = []
    friday = datetime.fromisoformat("2026-09-11T18:00+08:00")
    ledger = new_ledger(tmp_path)
    demo.play(ledger, friday, lambda _: None, lambda *paper: came.append(paper[2]), days=3)
    *came, evening = came
    assert {at.isoformat() for at in came} == {"2026-09-14T09:30:00+08:00"}
    assert len(came) == len([day for day, _, _ in demo.papers() if day <= 3])
    assert evening.isoformat() == "2026-09-14T17:58:00+08:00"
