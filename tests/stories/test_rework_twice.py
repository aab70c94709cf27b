"""返工: handed in, fails, comes back, fails again, passes: nothing that was said is lost."""

from models.evidence import Evidence
from tests.world import World, clock, refusal


def test_handed_in_it_fails_is_reworked_and_passes(world: World) -> None:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.sweep()
    assert [told.who for told in world.told()] == ["bob"]
    world.at("2026-10-12 14:30").bob.signs(case)

    world.at("2026-10-14 11:00").bob.submits(case, "已抽干积水")
    world.sweep()
    assert world.hears("carol", "待核查")

    # Alice stands in the puddle. Two working days more.
    assert world.at("2026-10-15 09:00").alice.fails(case, "仍有积水") == "rework"
    assert world.due(case) == "2026-10-19 18:00"
    world.sweep()
    assert world.hears("bob", "仍有积水")
    assert world.hears("bob", "返工")

    # Nobody hands it in again: its own clock climbs its own ladder.
    world.at("2026-10-19 18:00").sweep()
    assert [level.planned for level in world.levels(case)] == ["2026-10-19 18:00"]

    world.at("2026-10-20 09:00").bob.submits(case, "已疏通下水口")
    assert world.at("2026-10-20 15:00").alice.passes(case) == "closed"
    row = world.case(case)
    assert (row.reworks, row.late, clock(row.closed_at)) == (1, False, "2026-10-20 15:00")
    assert [evidence.text for evidence in world.rows(Evidence)] == ["已抽干积水", "已疏通下水口"]
    verbs = [r.verb for r in world.thread(case).records if r.verb not in ("remind", "escalate")]
    assert verbs == [
        "file", "dispatch", "acknowledge", "submit", "verify_fail", "submit", "verify_pass",
    ]  # fmt: skip

    world.sweep()
    closing = sorted(told.who for told in world.told() if "销号" in told.subject)
    assert closing == ["bob", "head"]
    assert world.told("mallory") == []
    assert world.proven()


def test_each_rework_is_a_clock_of_its_own_that_may_climb_again(world: World) -> None:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    world.at("2026-10-15 18:00").sweep()
    world.bob.submits(case)
    world.at("2026-10-16 10:00").alice.fails(case)
    world.at("2026-10-20 18:00").sweep()
    assert [(level.level, level.planned) for level in world.levels(case)] == [
        (1, "2026-10-15 18:00"),
        (1, "2026-10-20 18:00"),
    ]
    assert world.case(case).late is True


def test_what_waits_too_long_to_be_looked_at_is_told_to_the_office_not_to_the_unit(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    world.at("2026-10-13 10:00").bob.submits(case)
    world.at("2026-10-15 18:00").sweep()
    assert world.levels(case) == []
    assert [level.told for level in world.levels(case, stage="verify")] == [("Carol",)]
    with refusal("待核查"):
        world.bob.submits(case)


def test_a_second_verification_that_nobody_makes_is_told_as_the_first_was(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    for submitted, overdue in (("2026-10-13", "2026-10-15"), ("2026-10-19", "2026-10-21")):
        world.at(f"{submitted} 10:00").bob.submits(case)
        world.at(f"{overdue} 18:00").sweep()
        world.at(f"{overdue} 18:30").alice.fails(case)
    planned = [level.planned for level in world.levels(case, stage="verify")]
    assert planned == ["2026-10-15 18:00", "2026-10-21 18:00"]


def test_failed_twice_it_is_counted_twice_and_each_time_has_the_whole_rework_limit(
    world: World,
) -> None:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    world.at("2026-10-13 10:00").bob.submits(case, "已抽干积水")
    world.at("2026-10-14 09:00").alice.fails(case, "仍有积水")
    assert world.due(case) == "2026-10-16 18:00"
    world.sweep()

    # A rework need not be signed for; handed in within its limit, it fails once more.
    world.at("2026-10-16 17:00").bob.submits(case, "已疏通下水口")
    world.at("2026-10-19 11:00").alice.fails(case, "下水口又堵")
    assert (world.case(case).reworks, world.due(case)) == (2, "2026-10-21 18:00")
    assert "第 2 次返工" in world.thread(case).records[-1].words
    world.sweep()
    assert world.hears("bob", "下水口又堵", "10月21日")

    # The third time Bob is late; the case was on time when it was first handed in.
    world.at("2026-10-21 18:00").sweep()
    assert [level.level for level in world.levels(case)] == [1]
    world.at("2026-10-22 09:00").bob.submits(case, "已更换管道")
    assert "逾期反馈" in world.thread(case).records[-1].words
    assert world.at("2026-10-22 15:00").alice.passes(case) == "closed"
    assert world.case(case).late is False
    assert [e.text for e in world.rows(Evidence)] == ["已抽干积水", "已疏通下水口", "已更换管道"]
    assert world.proven()


def test_a_failure_needs_its_reason(sqlite_world: World) -> None:
    world = sqlite_world
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    world.bob.submits(case)
    with refusal("请写明理由"):
        world.alice.fails(case, " ")
    assert (world.status(case), world.case(case).reworks) == ("submitted", 0)
