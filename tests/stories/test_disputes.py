"""会商与改派: two units say it is the other's. A meeting settles it, or the office passes it on."""

import pytest

from models.meeting import Meeting
from tests.world import Actor, World, refusal

BUILDER = "住建局联络员"


def in_hand(world: World, limit: str = "3天") -> str:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面塌陷", limit=limit)
    world.sweep()
    world.bob.signs(case)
    return case


def parts(world: World, case: str) -> list[tuple[str, str, bool, bool]]:
    """Of each unit: its role, whether it still has the case, whether its time is exempt."""
    return [(p.name, p.role.value, p.ended_at is None, p.exempt) for p in world.thread(case).parts]


CSGL, ZJJ = "市城市管理局", "市住房和城乡建设局"


def test_the_meeting_names_another_lead_which_has_all_its_time_and_cannot_send_it_back(
    world: World,
) -> None:
    case = in_hand(world)
    world.at("2026-10-14 10:00").bob.sends_back(case, "道路由住建局养护")
    world.at("2026-10-15 15:00")
    decision = "路面由住建局修复，城管局配合围挡"
    answer = world.carol.coordinates(
        case, "住建局", "城管局", decision=decision, minutes="创城办会议纪要〔2026〕9号"
    )
    assert (answer, world.due(case)) == ("dispatched", "2026-10-20 18:00")
    [meeting] = world.rows(Meeting)
    assert meeting.participants == ["市创城办", "住建局", "城管局"]
    assert (meeting.decision, meeting.minutes) == (decision, "创城办会议纪要〔2026〕9号")
    assert parts(world, case) == [
        (CSGL, "lead", False, True),
        (ZJJ, "lead", True, False),
        (CSGL, "assisting", True, False),
    ]
    world.sweep()
    assert world.hears("builder", case, "牵头单位")
    assert world.hears("bob", case, "协同单位")

    with refusal("终审", "延期或挂账"):
        Actor(world, BUILDER).sends_back(case)
    world.at("2026-10-15 18:00").sweep()
    assert world.levels(case) == []
    assert world.proven()


def test_the_meeting_leaves_it_where_it_was_and_the_clock_has_never_stopped(world: World) -> None:
    case = in_hand(world)
    world.at("2026-10-14 10:00").bob.sends_back(case, "道路由住建局养护")
    world.at("2026-10-15 15:00")
    assert world.carol.coordinates(case, "城管局", "住建局", decision="先由城管局抢修") == (
        "dispatched"
    )
    assert world.due(case) == "2026-10-15 18:00"
    assert parts(world, case) == [(CSGL, "lead", True, False), (ZJJ, "assisting", True, False)]
    world.sweep()
    assert world.hears("bob", "会商定责：先由城管局抢修")
    assert world.hears("builder", "会商定责：先由城管局抢修")

    with refusal("终审"):
        world.bob.sends_back(case)
    world.at("2026-10-15 18:00").sweep()
    assert [level.told for level in world.levels(case)] == [("城管局负责人", "Bob", BUILDER)]
    assert world.proven()


def test_what_nobody_wanted_from_the_start_is_dispatched_by_the_meeting(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = world.at("2026-10-12 10:00").report(
        "和平路8号", "占道经营", unit="", coordinate=True, limit="2天"
    )
    assert world.status(case) == "undecided"
    world.at("2026-10-13 09:00").carol.coordinates(case, "城管局")
    assert (world.status(case), world.due(case)) == ("dispatched", "2026-10-15 18:00")
    with refusal("终审"):
        world.bob.sends_back(case)
    world.sweep()
    assert world.hears("bob", case)


def test_a_meeting_of_one_is_none_and_none_is_held_over_what_nobody_disputes(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = in_hand(world)
    with refusal("整改中", "会商"):
        world.carol.coordinates(case, "住建局")
    world.bob.sends_back(case)
    with refusal("两个以上参加单位"):
        world.carol.coordinates(case)
    with refusal("两个以上参加单位和决定"):
        world.carol.coordinates(case, "住建局", decision=" ")
    assert world.status(case) == "returned"
    assert world.rows(Meeting) == []


@pytest.mark.parametrize("exempt", [True, False])
def test_passed_on_the_next_unit_starts_afresh_and_the_time_before_counts_unless_exempt(
    sqlite_world: World, exempt: bool
) -> None:
    world = sqlite_world
    case = in_hand(world)
    world.bob.asks_for_more_time(case)
    world.carol.grants(case)
    world.at("2026-10-14 10:00")
    assert world.carol.transfers(case, "住建局", why="道路养护职责划转", exempt=exempt) == (
        "dispatched"
    )
    # Three days of its own, and the extension of the unit before is not its own.
    assert (world.due(case), world.case(case).extensions) == ("2026-10-19 18:00", 0)
    assert parts(world, case) == [(CSGL, "lead", False, exempt), (ZJJ, "lead", True, False)]
    world.sweep()
    assert world.hears("builder", case)
    assert world.hears("bob", "不再承办", "道路养护职责划转")
    world.at("2026-10-19 18:00").sweep()
    assert [level.told for level in world.levels(case)] == [(BUILDER,)]
    assert world.proven()


def test_a_case_is_not_passed_on_to_the_unit_that_has_it_nor_without_a_reason(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = in_hand(world)
    with refusal("已是牵头单位"):
        world.carol.transfers(case, "城管局")
    with refusal("请写明理由"):
        world.carol.transfers(case, "住建局", why="")
    assert world.due(case) == "2026-10-15 18:00"


def test_the_limit_on_the_paper_outlives_a_rework_when_the_case_passes_on(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = in_hand(world, "5天")
    world.bob.submits(case)
    world.at("2026-10-13 10:00").alice.fails(case)
    assert world.due(case) == "2026-10-15 18:00"
    world.carol.transfers(case, "住建局")
    # Five days from the 13th, as the paper says; two were for the rework.
    assert world.due(case) == "2026-10-20 18:00"
