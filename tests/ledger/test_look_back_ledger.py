"""The draw: among whom, by which seed, to whom it goes, and what the ledger keeps of it."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from fractions import Fraction

import pytest

from ledger import desk, journal, log
from ledger.look_back import Drawn, Relapses, draw, relapses, waiting
from ledger.people import record_absence
from models.case import Case
from models.finding import Draft
from models.journal import Entry
from models.look_back import Draw, LookBack
from models.notice import Notice, NoticeKind
from models.person import Person
from models.record import Record
from models.words import Trouble
from rules import look_back as rule
from tests.inspecting import close, closed_cases, draws, inspectors, load, looks_back, rate
from tests.world import World, clock, instant


def names(drawn: Drawn) -> list[str]:
    return [chosen.case for chosen in drawn.cases]


def person(world: World, name: str) -> int:
    return int(world.rows(Person, Person.name == name)[0].id)


# -- among whom, and by which seed -------------------------------------------------------------


def test_a_tenth_of_what_was_closed_is_drawn_and_anybody_can_repeat_it(world: World) -> None:
    closed = closed_cases(load(world), 40)
    drawn = draws(world.at("2026-09-25 06:30"))
    assert len(names(drawn)) == 4
    assert [one.number for one in drawn.population] == closed
    assert {(one.unit, one.relapse) for one in drawn.population} == {("csgl", False)}
    again = rule.draw(drawn.population, drawn.rate, drawn.seed)
    assert [one.number for one in again] == names(drawn)


def test_the_seed_is_the_date_and_the_head_of_all_records_so_nobody_can_choose_it(
    world: World,
) -> None:
    closed_cases(load(world), 3)
    dry = draw(world.ledger, instant("2026-09-25 06:30"), dry_run=True)
    assert dry.seed == "2026-09-25"  # nothing has been entered in the overall chain yet
    journal.extend(world.ledger)
    head = world.rows(Entry)[-1].hash
    assert draws(world.at("2026-09-25 06:30")).seed == f"2026-09-25 {head}"


def test_the_ledger_keeps_what_the_draw_was_made_from(world: World) -> None:
    load(world)
    for day, unit in ((25, "城管局"), (28, "住建局")):
        closed_cases(world.at(f"2026-09-{day - 1} 15:00"), 20, unit)
        draws(world.at(f"2026-09-{day} 06:30"), f"seed {day}")
    kept = [(d.seed, d.rate, clock(d.since), d.population, d.drawn) for d in world.rows(Draw)]
    assert kept == [
        ("seed 25", "1/10", None, 20, 2),
        ("seed 28", "1/10", "2026-09-25 06:30", 20, 2),
    ]
    drawn = Counter(row.draw_id for row in world.rows(LookBack))
    assert drawn == {row.id: 2 for row in world.rows(Draw)}


def test_only_cases_that_were_handled_verified_and_are_still_closed_are_drawn(
    world: World,
) -> None:
    rate(load(world), "100%")
    closed, reopened, cancelled, handled = (
        world.report(f"解放路{n}号", "路面积水") for n in range(1, 5)
    )
    world.hand_in(Draft("", "解放路9号", "路面积水", fixed_on_spot=True))
    close(world, closed, reopened)
    desk.reopen(world.ledger, reopened, "又有积水", world.now, "Carol")
    world.carol.cancels(cancelled)
    later = world.at("2026-09-25 06:31").report("解放路8号", "路面积水")
    close(world, later)
    drawn = draw(world.ledger, instant("2026-09-25 06:30"))
    assert names(drawn) == [closed]
    assert names(draws(world.at("2026-09-26 06:30"))) == [later]
    assert world.status(handled) == "dispatched"


def test_published_or_not_a_closed_case_is_drawn(world: World) -> None:
    rate(load(world), "100%")
    one, other = closed_cases(world, 2)
    world.carol.publishes(one)
    assert names(draws(world.at("2026-09-25 06:30"))) == [one, other]
    assert world.case(one).step_due_at is None
    assert world.case(other).step_due_at is not None


def test_what_one_draw_was_among_is_never_drawn_from_again(world: World) -> None:
    closed_cases(load(world), 30)
    first = draws(world.at("2026-09-25 06:30"))
    for at in ("2026-09-25 06:30", "2026-09-26 06:30", "2026-09-24 20:00"):
        again = draws(world.at(at))
        assert (again.population, again.cases) == ([], [])
    assert len(world.rows(Draw)) == 1
    assert len(world.rows(LookBack)) == len(first.cases) == 3


def test_a_dry_run_writes_nothing_and_of_a_past_instant_it_repeats_that_draw(
    world: World,
) -> None:
    closed_cases(load(world), 30)
    at = instant("2026-09-25 06:30")
    before = draw(world.ledger, at, dry_run=True)
    assert len(before.cases) == 3
    assert not [
        *world.rows(Draw),
        *world.rows(LookBack),
        *world.rows(Record, Record.verb == "draw"),
    ]
    real = draw(world.ledger, at)
    closed_cases(world.at("2026-09-25 15:00"), 30, "住建局")
    draws(world.at("2026-09-26 06:30"))
    assert draw(world.ledger, at, real.seed, dry_run=True).cases == before.cases == real.cases


def test_every_unit_gets_its_share(world: World) -> None:
    load(world)
    closed_cases(world, 30)
    closed_cases(world, 20, "住建局")
    drawn = draws(world.at("2026-09-25 06:30"))
    assert Counter(chosen.unit for chosen in drawn.cases) == {"csgl": 3, "zjj": 2}


def test_the_rate_is_that_in_force_and_the_time_limit_the_cases_own(world: World) -> None:
    closed = closed_cases(load(world), 10)
    rate(world, "50%")
    drawn = draws(world.at("2026-09-25 06:30"))
    assert (drawn.rate, len(drawn.cases)) == (Fraction(1, 2), 5)
    assert {clock(chosen.due_at) for chosen in drawn.cases} == {"2026-10-26 00:00"}
    assert set(names(drawn)) < set(closed)


def test_a_seed_that_does_not_fit_is_refused_in_so_many_words(sqlite_world: World) -> None:
    with pytest.raises(Trouble) as caught:
        draws(sqlite_world, "x" * 121)
    assert "120" in caught.value.words.zh


def test_two_draws_at_once_never_take_the_same_case(pg_world: World) -> None:
    closed_cases(load(pg_world), 40)
    at = instant("2026-09-25 06:30")
    with ThreadPoolExecutor(4) as hands:
        drawn = list(hands.map(lambda _: draw(pg_world.ledger, at), range(4)))
    assert sorted(len(one.population) for one in drawn) == [0, 0, 0, 40]
    taken = [row.case_id for row in pg_world.rows(LookBack)]
    assert len(taken) == len(set(taken)) == 4
    assert pg_world.proven()


# -- what is written ---------------------------------------------------------------------------


def test_a_drawn_case_says_so_starts_its_clock_and_tells_the_inspector(world: World) -> None:
    rate(load(world), "100%")
    (number,) = closed_cases(world, 1)
    drawn = draws(world.at("2026-09-25 06:30"), "seed 25")
    row, chosen = world.case(number), drawn.cases[0]
    assert (row.status.value, row.look_backs) == ("closed", 1)
    assert (clock(row.look_back_from), row.look_back_due_at) == ("2026-09-25 06:30", chosen.due_at)
    record = world.thread(number).records[-1]
    assert record.verb == "draw"
    assert all(said in record.words for said in (chosen.inspector, "seed 25", "2026-10-26 00:00"))
    assert row.inspector_id == person(world, chosen.inspector)
    assert inspectors(world, number) == [row.inspector_id]
    owed = world.rows(Notice, Notice.kind == NoticeKind.LOOK_BACK)
    assert [notice.person_id for notice in owed] == [row.inspector_id]
    assert world.proven()


def test_a_draw_before_opening_is_told_when_the_office_opens(world: World) -> None:
    rate(load(world), "100%")
    (number,) = closed_cases(world, 1)
    world.at("2026-09-28 06:30")
    told = "one" if draws(world).cases[0].inspector == "检查员甲" else "two"
    world.sweep()
    assert not world.told(told)
    world.at("2026-09-28 08:00").sweep()
    assert world.hears(told, number, "回头看")


# -- to whom it goes ---------------------------------------------------------------------------


def test_whoever_verified_never_looks_back_however_little_they_have_to_do(world: World) -> None:
    rate(load(world), "100%")
    numbers = [world.report(f"解放路{n}号", "路面积水") for n in range(6)]
    close(world, *numbers, verifier="检查员甲")
    drawn = draws(world.at("2026-09-25 06:30"))
    assert {chosen.inspector for chosen in drawn.cases} == {"检查员乙"}


def test_look_backs_are_shared_out_and_those_still_waiting_count(world: World) -> None:
    rate(load(world), "100%")
    closed_cases(world, 6)
    first = draws(world.at("2026-09-25 06:30"))
    assert Counter(c.inspector for c in first.cases) == {"检查员甲": 3, "检查员乙": 3}
    world.at("2026-09-25 15:00")
    for chosen in first.cases:
        if chosen.inspector == "检查员甲":
            looks_back(world, "检查员甲", chosen.case)
    closed_cases(world, 3, "住建局")
    second = draws(world.at("2026-09-26 06:30"))
    assert {chosen.inspector for chosen in second.cases} == {"检查员甲"}


def test_whoever_stands_in_for_an_inspector_on_leave_is_drawn_in_their_place(
    world: World,
) -> None:
    rate(load(world), "100%")
    for name, substitute in (("检查员甲", "Mallory"), ("检查员乙", None)):
        away = instant("2026-09-25 00:00"), instant("2026-10-01 00:00")
        record_absence(world.ledger, name, *away, substitute)
    closed_cases(world, 2)
    drawn = draws(world.at("2026-09-25 06:30"))
    assert [chosen.inspector for chosen in drawn.cases] == ["Mallory", "Mallory"]


def test_where_nobody_but_the_verifier_is_on_duty_the_office_is_told_and_the_log_says_so(
    world: World,
) -> None:
    rate(load(world), "100%")
    number = world.report("解放路12号", "路面积水")
    close(world, number, verifier="检查员甲")
    away = instant("2026-09-25 00:00"), instant("2026-10-01 00:00")
    record_absence(world.ledger, "检查员乙", *away)
    drawn = draws(world.at("2026-09-25 06:30"))
    assert drawn.cases[0].inspector == ""
    assert inspectors(world, number) == [None]
    assert any("没有核查人以外的检查员在岗" in r.words for r in world.thread(number).records)
    (row,) = [r for r in log.rows(world.ledger, number, reminders=True) if r.stage == "look_back"]
    assert (row.outcome, [who["person"] for who in row.recipients]) == (
        "nobody on duty", ["Carol"],
    )  # fmt: skip
    world.at("2026-09-28 08:00").sweep()
    assert world.hears("carol", number, "没有核查人以外的检查员在岗")


# -- looking -----------------------------------------------------------------------------------


def test_the_look_backs_that_wait_are_listed_with_the_overdue_first(world: World) -> None:
    rate(load(world), "100%")
    (late,) = closed_cases(world, 1, "住建局")
    draws(world.at("2026-09-25 06:30"))
    first, done = closed_cases(world.at("2026-09-26 10:00"), 2)
    draws(world.at("2026-09-27 06:30"))
    looks_back(world.at("2026-10-26 09:00"), "Carol", done)
    rows = waiting(world.ledger)
    assert [(row.case, clock(row.due_at), row.unit) for row in rows] == [
        (late, "2026-10-26 00:00", "市住房和城乡建设局"),
        (first, "2026-10-28 00:00", "市城市管理局"),
    ]
    assert {row.inspector for row in rows} <= {"检查员甲", "检查员乙"}


def test_what_came_back_counts_against_the_unit_that_led_when_it_did(world: World) -> None:
    rate(load(world), "100%")
    found, reported = closed_cases(world, 2)
    (other,) = closed_cases(world, 1, "住建局")
    world.hand_in(Draft("", "中山路1号", "路面积水", fixed_on_spot=True))
    draws(world.at("2026-09-25 06:30"))
    looks_back(world.at("2026-09-25 10:00"), "Carol", found, "又有积水")
    looks_back(world, "Carol", other)
    # It passes to another unit only afterwards: that is not the new one's fault.
    desk.transfer(world.ledger, found, ["住建局"], "另行安排", world.now, "Carol")
    back = world.at("2026-09-26 10:00").report("城管局路2号", "路面积水", unit="住建局")
    assert world.case(back).recurrence_of == world.case(reported).id
    fixed = world.report("中山路1号", "路面积水")
    assert world.case(fixed).recurrence_of is not None
    mistaken = world.report("住建局路1号", "路面积水", unit="住建局")
    assert world.case(mistaken).recurrence_of == world.case(other).id
    world.carol.cancels(mistaken)

    since, until = instant("2026-09-25 00:00"), world.now + timedelta(seconds=1)
    assert relapses(world.ledger, since, until) == [
        Relapses("csgl", "市城市管理局", found=1, reported=1),
        Relapses("", "", found=0, reported=1),
    ]
    assert relapses(world.ledger, instant("2026-09-26 00:00"), world.now) == []
    assert len(world.rows(Case, Case.recurrence_of.is_not(None))) == 3  # type: ignore[union-attr]
