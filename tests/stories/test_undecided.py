"""Nobody's yet: a finding no rule can give to a unit, until Carol does."""

from tests.world import World, refusal


def test_it_waits_with_its_reason_and_is_dispatched_by_hand(world: World) -> None:
    case = world.at("2026-10-12 10:00").report(
        "和平路8号", "占道经营", unit="", coordinate=True, limit="2天"
    )
    assert (world.status(case), world.due(case)) == ("undecided", None)
    world.sweep()
    assert [told.who for told in world.told()] == ["carol"]
    assert "请求协调定责" in world.told("carol")[0].body

    # Dispatch is due the same day; the office is told that it did not happen.
    world.at("2026-10-12 18:00").sweep()
    assert [level.told for level in world.levels(case, stage="dispatch")] == [("Carol",)]

    with refusal("待定责"):
        world.bob.signs(case)
    assert world.at("2026-10-13 09:00").carol.dispatches(case, "城管局", "住建局") == "dispatched"
    row = world.case(case)
    assert (row.limit.replace(" ", ""), row.limit_source.value) == ("2工作日", "paper")
    assert world.due(case) == "2026-10-15 18:00"
    world.sweep()
    assert len(world.told("bob")) == len(world.told("builder")) == 1
    assert "牵头" in world.told("bob")[0].body
    assert "协同" in world.told("builder")[0].body
    assert world.proven()


def test_a_supervisor_may_set_the_limit_when_dispatching(world: World) -> None:
    case = world.at("2026-10-12 10:00").report("和平路8号", "占道经营", unit="火星局", limit="2天")
    world.carol.dispatches(case, "城管局", limit="7 自然日")
    row = world.case(case)
    assert (row.limit_source.value, world.due(case)) == ("person", "2026-10-20 00:00")


def test_two_fitting_routes_are_a_question_for_carol(world: World) -> None:
    case = world.report("和平路8号", "井盖破损", unit="", category="B0123-2")
    assert world.status(case) == "undecided"
    assert "covers-1、covers-2" in world.thread(case).records[-1].words
    assert world.carol.dispatches(case, "住建局") == "dispatched"
