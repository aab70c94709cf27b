"""Bob says it is not his: upheld, refused, and the second time for good."""

from tests.world import Actor, World, refusal


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
    assert world.proven()


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
    assert world.due(case) == "2026-10-15 18:00"
    assert world.proven()


def test_a_ruling_that_does_not_come_is_told_to_the_office_each_time(sqlite_world: World) -> None:
    world = sqlite_world
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


def test_the_ladder_climbs_while_the_office_thinks_and_the_log_keeps_it_when_upheld(
    world: World,
) -> None:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面塌陷", limit="3天")
    world.bob.signs(case)
    world.at("2026-10-15 10:00").bob.sends_back(case, "道路由住建局养护")
    world.at("2026-10-15 18:00").sweep()
    assert world.hears("head", case)
    world.at("2026-10-16 09:00").carol.upholds(case, "住建局")
    world.sweep()
    assert world.hears("bob", "改派")
    assert world.due(case) == "2026-10-21 18:00"

    # The other unit has a ladder of its own, and begins at its foot.
    Actor(world, "住建局联络员").signs(case)
    world.at("2026-10-21 18:00").sweep()
    assert world.hears("builder", case)
    assert not world.hears("bob")
    assert [(level.level, level.planned) for level in world.levels(case)] == [
        (1, "2026-10-15 18:00"),
        (1, "2026-10-21 18:00"),
    ]
    assert world.proven()


def test_the_second_unit_to_send_it_back_gets_the_final_ruling(sqlite_world: World) -> None:
    world = sqlite_world
    builder = Actor(world, "住建局联络员")
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面塌陷", limit="3天")
    world.bob.sends_back(case)
    world.carol.upholds(case, "住建局")
    builder.sends_back(case, "井盖由城管局管护")
    assert "本次裁定为终审" in world.thread(case).records[-1].words
    world.carol.overrules(case, "路面由住建局养护")
    with refusal("终审"):
        builder.sends_back(case)
    world.sweep()
    assert world.hears("builder", "路面由住建局养护")
    assert not world.hears("bob", "驳回退单")


def test_a_return_upheld_at_the_second_time_is_as_final(sqlite_world: World) -> None:
    world = sqlite_world
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面塌陷", limit="3天")
    world.bob.sends_back(case)
    world.carol.overrules(case)
    world.bob.sends_back(case)
    assert world.carol.upholds(case, "住建局") == "dispatched"
    with refusal("终审"):
        Actor(world, "住建局联络员").sends_back(case)


def test_what_failed_verification_is_not_sent_back_but_put_right(sqlite_world: World) -> None:
    world = sqlite_world
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    world.bob.submits(case)
    with refusal("待核查", "不能退单"):
        world.bob.sends_back(case)
    world.at("2026-10-13 09:00").alice.fails(case)
    with refusal("返工", "不能退单"):
        world.bob.sends_back(case)
    # Nor once the rework has been signed for: whoever handed in has taken it on.
    world.bob.signs(case)
    with refusal("返工期间不能退单", "延期或挂账"):
        world.bob.sends_back(case)
    assert world.due(case) == "2026-10-15 18:00"


def test_a_return_and_its_refusal_each_need_a_reason(sqlite_world: World) -> None:
    world = sqlite_world
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    with refusal("请写明理由"):
        world.bob.sends_back(case, " ")
    assert world.status(case) == "dispatched"
    world.bob.sends_back(case)
    with refusal("请写明理由"):
        world.carol.overrules(case, "")
    with refusal("退单待裁定", "不能退单"):
        world.bob.sends_back(case)


def test_what_was_sent_back_before_it_was_signed_is_to_be_signed_after_the_refusal(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="9天")
    world.bob.sends_back(case)
    world.at("2026-10-13 16:00").carol.overrules(case)
    world.sweep()
    # The office took the day: the signing limit begins again with its ruling.
    world.at("2026-10-14 08:00").sweep()
    assert not world.hears("bob", "签收")
    world.at("2026-10-14 18:00").sweep()
    world.at("2026-10-15 08:00").sweep()
    assert world.hears("bob", "仍未签收")
