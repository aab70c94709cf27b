"""Every row of the lifecycle table, done and refused, on the desk itself.

For every verb a person carries out: from each status the table lists it moves where the table
says, and from every other status it is refused and nothing is written. What the engine does by
itself is shown once where it happens and once where it must not. The counts are the table's own
(`pytest -s` prints them).
"""

import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import count
from pathlib import Path

import pytest

from ledger import desk, loading, look_back, measures, recompute, sweeps
from ledger.database import connect
from ledger.measures import record_measure
from models.case import Case, Status
from models.cost import CostKind
from models.measure import MeasureKind
from models.record import Record
from models.request import RequestKind
from models.verb import Verb
from rules.lifecycle import MOVES, TABLE, Moved, Refused
from rules.policy import Source
from tests.conftest import Templates, file_of
from tests.world import World, instant

S, V = Status, Verb
Do = Callable[[World, str], Moved | Refused]

POLICY = """
extends: chuangcheng
policy: every-row
title: 试
requests: {reviewers: {extension: 2}}
proposals: {reds_in_a_row: 1}
"""
BY_HAND = POLICY.replace("every-row", "by-hand") + "filing: hand\n"

_places = count(1)


def policy(world: World, text: str) -> None:
    with world.ledger.transaction() as connection:
        loading.load_policy(connection, Source("policy.yaml", text), world.now)


def place() -> str:
    return f"解放路{next(_places)}号"


# -- a case in every status --------------------------------------------------------------------


def reported(world: World) -> str:
    policy(world, BY_HAND)
    number = world.report(place(), "路面积水", unit="")
    policy(world, POLICY)
    return number


def filed(world: World) -> str:
    number = reported(world)
    world.carol.files(number)
    return number


def undecided(world: World) -> str:
    return world.report(place(), "路面积水", unit="", coordinate=True)


def dispatched(world: World) -> str:
    return world.report(place(), "路面积水", limit="3天")


def in_progress(world: World) -> str:
    number = dispatched(world)
    world.bob.signs(number)
    return number


def returned(world: World) -> str:
    number = in_progress(world)
    world.bob.sends_back(number)
    return number


def suspended(world: World) -> str:
    number = in_progress(world)
    ask(RequestKind.SUSPENSION)(world, number)
    world.carol.grants(number)
    return number


def submitted(world: World) -> str:
    number = in_progress(world)
    world.bob.submits(number)
    return number


def rework(world: World) -> str:
    number = submitted(world)
    world.alice.fails(number)
    return number


def closed(world: World) -> str:
    """Closed, and late: so that it can be appealed."""
    number = world.report(place(), "路面积水", limit="1 紧急工作时")
    world.bob.signs(number)
    world.now += timedelta(hours=2)
    world.bob.submits(number)
    world.alice.passes(number)
    return number


def rejected(world: World) -> str:
    number = reported(world)
    world.carol.rejects(number)
    return number


def merged(world: World) -> str:
    number = dispatched(world)
    world.carol.merges(number, dispatched(world))
    return number


def split(world: World) -> str:
    number = dispatched(world)
    world.carol.splits(number, desk.Share("井盖破损", ("城管局",)), desk.Share("路灯不亮"))
    return number


def cancelled(world: World) -> str:
    number = dispatched(world)
    world.carol.cancels(number)
    return number


BUILD: dict[Status, Callable[[World], str]] = {status: globals()[status.value] for status in S}


# -- every verb --------------------------------------------------------------------------------


def ask(kind: RequestKind) -> Do:
    def do(world: World, number: str) -> Moved | Refused:
        until = world.now + timedelta(days=30) if kind is RequestKind.SUSPENSION else None
        return world.raw(desk.ask, number, kind, "配件未到", actor="Bob", until=until)

    return do


def decide(*, granted: bool, actor: str = "Carol") -> Do:
    def do(world: World, number: str) -> Moved | Refused:
        return world.raw(desk.decide, number, actor=actor, granted=granted, reason="见现场")

    return do


def asked(*kinds: RequestKind) -> Callable[[World, str], None]:
    """Before it: a request of the kind that can be made where the case stands."""

    def prepare(world: World, number: str) -> None:
        for kind in kinds:
            ask(kind)(world, number)

    return prepare


