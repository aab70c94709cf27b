"""回头看: what was closed is looked at again by somebody else, and what is back climbs at once."""

from datetime import timedelta

import pytest

from duban import demo
from ledger import desk
from ledger.look_back import Relapses, relapses, waiting
from ledger.people import record_absence
from models.look_back import LookBack
from models.notice import Notice, NoticeKind, NoticeState
from models.words import Words
from tests.inspecting import close, closed_cases, draws, load, looks_back, rate
from tests.world import World, clock, instant, refusal

FOLDER = {"检查员甲": "one", "检查员乙": "two"}


def drawn_case(world: World) -> tuple[str, str]:
    """One case, closed on Monday and drawn on Tuesday morning; its number, and who looks."""
    rate(load(world), "100%")
    (number,) = closed_cases(world.at("2026-10-12 10:00"), 1)
    (chosen,) = draws(world.at("2026-10-13 06:30"), "seed").cases
    assert (chosen.case, clock(chosen.due_at)) == (number, "2026-11-13 00:00")
    return number, chosen.inspector


def test_a_look_back_that_passes_is_over_and_the_case_stays_closed(world: World) -> None:
    number, name = drawn_case(world)
    world.at("2026-10-13 08:00").sweep()
    assert world.hears(FOLDER[name], number, "回头看")

    # Half of the thirty days have gone: a reminder, at opening.
    world.at("2026-10-28 15:15").sweep()
    assert world.hears(FOLDER[name], number, "时限过 50%")

    assert looks_back(world.at("2026-10-29 10:00"), name, number) == "closed"
    row = world.case(number)
    assert (row.relapses, row.look_back_due_at, row.inspector_id) == (0, None, None)
    (look,) = world.rows(LookBack)
    assert (look.passed, look.actor, clock(look.done_at)) == (True, name, "2026-10-29 10:00")
    assert waiting(world.ledger) == []

    world.at("2026-11-20 18:00").sweep()
    assert world.levels(number, stage="look_back") == []
    assert world.told("mallory") == []
    assert world.proven()


def test_what_is_back_goes_to_rework_one_level_higher_at_once(world: World) -> None:
    number, name = drawn_case(world)
    assert looks_back(world.at("2026-10-19 10:00"), name, number, "又有积水") == "rework"
    row = world.case(number)
    assert (row.relapses, row.reworks, row.raised) == (1, 1, 1)
    assert world.due(number) == "2026-10-21 18:00"

    # The round after: the unit is told why, its head by the first level, which is not due yet.
    world.at("2026-10-19 10:01").sweep()
    assert world.hears("bob", number, "又有积水")
    assert world.hears("head", number)
    (first,) = world.levels(number)
    assert (first.level, first.planned, first.outcome) == (1, "2026-10-19 10:00", "carried_out")

    # Due, and nobody has handed it in: the second level, a working day early. And so on.
    world.at("2026-10-21 18:00").sweep()
    assert world.hears("leader", number)
    world.at("2026-10-22 18:00").sweep()
    assert [(level.level, level.planned) for level in world.levels(number)] == [
        (1, "2026-10-19 10:00"),
        (2, "2026-10-21 18:00"),
        (3, "2026-10-22 18:00"),
    ]
    until = world.now + timedelta(seconds=1)
    assert relapses(world.ledger, instant("2026-10-12 00:00"), until) == [
        Relapses("csgl", "市城市管理局", found=1)
    ]
    assert world.proven()


def test_what_came_back_once_is_always_drawn_again(world: World) -> None:
    number, name = drawn_case(world)
    looks_back(world.at("2026-10-13 10:00"), name, number, "又有积水")
    rate(world, "1%")
    close(world.at("2026-10-14 10:00"), number)
    closed_cases(world, 20, "住建局")
    drawn = draws(world.at("2026-10-15 06:30"), "seed")
    assert number in [chosen.case for chosen in drawn.cases if chosen.relapse]
    assert len(drawn.cases) <= 2
    assert world.case(number).look_backs == 2
    assert [look.passed for look in world.rows(LookBack)][:2] == [False, None]

    # Back a second time: two levels higher now.
    again = next(chosen for chosen in drawn.cases if chosen.case == number)
    looks_back(world.at("2026-10-15 10:00"), again.inspector, number, "还是积水")
    world.at("2026-10-15 10:01").sweep()
    reached = [
        (x.level, x.outcome) for x in world.levels(number) if x.planned == "2026-10-15 10:00"
    ]
    assert reached == [(1, "skipped: catch-up"), (2, "carried_out")]
    assert world.hears("leader", number)


def test_whoever_verified_is_refused_and_told_why(world: World) -> None:
    number, name = drawn_case(world)
    with refusal("核查人不能对同一案件回头看", "another inspector must"):
        looks_back(world, "Alice", number)
    assert world.case(number).look_back_due_at is not None
    assert looks_back(world, name, number) == "closed"


def test_a_relapse_needs_words_for_what_is_back(world: World) -> None:
    number, name = drawn_case(world)
    with refusal("请写明理由"):
        looks_back(world, name, number, " ")
    assert world.case(number).relapses == 0


def test_a_case_that_was_not_drawn_has_no_look_back_to_give(world: World) -> None:
    (number,) = closed_cases(load(world), 1)
    with refusal("没有待办的回头看", "reopen"):
        looks_back(world, "检查员甲", number)


