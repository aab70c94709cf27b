"""内部分派: inside the unit it lies with a section and a person, who is told with the contact."""

import pytest

from ledger import loading
from ledger.people import record_absence
from models.words import Trouble
from tests.world import Actor, World, instant, refusal

SECTION = """
city: {name: 澄岚市}
people:
  - {code: drains, name: 排水科经办员, channels: ["folder://drains"],
     duties: [{unit: csgl, duty: handler}]}
  - {code: mate, name: 排水科副科长, channels: ["folder://mate"],
     duties: [{unit: csgl, duty: handler}]}
  - {code: second, name: 城管局副局长, channels: ["folder://second"],
     duties: [{unit: csgl, duty: handler}]}
"""
INSIDE = {"section": "排水科", "person": "排水科经办员", "leader": "城管局副局长"}


def in_hand(world: World) -> str:
    with world.ledger.transaction() as connection:
        loading.load_city(connection, loading.parse_city(SECTION, "排水科.yaml"))
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.sweep()
    world.bob.signs(case)
    return case


def test_whom_it_was_given_to_is_told_at_once_and_from_then_on_with_the_contact(
    world: World,
) -> None:
    case = in_hand(world)
    world.at("2026-10-12 16:00")
    assert world.bob.assigns(case, **INSIDE) == "in_progress"
    words = world.thread(case).records[-1].words
    assert words == "市城市管理局内部分派：科室排水科，经办人排水科经办员，分管领导城管局副局长。"
    world.sweep()
    assert world.hears("drains", "由您经办或分管", case)
    assert world.hears("second", "由您经办或分管", case)
    assert not world.hears("bob")

    world.at("2026-10-14 09:00").sweep()
    assert world.hears("drains", case)
    assert world.hears("bob", case)
    world.at("2026-10-15 18:00").sweep()
    world.at("2026-10-16 18:00").sweep()
    assert [level.told for level in world.levels(case)] == [
        ("城管局负责人", "排水科经办员", "Bob"),
        ("城管局副局长", "城管局负责人"),
    ]
    assert not world.hears("leader")
    assert world.proven()


def test_on_leave_the_substitute_hears_it_in_the_persons_place(world: World) -> None:
    case = in_hand(world)
    world.bob.assigns(case, person="排水科经办员")
    world.sweep()
    record_absence(
        world.ledger, "排水科经办员", instant("2026-10-14 08:00"), instant("2026-10-15 08:00"),
        "排水科副科长",
    )  # fmt: skip
    world.at("2026-10-14 09:00").sweep()
    assert world.hears("mate", case)
    assert world.hears("bob", case)
    assert not world.hears("drains")

    world.at("2026-10-15 10:00").sweep()
    assert world.hears("drains", case)
    assert not world.hears("mate")
    assert world.proven()


def test_given_to_another_inside_the_section_stays_and_only_the_new_one_is_told(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = in_hand(world)
    world.bob.assigns(case, **INSIDE)
    world.sweep()
    world.at("2026-10-13 09:00").bob.assigns(case, person="排水科副科长")
    world.sweep()
    assert world.hears("mate", case)
    assert not world.hears("drains")
    assert not world.hears("second")
    [part] = world.thread(case).parts
    assert part.section == "排水科"
    world.at("2026-10-14 09:00").sweep()
    assert not world.hears("drains")


def test_it_goes_to_people_of_the_unit_and_to_units_of_the_case(sqlite_world: World) -> None:
    world = sqlite_world
    case = in_hand(world)
    with refusal("科室、经办人或分管领导"):
        world.bob.assigns(case)
    for wrong, said in (({"person": "Mallory"}, "Mallory"), ({"unit": "住建局"}, "没有承办本案")):
        with pytest.raises(Trouble) as caught:
            world.bob.assigns(case, **{"section": "排水科", **wrong})
        assert said in caught.value.words.zh
    [part] = world.thread(case).parts
    assert (part.section, part.handler_id) == ("", None)


def test_passed_on_to_another_unit_the_section_has_nothing_to_do_with_it_any_more(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = in_hand(world)
    world.bob.assigns(case, **INSIDE)
    world.carol.transfers(case, "住建局")
    world.half_an_hour_on().sweep()
    world.at("2026-10-14 09:00").sweep()
    assert world.hears("builder", case)
    assert not world.hears("drains")
    assert not world.hears("bob")


def test_urged_by_hand_person_contact_and_head_hear_it_and_once_a_day_is_enough(
    world: World,
) -> None:
    case = in_hand(world)
    world.bob.assigns(case, person="排水科经办员")
    world.sweep()
    world.at("2026-10-13 09:00").carol.urges(case, "市长热线再次来电")
    world.sweep()
    for who in ("drains", "bob", "head"):
        assert world.hears(who, "督办员催办", "市长热线再次来电")
    assert not world.hears("leader")
    assert "告知市城市管理局经办人排水科经办员" in world.thread(case).records[-1].words

    with refusal("今天已人工催办过一次", "提级办理"):
        world.at("2026-10-13 23:59").carol.urges(case)
    with refusal("请写明理由"):
        world.at("2026-10-14 00:00").carol.urges(case, " ")
    assert Actor(world, "创城办副主任").urges(case) == "in_progress"
    assert world.due(case) == "2026-10-15 18:00"
    assert world.proven()


def test_what_waits_for_verification_is_urged_with_the_office_not_with_the_unit(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = in_hand(world)
    world.bob.submits(case)
    world.sweep()
    world.at("2026-10-13 09:00").carol.urges(case)
    world.sweep()
    assert world.hears("carol", "督办员催办", "仍未核查")
    assert not world.hears("bob")