def agreed_once(world: World, number: str) -> None:
    asked(RequestKind.EXTENSION, RequestKind.APPEAL)(world, number)
    decide(granted=True, actor="督办员乙")(world, number)


def drawn(world: World, number: str) -> None:
    """Before it: the case was drawn for a look-back, as only relapses surely are."""
    if world.case(number).status is S.CLOSED:
        look_back.draw(world.ledger, world.now, "种子")


def other(world: World) -> str:
    return dispatched(world)


PREPARE: dict[Verb, Callable[[World, str], None]] = {
    V.EXTEND: agreed_once,
    V.REVIEW: asked(RequestKind.EXTENSION, RequestKind.APPEAL),
    V.SUSPEND: asked(RequestKind.SUSPENSION),
    V.REFUSE_REQUEST: asked(RequestKind.EXTENSION),
    V.UPHOLD_APPEAL: agreed_once,
    V.REFUSE_APPEAL: asked(RequestKind.APPEAL),
    V.LOOK_BACK_PASS: drawn,
    V.LOOK_BACK_FAIL: drawn,
}

SHARES = (desk.Share("井盖破损", ("城管局",)), desk.Share("路灯不亮", ("住建局",)))

DO: dict[Verb, Do] = {
    V.FILE: lambda w, n: w.raw(desk.file, n),
    V.REJECT: lambda w, n: w.raw(desk.reject, n, "不在创建范围"),
    V.FIX_ON_SPOT: lambda w, n: w.raw(desk.fix_on_spot, n),
    V.MERGE: lambda w, n: w.raw(desk.merge, n, other(w)),
    V.SPLIT: lambda w, n: w.raw(desk.split, n, SHARES, "两处问题"),
    V.DISPATCH: lambda w, n: w.raw(desk.dispatch, n, ["城管局"]),
    V.TRANSFER: lambda w, n: w.raw(desk.transfer, n, ["住建局"], "职责划转"),
    V.ACKNOWLEDGE: lambda w, n: w.raw(desk.acknowledge, n),
    V.ASSIGN: lambda w, n: w.raw(desk.assign, n, section="市政科"),
    V.SEND_BACK: lambda w, n: w.raw(desk.send_back, n, "不属本单位"),
    V.UPHOLD_RETURN: lambda w, n: w.raw(
        desk.rule_on_return, n, upheld=True, units=["住建局"], reason="属实"
    ),
    V.REFUSE_RETURN: lambda w, n: w.raw(desk.rule_on_return, n, upheld=False, reason="属贵单位"),
    V.COORDINATE: lambda w, n: w.raw(
        desk.coordinate, n, ["住建局"], ["市创城办", "住建局"], "由住建局负责"
    ),
    V.REQUEST_EXTENSION: ask(RequestKind.EXTENSION),
    V.EXTEND: decide(granted=True),
    V.REQUEST_SUSPENSION: ask(RequestKind.SUSPENSION),
    V.SUSPEND: decide(granted=True),
    V.REVIEW: decide(granted=True),
    V.REFUSE_REQUEST: decide(granted=False),
    V.RESUME: lambda w, n: w.raw(desk.resume_by_hand, n),
    V.SUBMIT: lambda w, n: w.raw(desk.submit, n, "已整改"),
    V.CONFIRM_PART: lambda w, n: w.raw(desk.confirm_part, n, "住建局", "已完成"),
    V.WITHDRAW: lambda w, n: w.raw(desk.withdraw, n, "照片传错"),
    V.VERIFY_PASS: lambda w, n: w.raw(desk.verify, n, passed=True),
    V.VERIFY_PARTLY: lambda w, n: w.raw(
        desk.verify, n, passed=False, partly=True, reason="路面未平"
    ),
    V.VERIFY_FAIL: lambda w, n: w.raw(desk.verify, n, passed=False, reason="仍有积水"),
    V.PUBLISH: lambda w, n: w.raw(desk.publish, n),
    V.EXPOSE: lambda w, n: w.raw(desk.expose, n, "市电视台"),
    V.LOOK_BACK_PASS: lambda w, n: w.raw(desk.look_back, n, passed=True),
    V.LOOK_BACK_FAIL: lambda w, n: w.raw(desk.look_back, n, passed=False, reason="又见积水"),
    V.REQUEST_APPEAL: ask(RequestKind.APPEAL),
    V.UPHOLD_APPEAL: decide(granted=True),
    V.REFUSE_APPEAL: decide(granted=False),
    V.REOPEN: lambda w, n: w.raw(desk.reopen, n, "群众来电"),
    V.URGE: lambda w, n: w.raw(desk.urge, n, "领导关注"),
    V.TAKE_OVER: lambda w, n: w.raw(desk.take_over, n, "市创城办", "久拖不决"),
    V.CANCEL: lambda w, n: w.raw(desk.cancel, n, "误报"),
    V.RECLASSIFY: lambda w, n: w.raw(desk.reclassify, n, "B0101-1", "原类别有误"),
    V.MEASURE: lambda w, n: record_measure(
        w.ledger, kind=MeasureKind.INTERVIEW, document=f"督〔2026〕{next(_places)}号",
        held_on=date(2026, 9, 24), reason="久拖不决", at=w.now, actor="Carol", number=n,
    ),
    V.NOTE: lambda w, n: w.raw(desk.note, n, "已电话核实"),
    V.RECORD_COST: lambda w, n: w.raw(desk.record_cost, n, CostKind.ADVANCED, "100", "购井盖"),
}  # fmt: skip

