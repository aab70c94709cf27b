"""提级办理: the unit does not get it done; the one above it takes the lead, and it assists."""

import pytest

from ledger import loading
from models.words import Trouble
from tests.world import Actor, World, refusal

YARD = """
city: {name: 澄岚市}
units:
  - {code: yard, name: 市政养护所, kind: department, parent: csgl, area: city}
people:
  - {code: yard, name: 养护所联络员, channels: ["folder://yard"],
     duties: [{unit: yard, duty: contact}]}
"""


def at_the_yard(world: World) -> str:
    """A case of the maintenance yard, which answers to 城管局, which answers to the office."""
    with world.ledger.transaction() as connection:
        loading.load_city(connection, loading.parse_city(YARD, "养护所.yaml"))
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面塌陷", "市政养护所", limit="3天")
    world.sweep()
    Actor(world, "养护所联络员").signs(case)
    return case


def roles(world: World, case: str) -> dict[str, str]:
    return {p.name: p.role.value for p in world.thread(case).parts if p.ended_at is None}


def test_the_unit_above_leads_one_level_higher_at_once_and_the_one_below_assists(
    world: World,
) -> None:
    case = at_the_yard(world)
    world.at("2026-10-14 10:00")
    assert world.carol.takes_over(case, "城管局", "养护所力量不足") == "in_progress"
    assert roles(world, case) == {"市政养护所": "assisting", "市城市管理局": "lead"}
    assert world.due(case) == "2026-10-15 18:00"

    # The first level comes now, a day and a half before the case is due.
    world.sweep()
    assert world.hears("bob", "由贵单位牵头", "时限不变")
    assert world.hears("yard", "改为协同单位", "养护所力量不足")
    [first] = world.levels(case)
    assert (first.level, first.planned) == (1, "2026-10-14 10:00")
    assert first.told == ("城管局负责人", "Bob", "养护所联络员")

    # Due, it is the second level; the yard owes its part still.
    world.at("2026-10-15 18:00").sweep()
    assert world.levels(case)[1].level == 2
    assert world.levels(case)[1].told == ("城管局分管领导", "城管局负责人")
    Actor(world, "养护所联络员").confirms_part(case, "市政养护所")
    world.at("2026-10-16 09:00").bob.submits(case)
    assert "尚未报告完成" not in world.thread(case).records[-1].words
    assert world.proven()


def test_taken_over_twice_the_office_leads_two_levels_higher(world: World) -> None:
    case = at_the_yard(world)
    world.at("2026-10-13 10:00").carol.takes_over(case, "城管局")
    world.sweep()
    world.at("2026-10-14 10:00").carol.takes_over(case, "市创城办")
    world.sweep()
    assert roles(world, case) == {
        "市政养护所": "assisting",
        "市城市管理局": "assisting",
        "市创城办": "lead",
    }
    # The office has neither head nor leader for the second level: Carol hears the third.
    assert [(level.level, level.at, level.outcome) for level in world.levels(case)] == [
        (1, "2026-10-13 10:00", "carried_out"),
        (2, "2026-10-14 10:00", "nobody on duty"),
        (3, "2026-10-14 10:00", "carried_out"),
    ]
    assert world.hears("carol", case)
    assert world.hears("bob", "改为协同单位")
    assert world.due(case) == "2026-10-15 18:00"
    assert world.proven()


def test_a_unit_that_assisted_already_and_stands_above_leads_and_is_no_part_of_its_own(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    at_the_yard(world)
    case = world.at("2026-10-12 11:00").report(
        "人民路5号", "路面塌陷", "市政养护所、城管局", limit="3天"
    )
    world.carol.takes_over(case, "城管局")
    assert roles(world, case) == {"市政养护所": "assisting", "市城市管理局": "lead"}
    assert len(world.thread(case).parts) == 2


def test_who_does_not_stand_above_cannot_take_over_and_is_told_who_does(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = at_the_yard(world)
    for unit in ("住建局", "市政养护所", "火星局"):
        with pytest.raises(Trouble) as caught:
            world.carol.takes_over(case, unit)
        assert "不是市政养护所的上级" in caught.value.words.zh
        assert "上级单位：市城市管理局、市创城办" in caught.value.words.zh
    with refusal("请写明理由"):
        world.carol.takes_over(case, "城管局", "")
    assert roles(world, case) == {"市政养护所": "lead"}
    assert world.levels(case) == []
