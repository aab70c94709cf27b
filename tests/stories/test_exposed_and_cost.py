"""曝光与经费: it was on television, and somebody paid for the new cover before the money came."""

import pytest

from models.cost import Cost
from models.words import Trouble
from tests.world import World, refusal


def in_hand(world: World) -> str:
    case = world.at("2026-10-12 10:00").report("解放路12号", "井盖缺失", limit="3天")
    world.sweep()
    world.bob.signs(case)
    return case


def test_exposed_on_television_contact_and_head_hear_where_and_nothing_else_changes(
    world: World,
) -> None:
    case = in_hand(world)
    world.at("2026-10-13 19:30")
    assert world.carol.exposes(case, "市电视台《曝光台》") == "in_progress"
    world.sweep()
    for who in ("bob", "head"):
        assert world.hears(who, "曝光媒体：市电视台《曝光台》", "解放路12号")
    assert not world.hears("leader")
    assert (world.due(case), world.levels(case)) == ("2026-10-15 18:00", [])
    assert world.thread(case).records[-1].words == "曝光：市电视台《曝光台》。"
    with refusal("媒体或栏目"):
        world.carol.exposes(case, " ")
    assert world.proven()


def test_what_is_closed_can_still_be_exposed(sqlite_world: World) -> None:
    world = sqlite_world
    case = in_hand(world)
    world.bob.submits(case)
    world.alice.passes(case)
    assert world.carol.exposes(case, "文明网") == "closed"
    world.sweep()
    assert world.hears("bob", "曝光媒体：文明网")


def test_what_was_advanced_is_settled_in_parts_and_never_beyond(world: World) -> None:
    case = in_hand(world)
    world.bob.advances(case, "1,280.50", "购井盖")
    world.bob.advances(case, "300", "人工")
    with refusal("1,580.51 元", "尚未结算的垫支 1,580.50 元"):
        world.carol.settles(case, "1580.51")
    world.bob.submits(case)
    world.alice.passes(case)

    # The money comes when the case has long been closed.
    assert world.at("2026-12-01 10:00").carol.settles(case, "1280.5") == "closed"
    with refusal("尚未结算的垫支 300.00 元"):
        world.carol.settles(case, "300.01")
    world.carol.settles(case, "300")
    rows = [(row.kind.value, row.fen, row.actor) for row in world.rows(Cost)]
    assert rows == [
        ("advanced", 128050, "Bob"),
        ("advanced", 30000, "Bob"),
        ("settled", 128050, "Carol"),
        ("settled", 30000, "Carol"),
    ]
    assert world.thread(case).records[-1].words == "结算 300.00 元：财政拨付。"
    assert world.proven()


@pytest.mark.parametrize("amount", ["一千二", "0", "-5", "12.345", "NaN", "1e99", ""])
def test_what_is_no_amount_is_refused_with_an_example(sqlite_world: World, amount: str) -> None:
    case = in_hand(sqlite_world)
    with pytest.raises(Trouble) as caught:
        sqlite_world.bob.advances(case, amount)
    assert "1280.50" in caught.value.words.zh
    assert sqlite_world.rows(Cost) == []


def test_money_needs_a_reason_and_nothing_is_settled_that_nobody_advanced(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = in_hand(world)
    with refusal("请写明理由"):
        world.bob.advances(case, "100", " ")
    with refusal("尚未结算的垫支 0.00 元"):
        world.carol.settles(case, "100")
