"""Bob says it is not his: upheld, refused, and the second time for good."""

from tests.world import World, refusal


def test_upheld_it_goes_to_the_right_unit_with_all_its_time(world: World) -> None:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面塌陷", limit="3天")
    world.bob.signs(case)
    world.at("2026-10-14 10:00").bob.sends_back(case, "道路由住建局养护")
    world.sweep()
    assert world.hears("carol", "道路由住建局养护")
    assert world.due(case) == "2026-10-15 18:00"

    world.at("2026-10-15 10:00").carol.upholds(case, "住建局", why="道路由住建局养护")
    assert (world.status(case), world.due(case)) == ("dispatched", "2026-10-20 18:00")
    world.sweep()
    assert len(world.told("builder")) == 1
    assert world.hears("bob", "改派")

    # The old limit is nobody's any more.
    world.at("2026-10-15 18:00").sweep()
    assert world.levels(case) == []
    parts = world.thread(case).parts
    assert [(part.name, part.exempt) for part in parts] == [
        ("市城市管理局", True),
        ("市住房和城乡建设局", False),
    ]


def test_refused_it_is_as_if_it_had_never_been_sent_back(world: World) -> None:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    world.at("2026-10-13 10:00").bob.sends_back(case)
    world.at("2026-10-15 17:00").carol.overrules(case, "属城管局职责")
    assert world.due(case) == "2026-10-15 18:00"
    world.sweep()
    assert world.hears("bob", "属城管局职责")
    world.at("2026-10-15 18:00").sweep()
    assert [level.level for level in world.levels(case)] == [1]


def test_the_second_ruling_is_final_and_says_what_is_left_to_do(world: World) -> None:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    world.bob.sends_back(case)
    world.carol.overrules(case)
    world.bob.sends_back(case)
    assert "本次裁定为终审" in world.thread(case).records[-1].words
    world.carol.overrules(case)
    with refusal("终审", "延期或挂账"):
        world.bob.sends_back(case)
    assert world.bob.signs(case) == "in_progress"


def test_a_ruling_that_does_not_come_is_told_to_the_office_each_time(world: World) -> None:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="9天")
    world.bob.signs(case)
    for sent_back, overdue in (("2026-10-12", "2026-10-13"), ("2026-10-14", "2026-10-15")):
        world.at(f"{sent_back} 14:00").bob.sends_back(case)
        world.at(f"{overdue} 18:00").sweep()
        world.at(f"{overdue} 18:10").carol.overrules(case)
    levels = world.levels(case, stage="rule")
    assert [(level.planned, level.told) for level in levels] == [
        ("2026-10-13 18:00", ("Carol",)),
        ("2026-10-15 18:00", ("Carol",)),
    ]
