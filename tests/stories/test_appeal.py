"""申诉: late, but not by the unit's fault; two agree, and the lateness stays in the record."""

from models.request import Request
from tests.world import Actor, World, refusal


def closed(world: World, *, submitted: str) -> str:
    """Due on Thursday the 15th at six; handed in when it was, and verified two hours on."""
    case = world.at("2026-10-12 10:00").report("解放路12号", "路灯不亮", limit="3天")
    world.sweep()
    world.bob.signs(case)
    world.at(submitted).bob.submits(case)
    world.at(submitted[:11] + "17:30").alice.passes(case)
    return case


def states(world: World) -> list[str]:
    return [row.state.value for row in world.rows(Request)]


def test_upheld_by_two_it_is_exempt_and_was_late_all_the_same(world: World) -> None:
    case = closed(world, submitted="2026-10-16 10:00")
    assert world.case(case).late is True
    world.at("2026-10-19 09:00").bob.appeals(case, "供电局停电两天")
    assert "须 2 人审核同意" in world.thread(case).records[-1].words
    world.sweep()
    assert world.hears("carol", "供电局停电两天")

    world.at("2026-10-19 10:00").carol.grants(case)
    assert (states(world), world.case(case).exempt) == (["open"], False)
    with refusal("须由另一人审核"):
        world.carol.grants(case)
    with refusal("申请人不能审核自己的申请"):
        world.bob.grants(case)

    world.at("2026-10-19 15:00")
    assert Actor(world, "创城办副主任").grants(case) == "closed"
    row = world.case(case)
    assert (states(world), row.exempt, row.late) == (["granted"], True, True)
    assert "逾期的事实保留" in world.thread(case).records[-1].words
    world.sweep()
    assert world.hears("bob", "申诉成立")
    assert world.proven()


def test_one_of_the_two_says_no_and_it_cannot_be_asked_again(world: World) -> None:
    case = closed(world, submitted="2026-10-16 10:00")
    world.bob.appeals(case)
    world.carol.grants(case)
    assert Actor(world, "创城办副主任").turns_down(case, "停电不足一小时") == "closed"
    row = world.case(case)
    assert (states(world), row.exempt, row.late) == (["refused"], False, True)
    world.sweep()
    assert world.hears("bob", "不同意申诉", "停电不足一小时")
    with refusal("申诉最多 1 次"):
        world.bob.appeals(case, "另有新证据")
    assert world.proven()


def test_who_was_on_time_has_nothing_to_appeal_against(sqlite_world: World) -> None:
    world = sqlite_world
    case = closed(world, submitted="2026-10-15 17:00")
    with refusal("按期办结", "无须申诉"):
        world.bob.appeals(case)
    assert states(world) == []


def test_an_appeal_is_for_what_is_closed(sqlite_world: World) -> None:
    world = sqlite_world
    case = world.at("2026-10-12 10:00").report("解放路12号", "路灯不亮", limit="3天")
    world.bob.signs(case)
    world.at("2026-10-16 10:00").bob.submits(case)
    with refusal("待核查", "不能申诉"):
        world.bob.appeals(case)


def test_reopened_in_the_meantime_there_is_nothing_left_to_decide(world: World) -> None:
    case = closed(world, submitted="2026-10-16 10:00")
    world.bob.appeals(case)
    world.carol.grants(case)
    assert world.at("2026-10-19 09:00").carol.reopens(case) == "rework"
    assert states(world) == ["lapsed"]
    with refusal("没有待审的申请"):
        Actor(world, "创城办副主任").grants(case)
    row = world.case(case)
    assert (row.exempt, row.late) == (False, True)
    assert world.due(case) == "2026-10-21 18:00"

    # Nobody said no: once it is closed again it may be asked once more.
    world.bob.submits(case)
    world.alice.passes(case)
    assert world.bob.appeals(case) == "closed"
    assert states(world) == ["lapsed", "open"]
    assert world.proven()


def test_the_lateness_of_an_exempt_case_outlives_a_second_round(sqlite_world: World) -> None:
    world = sqlite_world
    case = closed(world, submitted="2026-10-16 10:00")
    world.bob.appeals(case)
    world.carol.grants(case)
    Actor(world, "创城办副主任").grants(case)
    world.at("2026-10-19 09:00").carol.reopens(case)
    world.at("2026-10-20 09:00").bob.submits(case)
    world.at("2026-10-20 15:00").alice.passes(case)
    row = world.case(case)
    assert (row.late, row.exempt, row.reworks) == (True, True, 1)
