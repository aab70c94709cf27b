"""拆分: one line of paper, two problems; each becomes a case with a unit and a clock of its own."""

from ledger.desk import Share
from models.case import Case
from tests.world import Actor, World, refusal

WATER, COVER = Share("路面积水", ("城管局",)), Share("路面塌陷", ("住建局",))


def in_hand(world: World) -> str:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水、路面塌陷", limit="3天")
    world.sweep()
    world.bob.signs(case)
    return case


def children(world: World, case: str) -> list[str]:
    mine = world.rows(Case, Case.split_from == world.case(case).id)
    return [row.number for row in mine]


def test_each_part_is_a_case_with_a_fresh_clock_and_the_whole_is_followed_no_more(
    world: World,
) -> None:
    case = in_hand(world)
    world.at("2026-10-14 10:00")
    assert world.carol.splits(case, WATER, COVER) == "split"
    water, cover = children(world, case)
    assert f"拆分为 {water}、{cover}" in world.thread(case).records[-1].words
    assert (world.due(water), world.due(cover)) == ("2026-10-19 18:00", "2026-10-19 18:00")
    world.sweep()
    assert world.hears("bob", water, "路面积水")
    assert world.hears("builder", cover, "路面塌陷")
    assert world.hears("bob", case)
    assert not world.hears("bob", f"编号：{cover}")

    # The limit of the whole passes in silence; of the parts, one is done and one is late.
    world.at("2026-10-15 18:00").sweep()
    assert world.levels(case) == []
    Actor(world, "住建局联络员").signs(cover)
    Actor(world, "住建局联络员").submits(cover)
    world.at("2026-10-19 18:00").sweep()
    assert [level.told for level in world.levels(water)] == [("城管局负责人", "Bob")]
    assert world.levels(cover) == []
    assert world.proven()


def test_a_part_without_a_unit_goes_by_the_routes_or_waits_for_carol(world: World) -> None:
    case = in_hand(world)
    world.carol.splits(case, WATER, Share("井盖破损"), Share("占道经营"))
    _, *rest = children(world, case)
    assert [world.status(number) for number in rest] == ["undecided", "undecided"]
    world.sweep()
    assert world.hears("carol", rest[0])
    assert world.carol.dispatches(rest[0], "住建局") == "dispatched"
    assert world.proven()


def test_each_part_was_found_when_the_whole_was(sqlite_world: World) -> None:
    world = sqlite_world
    case = in_hand(world)
    world.at("2026-10-14 10:00").carol.splits(case, WATER, COVER)
    found = {world.case(number).reported_at for number in children(world, case)}
    assert found == {world.case(case).reported_at}


def test_split_while_it_rests_the_rest_ends_with_it(sqlite_world: World) -> None:
    world = sqlite_world
    case = in_hand(world)
    world.bob.asks_to_suspend(case, "2026-12-01 08:00")
    world.carol.grants(case)
    assert world.at("2026-10-14 10:00").carol.splits(case, WATER, COVER) == "split"
    assert {world.status(number) for number in children(world, case)} == {"dispatched"}
    assert world.at("2026-12-01 08:00").sweep()["resumed"] == 0
    assert world.status(case) == "split"


def test_it_takes_two_and_a_reason_and_happens_once(sqlite_world: World) -> None:
    world = sqlite_world
    case = in_hand(world)
    with refusal("两个以上的问题"):
        world.carol.splits(case, WATER)
    with refusal("两个以上的问题"):
        world.carol.splits(case, WATER, Share(" "))
    with refusal("请写明理由"):
        world.carol.splits(case, WATER, COVER, why="")
    assert children(world, case) == []
    world.carol.splits(case, WATER, COVER)
    with refusal("已拆分"):
        world.carol.splits(case, WATER, COVER)
    with refusal("已拆分"):
        world.bob.submits(case)
    assert len(children(world, case)) == 2


def test_the_parts_have_the_limit_of_the_paper_and_the_whole_was_not_verified(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水、路面塌陷", limit="5天")
    world.sweep()
    world.at("2026-10-13 10:00").carol.splits(case, WATER, COVER)
    assert {world.due(number) for number in children(world, case)} == {"2026-10-20 18:00"}
    world.sweep()
    assert world.reads("bob", case, "拆分")
    assert not world.hears("bob", "核查通过")
