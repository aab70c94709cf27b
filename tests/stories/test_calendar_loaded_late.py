"""December: the State Council has not yet published next year's holidays, and then it has."""

from ledger import loading
from ledger.recompute import load_and_recompute
from tests.world import World, clock

NEXT_YEAR = """date,workday,name,source
2027-01-01,0,元旦,test
2027-01-02,0,元旦,test
2027-01-03,0,元旦,test
2027-01-09,1,元旦调休,test
"""


def the_calendar_arrives(world: World) -> list[str]:
    """The administrator loads the table of 2027; gives the cases it touched."""
    touched = load_and_recompute(
        world.ledger,
        lambda connection: loading.load_calendar(connection, NEXT_YEAR),
        world.now,
        "装载日历 2027",
    )[1]
    return [one.case for one in touched]


def test_the_calendar_of_the_new_year_comes_late_and_the_unit_is_told_its_new_date(
    world: World,
) -> None:
    frozen = world.at("2026-12-30 10:00").report("解放路12号", "路面结冰", limit="3天")
    drain = world.report("解放路14号", "下水口堵塞", limit="1天")
    world.bob.signs(frozen)
    world.bob.signs(drain)
    world.sweep()
    # Bob reads that the date is not yet sure: by its weekdays, New Year's Day would be worked.
    assert world.due(frozen) == "2027-01-04 18:00"
    assert any("暂定" in told.body for told in world.told("bob"))

    # On New Year's Eve the notice is out.
    assert the_calendar_arrives(world.at("2026-12-31 09:00")) == [frozen]
    assert (world.due(frozen), world.case(frozen).provisional) == ("2027-01-05 18:00", False)
    assert world.thread(frozen).records[-1].words == (
        "重算时限（装载日历 2027）：整改到期由 2027-01-04 18:00 改为 2027-01-05 18:00，"
        "暂定期限转为确定。"
    )
    world.sweep()
    assert world.hears("bob", "解放路12号", "装载日历 2027")
    assert not world.reads("bob", "解放路14号", "装载日历 2027")

    # The fourth passes quietly; the fifth is the day.
    world.at("2027-01-04 18:00").sweep()
    assert world.levels(frozen) == []
    world.at("2027-01-05 18:00").sweep()
    assert [level.planned for level in world.levels(frozen)] == ["2027-01-05 18:00"]
    assert world.proven()


def test_a_ladder_that_began_before_the_calendar_came_climbs_on_by_it(world: World) -> None:
    case = world.at("2026-12-28 10:00").report("解放路12号", "路面结冰", limit="3天")
    world.bob.signs(case)
    world.at("2026-12-31 18:00").sweep()
    assert [level.level for level in world.levels(case)] == [1]
    # By the weekdays alone its leader would hear of it on New Year's Day.
    assert clock(world.case(case).next_look_at) == "2027-01-01 18:00"
    assert the_calendar_arrives(world) == [case]
    world.at("2027-01-01 18:00").sweep()
    assert [level.level for level in world.levels(case)] == [1]
    world.at("2027-01-04 18:00").sweep()
    assert [level.planned for level in world.levels(case)] == [
        "2026-12-31 18:00",
        "2027-01-04 18:00",
    ]


def test_the_same_calendar_loaded_once_more_touches_nobody(world: World) -> None:
    world.at("2026-12-30 10:00").report("解放路12号", "路面结冰", limit="3天")
    assert len(the_calendar_arrives(world)) == 1
    assert the_calendar_arrives(world) == []