ENGINE = {V.JOIN, V.HOLD, V.REMIND, V.ESCALATE, V.RECOMPUTE, V.DRAW, V.PROPOSE}
"""What the engine does by itself; tested below one by one."""

EVERYTHING = (Case, Record)


@pytest.fixture(scope="module")
def _one_city(tmp_path_factory: pytest.TempPathFactory, templates: Templates) -> Iterator[World]:
    """One city for the whole table: a refusal changes nothing, and every move has its own case."""
    folder: Path = tmp_path_factory.mktemp("every-row")
    file = folder / "duban.db"
    shutil.copy(file_of(templates("sqlite", "city")), file)
    ledger = connect(f"sqlite:///{file}")
    world = World(ledger, folder / "messages")
    world.now = instant("2026-09-24 15:00")
    policy(world, POLICY)
    yield world
    ledger.engine.dispose()


@pytest.fixture
def city(_one_city: World) -> World:
    """The clock of the city only ever goes forward, as outside."""
    _one_city.now += timedelta(hours=1)
    return _one_city


def test_every_verb_is_tested_here() -> None:
    assert DO.keys() | ENGINE | {V.REPORT} == set(Verb)
    assert {row.verb for row in TABLE} == DO.keys() | ENGINE


@pytest.mark.parametrize("verb", DO, ids=str)
def test_from_every_status_the_table_lists_the_verb_leads_where_it_says(
    city: World, verb: Verb
) -> None:
    for source in [status for status in Status if (status, verb) in MOVES]:
        number = _ready(city, source, verb)
        before = len(city.thread(number).records)
        answer = DO[verb](city, number)
        assert answer == Moved(MOVES[source, verb]), (source, answer)
        assert city.case(number).status is MOVES[source, verb]
        assert verb.value in [record.verb for record in city.thread(number).records[before:]]


@pytest.mark.parametrize("verb", DO, ids=str)
def test_from_every_other_status_it_is_refused_with_words_and_nothing_is_written(
    city: World, verb: Verb, shelf: dict[Status, str]
) -> None:
    target = other(city) if verb is V.MERGE else ""
    for source in [status for status in Status if (status, verb) not in MOVES]:
        number = shelf[source]
        before = [tuple(city.case(number)), len(city.thread(number).records)]
        into_open = verb is V.MERGE
        answer = city.raw(desk.merge, number, target) if into_open else DO[verb](city, number)
        assert isinstance(answer, Refused), (source, answer)
        assert answer.reason.zh
        assert answer.reason.en
        assert [tuple(city.case(number)), len(city.thread(number).records)] == before


@pytest.fixture(scope="module")
def shelf(_one_city: World) -> dict[Status, str]:
    """One case in each status, for what is refused."""
    return {status: build(_one_city) for status, build in BUILD.items()}


