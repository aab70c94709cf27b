"""A week each: who has the duty changes on Monday morning, and so does who is told."""

from ledger import loading
from ledger.people import record_absence
from tests.world import World, instant

PEOPLE = """
city: {name: 澄岚市}
people:
  - {code: bob, name: Bob, channels: ["folder://bob"], duties: [{unit: csgl, duty: contact}]}
  - {code: night, name: 城管局值班员, channels: ["folder://night"],
     duties: [{unit: csgl, duty: contact}]}
"""
ROTA = "rotas: [{unit: csgl, duty: contact, first_monday: 2026-10-12, people: [bob, night]}]\n"


def load(world: World, text: str) -> None:
    with world.ledger.transaction() as connection:
        loading.load_city(connection, loading.parse_city(text, "值班.yaml"))


def at_the_desk(world: World) -> list[str]:
    """Which of the two hears something at this minute."""
    return [who for who in ("bob", "night") if world.hears(who)]


def test_the_reminder_of_friday_goes_to_one_and_that_of_monday_to_the_other(
    world: World,
) -> None:
    load(world, PEOPLE + ROTA)
    case = world.at("2026-10-14 15:00").report("解放路12号", "路面积水", limit="3天")
    assert world.due(case) == "2026-10-19 18:00"
    world.sweep()
    assert at_the_desk(world) == ["bob"]
    world.bob.signs(case)

    world.at("2026-10-16 10:30").sweep()
    assert at_the_desk(world) == ["bob"]
    world.at("2026-10-19 10:36").sweep()
    assert at_the_desk(world) == ["night"]
    world.at("2026-10-19 18:00").sweep()
    assert [level.told for level in world.levels(case)] == [("城管局负责人", "城管局值班员")]
    assert world.proven()


def test_a_rota_made_after_the_dispatch_counts_for_the_next_reminder(world: World) -> None:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.sweep()
    assert at_the_desk(world) == ["bob"]
    world.bob.signs(case)
    load(world, PEOPLE + ROTA.replace("2026-10-12", "2026-10-05"))
    world.at("2026-10-14 09:00").sweep()
    assert at_the_desk(world) == ["night"]


def test_the_other_stands_in_for_whoever_is_away_in_the_week(world: World) -> None:
    load(world, PEOPLE + ROTA)
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.sweep()
    world.bob.signs(case)
    record_absence(world.ledger, "Bob", instant("2026-10-13 08:00"), instant("2026-10-15 08:00"))
    world.at("2026-10-14 09:00").sweep()
    assert at_the_desk(world) == ["night"]
    world.at("2026-10-15 16:00").sweep()
    assert at_the_desk(world) == ["bob"]


def test_without_a_rota_two_contacts_share_the_duty_and_both_are_told(world: World) -> None:
    load(world, PEOPLE)
    case = world.at("2026-10-14 15:00").report("解放路12号", "路面积水", limit="3天")
    for at in ("2026-10-14 15:00", "2026-10-16 10:30"):
        world.at(at).sweep()
        assert at_the_desk(world) == ["bob", "night"]
    assert [told.subject for told in world.told("bob")] == [t.subject for t in world.told("night")]
    assert all(case in told.body for told in world.told("night"))
