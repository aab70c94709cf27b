"""Dispatched the afternoon before Mid-Autumn, and nobody acts: the ladder over National Day."""

from tests.world import Level, World

STATIONS = (
    "2026-09-25 09:00", "2026-09-28 18:00", "2026-09-29 10:30", "2026-09-30 10:36",
    "2026-09-30 16:00", "2026-09-30 18:00", "2026-10-05 09:00", "2026-10-08 18:00",
    "2026-10-10 18:00", "2026-10-13 18:00", "2026-10-20 18:00", "2026-11-20 18:00",
)  # fmt: skip


def test_levels_climb_over_the_holiday_and_count_the_make_up_saturday(world: World) -> None:
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit="3天")
    assert world.due(case) == "2026-09-30 18:00"
    for station in STATIONS:
        world.at(station).sweep()
    done, head, leader = "carried_out", "城管局负责人", "城管局分管领导"
    assert world.levels(case) == [
        Level(1, "2026-09-30 18:00", "2026-09-30 18:00", done, (head, "Bob")),
        Level(2, "2026-10-08 18:00", "2026-10-08 18:00", done, (leader, head)),
        Level(3, "2026-10-10 18:00", "2026-10-10 18:00", done, ("Carol", leader)),
        Level(4, "2026-10-13 18:00", "2026-10-13 18:00", done, ("Carol", leader, head)),
        Level(5, "2026-10-20 18:00", "2026-10-20 18:00", done, ("纪检监察员", "Carol")),
    ]
    assert world.proven()


def test_one_minute_before_a_level_nothing_has_happened(world: World) -> None:
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    world.at("2026-09-30 17:59").sweep()
    assert world.levels(case) == []
    assert world.at("2026-09-30 18:00").sweep()["escalated"] == 1
    assert world.at("2026-09-30 18:00").sweep()["escalated"] == 0


def test_nobody_is_told_anything_while_the_offices_are_closed(world: World) -> None:
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    before = len(world.at("2026-09-30 18:00").sweep() and world.told())
    for day in range(1, 8):
        world.at(f"2026-10-0{day} 10:00").sweep()
    assert len(world.told()) == before


def test_each_message_says_what_where_and_by_when_and_arrives_once(world: World) -> None:
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit="3天")
    for station in STATIONS:
        world.at(station).sweep()
        world.sweep()
    told = world.told("bob")
    assert len(told) == len({message.body for message in told})
    for message in told:
        assert "解放路12号" in message.body
        assert "路面积水" in message.body
        assert case in message.body
    assert "9月30日" in told[0].body
    assert world.told("mallory") == []