def _ready(world: World, source: Status, verb: Verb) -> str:
    """A case in `source` of which the verb can be asked."""
    number = _relapse(world) if verb in (V.LOOK_BACK_PASS, V.LOOK_BACK_FAIL) else ""
    number = number or (_assisted(world, source) if verb is V.CONFIRM_PART else "")
    number = number or BUILD[source](world)
    PREPARE.get(verb, lambda w, n: None)(world, number)
    return number


def _relapse(world: World) -> str:
    """A closed case that is a relapse: those are always drawn."""
    where = place()
    for _ in range(2):
        number = world.report(where, "路面积水", limit="3天")
        world.bob.signs(number)
        world.bob.submits(number)
        world.alice.passes(number)
        world.now += timedelta(days=2)
    return number


def _assisted(world: World, source: Status) -> str:
    """A case in which 住建局 assists."""
    number = world.report(place(), "路面积水", unit="城管局、住建局", limit="3天")
    if source is not S.DISPATCHED:
        world.bob.signs(number)
    if source in (S.SUBMITTED, S.REWORK):
        world.bob.submits(number)
    if source is S.REWORK:
        world.alice.fails(number)
    return number


# -- what the engine does by itself ------------------------------------------------------------


def verbs(world: World, number: str) -> list[str]:
    return [record.verb for record in world.thread(number).records]


def test_a_report_joins_an_open_case_and_never_one_that_ended(city: World) -> None:
    for build, joins in ((in_progress, True), (cancelled, False), (closed, False)):
        number = build(city)
        again = city.report(city.case(number).place, "路面积水")
        assert (again == number) is joins is ("join" in verbs(city, number))


def test_only_a_filed_case_is_held_for_want_of_a_unit(city: World) -> None:
    waiting, working = filed(city), in_progress(city)
    sweeps.dispatch_filed(city.ledger, city.now)
    assert (city.status(waiting), verbs(city, waiting)[-1]) == ("undecided", "hold")
    assert city.status(working) == "in_progress"


@pytest.mark.parametrize("verb", [V.REMIND, V.ESCALATE])
def test_follow_up_speaks_of_open_cases_and_never_of_those_that_ended(
    city: World, verb: Verb
) -> None:
    late, over = in_progress(city), cancelled(city)
    for days in (2, 30):
        sweeps.follow_up(city.ledger, city.now + timedelta(days=days))
    assert verb.value in verbs(city, late)
    assert verb.value not in verbs(city, over)


def test_a_policy_applied_anew_recomputes_what_runs_and_nothing_that_ended(city: World) -> None:
    running, over, done = in_progress(city), cancelled(city), submitted(city)
    policy(city, POLICY + "stages: {handle: {limit: 9 工作日}, verify: {limit: 1 工作时}}\n")
    with city.ledger.transaction() as connection:
        list(recompute.recompute(connection, city.now, "办法变更", reapply=True))
    policy(city, POLICY)
    assert "recompute" not in verbs(city, over)
    assert "recompute" in verbs(city, running)
    assert "recompute" in verbs(city, done)


def test_only_closed_cases_are_drawn_for_a_look_back(city: World) -> None:
    again, open_still = _relapse(city), in_progress(city)
    look_back.draw(city.ledger, city.now, "种子")
    assert "draw" in verbs(city, again)
    assert "draw" not in verbs(city, open_still)


def test_a_red_card_proposes_a_measure_and_no_card_proposes_none(city: World) -> None:
    late, early = in_progress(city), submitted(city)
    while not [row for row in city.levels(late) if row.level == 3]:
        city.now += timedelta(days=1)
        sweeps.follow_up(city.ledger, city.now)
    measures.propose(city.ledger, city.now)
    assert "propose" in verbs(city, late)
    assert "propose" not in verbs(city, early)


def test_the_table_counts_itself() -> None:
    """How many rows there are, and how many moves and refusals the tests above went through."""
    moves = [(status, verb) for status, verb in MOVES if verb in DO]
    refusals = [(s, verb) for s in Status for verb in DO if (s, verb) not in MOVES]
    print(
        f"\n{len(TABLE)} rows, {len({row.verb for row in TABLE})} verbs, {len(Status)} statuses: "
        f"{len(moves)} moves and {len(refusals)} refusals by hand, "
        f"{len(ENGINE)} verbs of the engine"
    )
    assert len(moves) + len(refusals) == len(DO) * len(Status)
