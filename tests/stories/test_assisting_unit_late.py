"""协同: the lead does its part, the assisting unit does not; both are pressed until both have."""

from models.evidence import Evidence
from tests.world import Actor, World, clock, refusal

HEAD, BUILDER = "城管局负责人", "住建局联络员"


def shared(world: World) -> str:
    """城管局 leads, 住建局 assists; due on Thursday the 15th at six."""
    case = world.at("2026-10-12 10:00").report(
        "解放路12号", "路面塌陷", "城管局、住建局", limit="3天"
    )
    world.sweep()
    world.bob.signs(case)
    return case


def parts(world: World, case: str) -> list[tuple[str, str | None, bool | None]]:
    """Of each unit: its role, when it reported its part done, and whether that was late."""
    return [(p.role.value, clock(p.confirmed_at), p.late) for p in world.thread(case).parts]


def test_both_are_reminded_until_the_assisting_unit_confirms_its_part(sqlite_world: World) -> None:
    world = sqlite_world
    case = shared(world)
    assert world.hears("builder", "贵单位为协同单位", "确认本单位的部分")
    world.at("2026-10-14 09:00").sweep()
    assert world.hears("bob", case)
    assert world.hears("builder", case)

    world.at("2026-10-14 15:00")
    Actor(world, BUILDER).confirms_part(case, "住建局", "路基已回填")
    world.sweep()
    assert world.hears("bob", "按期完成协同任务", "路基已回填")
    assert parts(world, case) == [("lead", None, None), ("assisting", "2026-10-14 15:00", False)]
    with refusal("已报告完成"):
        Actor(world, BUILDER).confirms_part(case, "住建局")

    for station in ("2026-10-15 10:00", "2026-10-15 16:00", "2026-10-15 18:00"):
        world.at(station).sweep()
        assert world.hears("bob", case)
        assert not world.hears("builder")
    assert [level.told for level in world.levels(case)] == [(HEAD, "Bob")]
    assert world.proven()


def test_the_levels_reach_the_unit_that_owes_its_part_and_its_lateness_is_its_own(
    world: World,
) -> None:
    case = shared(world)
    world.at("2026-10-15 18:00").sweep()
    assert [level.told for level in world.levels(case)] == [(HEAD, "Bob", BUILDER)]
    assert world.hears("builder", "单位负责人督办", case)

    world.at("2026-10-16 10:00")
    Actor(world, BUILDER).confirms_part(case, "住建局")
    assert "逾期完成协同任务" in world.thread(case).records[-1].words
    assert parts(world, case)[1] == ("assisting", "2026-10-16 10:00", True)
    assert world.case(case).late is None
    world.at("2026-10-16 11:00").bob.submits(case)
    assert world.case(case).late is True
    assert "尚未报告完成" not in world.thread(case).records[-1].words
    assert world.proven()


def test_the_lead_hands_in_for_all_and_the_record_names_the_part_that_is_open(
    world: World,
) -> None:
    case = shared(world)
    world.at("2026-10-15 17:00").bob.submits(case, "井圈已换")
    words = world.thread(case).records[-1].words
    assert words == "按期反馈：井圈已换。协同单位尚未报告完成：市住房和城乡建设局。"
    assert world.case(case).late is False

    # The clock of the whole stops; the part is reported all the same, and too late.
    world.at("2026-10-15 18:00").sweep()
    assert world.levels(case) == []
    world.at("2026-10-16 09:00")
    Actor(world, BUILDER).confirms_part(case, "住建局", "路基已回填")
    assert parts(world, case)[1] == ("assisting", "2026-10-16 09:00", True)
    assert [evidence.text for evidence in world.rows(Evidence)] == ["井圈已换", "路基已回填"]
    assert world.at("2026-10-16 15:00").alice.passes(case) == "closed"
    world.sweep()
    assert world.hears("bob", "销号")
    assert world.hears("builder", "销号")
    assert world.proven()


def test_verified_in_part_only_the_unit_that_is_left_owes_its_part_again(world: World) -> None:
    case = world.at("2026-10-12 10:00").report(
        "解放路12号", "路面塌陷", "城管局、住建局、西岚区", limit="3天"
    )
    world.bob.signs(case)
    for who, unit in ((BUILDER, "住建局"), ("Mallory", "西岚区")):
        Actor(world, who).confirms_part(case, unit)
    world.at("2026-10-13 10:00").bob.submits(case)

    world.at("2026-10-14 10:00")
    assert world.alice.passes_in_part(case, "住建局", why="路面未平") == "rework"
    assert "尚余（市住房和城乡建设局）：路面未平" in world.thread(case).records[-1].words
    assert world.due(case) == "2026-10-16 18:00"
    done = "2026-10-12 10:00"
    assert [confirmed for _, confirmed, _ in parts(world, case)] == [None, None, done]
    world.sweep()
    assert world.hears("builder", "路面未平")

    # What is left is pressed for; the unit whose part held hears nothing of it.
    world.at("2026-10-16 18:00").sweep()
    assert [level.told for level in world.levels(case)] == [(HEAD, "Bob", BUILDER)]
    assert not world.hears("mallory")
    assert world.proven()


def test_a_plain_failure_opens_every_part(sqlite_world: World) -> None:
    world = sqlite_world
    case = shared(world)
    Actor(world, BUILDER).confirms_part(case, "住建局")
    world.bob.submits(case)
    world.at("2026-10-13 10:00").alice.fails(case)
    assert parts(world, case)[1][1] is None
    world.bob.submits(case)
    assert "尚未报告完成：市住房和城乡建设局" in world.thread(case).records[-1].words


def test_the_lead_has_no_part_to_confirm_and_hands_in_for_all(sqlite_world: World) -> None:
    world = sqlite_world
    case = shared(world)
    with refusal("牵头单位", "整改反馈"):
        world.bob.confirms_part(case, "城管局")
    with refusal("请写明整改情况"):
        Actor(world, BUILDER).confirms_part(case, "住建局", " ")


def test_a_part_that_was_late_stays_late_whatever_comes_after(sqlite_world: World) -> None:
    world = sqlite_world
    case = shared(world)
    world.at("2026-10-16 10:00")
    Actor(world, BUILDER).confirms_part(case, "住建局")
    world.bob.submits(case)
    world.alice.passes_in_part(case, "住建局", why="路面未平")
    world.at("2026-10-19 10:00")
    Actor(world, BUILDER).confirms_part(case, "住建局")
    assert parts(world, case)[1] == ("assisting", "2026-10-19 10:00", True)
