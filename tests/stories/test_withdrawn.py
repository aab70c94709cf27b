"""撤回反馈: the wrong photos were handed in; taken back, the clock has never stopped."""

import pytest

from tests.world import World, refusal


def handed_in(world: World) -> str:
    """Due on Thursday the 15th at six, handed in on Wednesday."""
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.sweep()
    world.bob.signs(case)
    world.at("2026-10-14 11:00").bob.submits(case)
    world.sweep()
    return case


def test_taken_back_in_time_it_can_still_be_on_time(world: World) -> None:
    case = handed_in(world)
    assert world.hears("carol", "待核查")
    assert world.at("2026-10-15 09:00").bob.withdraws(case, "照片传错") == "in_progress"
    assert (world.due(case), world.case(case).late) == ("2026-10-15 18:00", None)
    world.sweep()
    assert world.hears("carol", "撤回", "照片传错")
    assert world.status(case) == "in_progress"

    world.at("2026-10-15 16:00").sweep()
    assert world.hears("bob", case)
    world.at("2026-10-15 17:00").bob.submits(case)
    assert world.case(case).late is False
    world.at("2026-10-15 18:00").sweep()
    assert world.levels(case) == []
    assert world.proven()


def test_taken_back_when_the_limit_has_run_out_it_is_late_and_the_ladder_is_made_up(
    world: World,
) -> None:
    case = handed_in(world)
    world.at("2026-10-15 18:00").sweep()
    assert world.levels(case) == []
    world.at("2026-10-16 10:00").bob.withdraws(case)
    world.sweep()
    due = "2026-10-15 18:00"
    [first] = world.levels(case)
    assert (first.level, first.planned, first.at) == (1, due, "2026-10-16 10:00")
    assert world.hears("head", case)

    world.at("2026-10-16 18:00").sweep()
    assert [level.level for level in world.levels(case)] == [1, 2]
    world.at("2026-10-19 09:00").bob.submits(case)
    assert world.case(case).late is True
    assert world.proven()


def test_what_was_late_stays_late_however_often_it_is_taken_back(sqlite_world: World) -> None:
    world = sqlite_world
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    world.at("2026-10-16 10:00").bob.submits(case)
    world.bob.withdraws(case)
    assert world.case(case).late is True
    world.at("2026-10-19 09:00").bob.submits(case)
    assert world.case(case).late is True


def test_a_rework_taken_back_leaves_the_first_answer_alone(sqlite_world: World) -> None:
    world = sqlite_world
    case = handed_in(world)
    world.at("2026-10-14 15:00").alice.fails(case)
    world.at("2026-10-15 09:00").bob.submits(case)
    world.bob.withdraws(case)
    assert (world.case(case).late, world.due(case)) == (False, "2026-10-16 18:00")
    world.at("2026-10-16 18:00").sweep()
    assert [level.level for level in world.levels(case)] == [1]


@pytest.mark.parametrize("found", ["passes", "fails"])
def test_once_it_was_verified_there_is_nothing_to_take_back(
    sqlite_world: World, found: str
) -> None:
    world = sqlite_world
    case = handed_in(world)
    with refusal("请写明理由"):
        world.bob.withdraws(case, "")
    getattr(world.alice, found)(case)
    with refusal("撤回", "待核查"):
        world.bob.withdraws(case)


def test_nobody_is_asked_to_verify_what_was_taken_back(sqlite_world: World) -> None:
    world = sqlite_world
    case = handed_in(world)
    world.at("2026-10-14 12:00").bob.withdraws(case)
    with refusal("整改中"):
        world.alice.passes(case)
    # The two days to verify ended with it.
    world.at("2026-10-16 18:00").sweep()
    assert world.levels(case, stage="verify") == []


def test_a_level_that_no_round_had_come_by_to_see_is_made_up_when_it_is_taken_back(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.sweep()
    world.bob.signs(case)
    world.at("2026-10-15 19:28").bob.submits(case)
    world.at("2026-10-19 18:00").sweep()  # nobody has verified: the office is told
    assert world.levels(case) == []
    world.bob.withdraws(case)
    world.at("2026-10-19 18:01").sweep()
    assert next((level.level, level.planned) for level in world.levels(case)) == (
        1, "2026-10-15 18:00",
    )  # fmt: skip
    assert world.case(case).late is True
    assert world.proven()