def test_the_inspector_goes_on_leave_and_whoever_stands_in_is_told(world: World) -> None:
    number, name = drawn_case(world)
    world.at("2026-10-13 08:00").sweep()
    assert world.hears(FOLDER[name], number)
    away = instant("2026-10-26 00:00"), instant("2026-11-30 00:00")
    record_absence(world.ledger, name, *away, "Mallory")
    world.at("2026-10-28 15:15").sweep()
    assert world.hears("mallory", number, "时限过 50%")
    assert not world.hears(FOLDER[name])


def test_the_inspector_goes_on_leave_and_nobody_stands_in_so_the_office_is_told(
    world: World,
) -> None:
    number, name = drawn_case(world)
    away = instant("2026-10-26 00:00"), instant("2026-11-30 00:00")
    record_absence(world.ledger, name, *away)
    world.at("2026-10-28 15:15").sweep()
    assert world.hears("carol", number)
    assert "检查员无人在岗，改告市创城办创城办督办员Carol" in world.thread(number).records[-1].words


SUBSTITUTE = """
city: {name: 澄岚市}
people:
  - {code: three, name: 检查员丙, channels: ["folder://three"]}
"""
ROTA = "rotas: [{unit: office, duty: inspector, first_monday: 2026-10-12, people: [three]}]\n"


@pytest.mark.parametrize("rota", [False, True], ids=["a substitute", "by rota alone"])
def test_whoever_looks_back_without_a_duty_of_their_own_is_told_and_reminded(
    world: World, rota: bool
) -> None:
    rate(load(world), "100%")
    load(world, SUBSTITUTE + ROTA * rota)
    for name in ("检查员甲", "检查员乙"):
        away = instant("2026-10-12 00:00"), instant("2026-11-30 00:00")
        record_absence(world.ledger, name, *away, "检查员丙")
    (number,) = closed_cases(world.at("2026-10-12 10:00"), 1)
    assert [chosen.inspector for chosen in draws(world.at("2026-10-13 06:30")).cases] == [
        "检查员丙"
    ]
    for at in ("2026-10-13 08:00", "2026-10-28 15:15"):
        world.at(at).sweep()
        assert world.hears("three", number, "回头看")
        assert not world.hears("carol", "回头看")


def test_a_look_back_that_nobody_makes_climbs_to_the_office(world: World) -> None:
    number, name = drawn_case(world)
    world.carol.publishes(number)
    world.at("2026-11-13 00:00").sweep()
    (level,) = world.levels(number, stage="look_back")
    assert (level.level, level.planned) == (1, "2026-11-13 00:00")
    assert level.told == ("Carol", name)
    # Midnight is nobody's hour: they read of it at opening.
    assert not world.hears("carol")
    world.at("2026-11-13 08:00").sweep()
    assert world.hears("carol", number, "超时未回头看")
    # It can still be made, and then no more is said of it.
    assert looks_back(world.at("2026-11-16 10:00"), name, number) == "closed"
    assert world.case(number).next_look_at is None


def test_the_look_back_of_a_case_reopened_in_the_meantime_is_over(world: World) -> None:
    number, name = drawn_case(world)
    desk.reopen(world.ledger, number, "群众来电又有积水", world.now, "Carol")
    with refusal("回头看", "closed"):
        looks_back(world.at("2026-10-14 10:00"), name, number)
    (look,) = world.rows(LookBack)
    assert (look.passed, clock(look.done_at)) == (None, "2026-10-13 06:30")
    assert waiting(world.ledger) == []
    assert relapses(world.ledger, instant("2026-10-01 00:00"), world.now) == []
    world.sweep()
    (owed,) = world.rows(Notice, Notice.kind == NoticeKind.LOOK_BACK)
    assert owed.state == NoticeState.MOOT
    world.at("2026-10-28 15:15").sweep()
    assert not world.hears(FOLDER[name])


@pytest.mark.parametrize("published", [False, True])
def test_publication_and_look_back_run_side_by_side(world: World, published: bool) -> None:
    number, name = drawn_case(world)
    if published:
        world.at("2026-10-13 10:00").carol.publishes(number)
    looks_back(world.at("2026-10-14 10:00"), name, number)
    world.at("2026-10-20 00:00").sweep()
    assert len(world.levels(number, stage="publish")) == (not published)


def test_the_agenda_of_a_drawn_case_says_who_is_told_when_and_why(sqlite_world: World) -> None:
    number, _ = drawn_case(sqlite_world)
    looks = [look for look in sqlite_world.thread(number).agenda() if look.stage == "look_back"]
    assert [clock(look.at) for look in looks] == [
        "2026-10-28 15:15", "2026-11-09 18:00", "2026-11-13 00:00",
    ]  # fmt: skip
    assert looks[-1].words == Words(
        "回头看到期：督办升级，1 级 超时未回头看，告知创城办督办员、检查员",
        "look back, due: escalate level 1 (超时未回头看), tell supervising office, inspector",
    )


def test_in_the_played_fortnight_cases_are_drawn_each_morning_and_inspectors_look_back(
    sqlite_world: World,
) -> None:
    world = rate(load(sqlite_world), "100%")
    closed_cases(world.at("2026-10-16 10:00"), 12)
    start = instant("2026-10-17 00:00")
    demo.play(world.ledger, start, lambda _: None, lambda *_: None, days=10)
    looks = world.rows(LookBack)
    # On a Saturday too: what is drawn waits for Monday.
    assert [clock(look.drawn_at) for look in looks[:12]] == ["2026-10-17 06:30"] * 12
    done = [look for look in looks if look.done_at]
    assert len(done) > 6
    assert {look.actor for look in done} == {"检查员甲", "检查员乙"}
    assert {look.passed for look in done} == {True, False}
