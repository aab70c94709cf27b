"""延期: one original limit more, asked for in time, twice at most, and not by one's own word."""

from models.request import Request
from tests.enacting import enact
from tests.world import Actor, World, refusal

TWO_REVIEWERS = "requests: {reviewers: {extension: 2}}"


def in_hand(world: World, limit: str = "3天") -> str:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit=limit)
    world.sweep()
    world.bob.signs(case)
    return case


def states(world: World) -> list[str]:
    return [row.state.value for row in world.rows(Request)]


def test_granted_it_is_one_limit_more_with_reminders_of_its_own(world: World) -> None:
    case = in_hand(world)
    world.at("2026-10-14 09:00").sweep()
    assert world.hears("bob", "50%")
    world.at("2026-10-15 09:00").bob.asks_for_more_time(case, "水泵配件未到")
    world.sweep()
    assert world.hears("carol", case, "水泵配件未到")
    assert world.due(case) == "2026-10-15 18:00"

    assert world.at("2026-10-15 14:00").carol.grants(case) == "in_progress"
    assert world.due(case) == "2026-10-20 18:00"
    world.sweep()
    assert world.hears("bob", "准予延期", "10月20日")

    # Nothing comes of the old limit; at two hours before the new one Bob is reminded again.
    world.at("2026-10-15 18:00").sweep()
    assert world.levels(case) == []
    world.at("2026-10-20 16:00").sweep()
    assert world.hears("bob", case)
    world.at("2026-10-20 17:59").bob.submits(case)
    assert world.case(case).late is False
    assert world.proven()


def test_nothing_changes_until_it_is_granted_nor_when_it_is_refused(sqlite_world: World) -> None:
    world = sqlite_world
    case = in_hand(world)
    world.at("2026-10-15 09:00").bob.asks_for_more_time(case)
    world.at("2026-10-15 18:00").sweep()
    assert [level.level for level in world.levels(case)] == [1]

    with refusal("请写明理由"):
        world.carol.turns_down(case, "")
    world.at("2026-10-15 18:30").carol.turns_down(case, "配件市内有售")
    world.sweep()
    assert world.hears("bob", "不同意延期", "配件市内有售")
    assert (world.due(case), world.case(case).extensions) == ("2026-10-15 18:00", 0)
    world.at("2026-10-16 18:00").sweep()
    assert [level.level for level in world.levels(case)] == [1, 2]
    assert world.proven()


def test_asked_in_time_and_granted_late_it_counts_and_the_level_told_stays_in_the_log(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = in_hand(world)
    world.at("2026-10-15 17:00").bob.asks_for_more_time(case)
    world.at("2026-10-15 18:00").sweep()
    world.at("2026-10-16 09:00").carol.grants(case)
    assert world.due(case) == "2026-10-20 18:00"
    world.at("2026-10-16 18:00").sweep()
    assert [level.level for level in world.levels(case)] == [1]

    # The extension is a clock of its own: late again, the ladder is climbed from its foot.
    world.at("2026-10-20 18:00").sweep()
    assert [(level.level, level.planned) for level in world.levels(case)] == [
        (1, "2026-10-15 18:00"),
        (1, "2026-10-20 18:00"),
    ]
    world.at("2026-10-20 18:01").bob.submits(case)
    assert world.case(case).late is True


def test_once_the_limit_is_used_up_no_more_can_be_asked_for(sqlite_world: World) -> None:
    world = sqlite_world
    case = in_hand(world)
    world.at("2026-10-15 18:00")
    with refusal("时限已到", "请先反馈整改情况"):
        world.bob.asks_for_more_time(case)
    assert states(world) == []


def test_a_third_is_refused_and_one_turned_down_is_not_counted(sqlite_world: World) -> None:
    world = sqlite_world
    case = in_hand(world)
    world.bob.asks_for_more_time(case)
    world.carol.turns_down(case)
    for due in ("2026-10-20 18:00", "2026-10-23 18:00"):
        world.bob.asks_for_more_time(case)
        world.carol.grants(case)
        assert world.due(case) == due
    with refusal("延期最多 2 次", "本案已用 2 次"):
        world.bob.asks_for_more_time(case)
    assert states(world) == ["refused", "granted", "granted"]
    assert world.proven()


def test_handed_in_before_anybody_answered_the_request_lapses(world: World) -> None:
    case = in_hand(world)
    world.at("2026-10-15 09:00").bob.asks_for_more_time(case)
    world.at("2026-10-15 17:00").bob.submits(case)
    assert states(world) == ["lapsed"]
    with refusal("没有待审的申请"):
        world.carol.grants(case)
    assert world.due(case) == "2026-10-15 18:00"

    # It fails: the rework limit is extended by one rework limit, and lapsing cost nothing.
    world.at("2026-10-16 09:00").alice.fails(case)
    assert world.due(case) == "2026-10-20 18:00"
    world.bob.asks_for_more_time(case)
    world.carol.grants(case)
    assert (world.due(case), world.case(case).extensions) == ("2026-10-22 18:00", 1)


def test_nobody_decides_what_he_asked_for_himself(sqlite_world: World) -> None:
    world = sqlite_world
    case = in_hand(world)
    world.bob.asks_for_more_time(case)
    with refusal("申请人不能审核自己的申请", "督办员"):
        world.bob.grants(case)
    with refusal("申请人不能审核自己的申请"):
        world.bob.turns_down(case)
    assert states(world) == ["open"]


def test_where_the_policy_wants_two_the_second_yes_decides(world: World) -> None:
    enact(world, TWO_REVIEWERS)
    deputy = Actor(world, "创城办副主任")
    case = in_hand(world)
    world.bob.asks_for_more_time(case)
    assert "须 2 人审核同意" in world.thread(case).records[-1].words

    world.at("2026-10-13 10:00").carol.grants(case)
    assert (states(world), world.due(case)) == (["open"], "2026-10-15 18:00")
    world.sweep()
    assert not world.hears("bob", "准予延期")
    with refusal("须由另一人审核"):
        world.carol.grants(case)
    with refusal("申请人不能审核自己的申请"):
        world.bob.grants(case)

    world.at("2026-10-13 15:00")
    deputy.grants(case)
    assert (states(world), world.due(case)) == (["granted"], "2026-10-20 18:00")
    world.sweep()
    assert world.hears("bob", "准予延期")
    assert world.proven()


def test_where_the_policy_wants_two_one_no_is_enough(sqlite_world: World) -> None:
    world = enact(sqlite_world, TWO_REVIEWERS)
    case = in_hand(world)
    world.bob.asks_for_more_time(case)
    world.carol.grants(case)
    Actor(world, "创城办副主任").turns_down(case, "已延误多日")
    assert (states(world), world.due(case)) == (["refused"], "2026-10-15 18:00")
