"""The law of explaining: what the records tell of a case is the case, at every moment."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from duban.explained import document
from duban.letter import case_letter
from duban.letters.course import HAPPENED
from duban.letters.place import MEANS
from ledger import desk, look_back
from models.case import Case, Status
from models.verb import Verb
from rules.history import BLANK, as_of
from rules.lifecycle import TABLE
from tests.ledger.explaining import closed, handed_in, opened, signed
from tests.world import World

Steps = Iterator[str]


def returned(world: World) -> Steps:
    case = opened(world)
    yield case
    world.at("2026-09-24 16:00").bob.sends_back(case)
    yield case
    world.at("2026-09-28 09:00").carol.overrules(case)
    yield case
    world.at("2026-09-28 10:00").bob.sends_back(case)
    world.at("2026-09-28 11:00").carol.upholds(case, "住建局")
    yield case
    world.at("2026-09-29 10:00").carol.transfers(case, "城管局")
    yield case


def settled_in_a_meeting(world: World) -> Steps:
    case = opened(world, unit="")
    yield case
    world.at("2026-09-24 16:00").carol.coordinates(case, "城管局", "住建局")
    yield case
    world.at("2026-09-28 09:00").bob.confirms_part(case, "住建局")
    yield case


def extended_twice(world: World) -> Steps:
    case = signed(world)
    for day in ("2026-09-28", "2026-09-29"):
        world.at(f"{day} 10:00").bob.asks_for_more_time(case)
        yield case
        world.at(f"{day} 11:00").carol.grants(case)
        yield case


def suspended(world: World) -> Steps:
    case = signed(world)
    world.at("2026-09-28 10:00").bob.asks_to_suspend(case, "2026-10-12 08:00")
    world.carol.grants(case)
    yield case
    world.at("2026-10-12 09:00").sweep()
    yield case
    world.at("2026-10-13 18:00").sweep()
    yield case


def suspended_and_cancelled(world: World) -> Steps:
    case = signed(world)
    world.at("2026-09-28 10:00").bob.asks_to_suspend(case, "2026-10-12 08:00")
    world.carol.grants(case)
    world.at("2026-09-29 10:00").carol.cancels(case)
    yield case


def resumed_by_hand(world: World) -> Steps:
    case = signed(world)
    world.at("2026-09-28 10:00").bob.asks_to_suspend(case, "2026-10-12 08:00")
    world.carol.grants(case)
    world.at("2026-09-30 10:00").bob.resumes(case)
    yield case


def reworked_and_withdrawn(world: World) -> Steps:
    case = handed_in(world)
    yield case
    world.at("2026-09-28 11:00").bob.withdraws(case)
    yield case
    world.at("2026-09-29 11:00").bob.submits(case)
    world.at("2026-09-29 15:00").alice.passes_in_part(case, "城管局")
    yield case
    world.at("2026-10-08 15:00").bob.submits(case)
    world.at("2026-10-09 15:00").alice.fails(case)
    yield case
    for at in ("2026-10-12 16:00", "2026-10-12 18:00", "2026-10-13 18:00", "2026-10-20 09:00"):
        world.at(at).sweep()
        yield case


def closed_and_after(world: World) -> Steps:
    case = signed(world)
    world.at("2026-10-09 10:00").bob.submits(case)
    world.at("2026-10-09 11:00").alice.passes(case)
    yield case
    world.carol.publishes(case)
    yield case
    world.bob.appeals(case)
    for actor in (world.carol, world.alice):
        actor.grants(case)
        yield case
    world.at("2026-10-10 10:00").carol.reopens(case)
    yield case


def looked_back_at(world: World) -> Steps:
    first = closed(world)
    case = world.at("2026-10-09 10:00").report("解放路12号", "路面积水", limit="3天")
    assert case != first
    yield case
    world.bob.signs(case)
    world.bob.submits(case)
    world.at("2026-10-10 10:00").alice.passes(case)
    for day, passed in (("2026-10-12", False), ("2026-10-26", True)):
        look_back.draw(world.ledger, world.at(f"{day} 10:00").now)
        yield case
        world.at(f"{day} 11:00").carol.looks_back(case, passed=passed)
        yield case
        if not passed:
            world.bob.submits(case)
            world.at(f"{day} 12:00").alice.passes(case)
            yield case


def reclassified(world: World) -> Steps:
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水")
    yield case
    other = next(c for c in world.thread(case).reference.categories if c.startswith("B0137"))
    world.at("2026-09-24 16:00").carol.reclassifies(case, other)
    yield case


def taken_over_and_merged(world: World) -> Steps:
    case = signed(world)
    world.at("2026-09-28 10:00").bob.assigns(case, section="市政科", person="Bob")
    world.carol.urges(case)
    world.carol.exposes(case)
    world.bob.advances(case, "100")
    yield case
    world.at("2026-09-29 10:00").carol.takes_over(case, "市创城办")
    yield case
    other = opened(world, place="和平路3号")
    world.at("2026-09-29 11:00").carol.merges(case, other)
    yield case
    yield other


def split_up(world: World) -> Steps:
    case = signed(world)
    shares = (desk.Share("路面积水", ("城管局",)), desk.Share("井盖缺失"))
    world.at("2026-09-28 10:00").carol.splits(case, *shares)
    for row in world.rows(Case):
        yield row.number


STORIES: tuple[Callable[[World], Steps], ...] = (
    returned, settled_in_a_meeting, extended_twice, suspended, suspended_and_cancelled,
    resumed_by_hand, reworked_and_withdrawn, closed_and_after, looked_back_at, reclassified,
    taken_over_and_merged, split_up,
)  # fmt: skip


def told(world: World, number: str) -> dict[str, Any]:
    facts = as_of(world.thread(number).records, world.now)
    assert facts is not None
    return facts


def kept(world: World, number: str) -> dict[str, Any]:
    case = world.case(number)
    return {name: getattr(case, name) for name in (*BLANK, "status")}


@pytest.mark.parametrize("story", STORIES)
def test_the_records_of_a_living_case_tell_the_very_facts_of_its_row(
    world: World, story: Callable[[World], Steps]
) -> None:
    for number in story(world):
        assert told(world, number) == kept(world, number)


def test_what_a_case_was_is_still_told_when_it_has_become_something_else(
    sqlite_world: World,
) -> None:
    world, seen = sqlite_world, list[tuple[Any, dict[str, Any]]]()
    for number in reworked_and_withdrawn(world):
        seen.append((world.now, kept(world, number)))
    records = world.thread(number).records
    assert [as_of(records, at) for at, _ in seen] == [facts for _, facts in seen]


@pytest.mark.parametrize("story", STORIES)
def test_every_moment_of_every_story_can_be_explained_in_both_languages(
    sqlite_world: World, story: Callable[[World], Steps]
) -> None:
    world = sqlite_world
    for number in dict.fromkeys(story(world)):
        thread = world.thread(number)
        moments = {record.at for record in thread.records} | {world.now}
        for at in sorted(moments):
            said = document(thread, at, "en", world.now)
            assert said["status"] is not None
            assert "None" not in said["letter"] + case_letter(thread, at, "zh")


def test_every_verb_that_moves_a_case_has_its_sentence_in_the_english_letter() -> None:
    engine = {Verb.REMIND, Verb.ESCALATE}
    assert {row.verb for row in TABLE if row.to} - engine <= HAPPENED.keys()


def test_every_status_is_explained_in_plain_words() -> None:
    assert set(MEANS) == set(Status)
