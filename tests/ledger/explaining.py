"""Cases that have come so far, and their explanations, as tests ask for them."""

from types import SimpleNamespace
from typing import Any

from duban.explained import document
from tests.world import World, instant


def opened(
    world: World, limit: str = "3天", unit: str = "城管局", place: str = "解放路12号"
) -> str:
    return world.at("2026-09-24 15:00").report(place, "路面积水", unit=unit, limit=limit)


def signed(world: World, limit: str = "3天", unit: str = "城管局") -> str:
    case = opened(world, limit, unit)
    world.bob.signs(case)
    return case


def handed_in(world: World) -> str:
    case = signed(world)
    world.at("2026-09-28 10:00").bob.submits(case)
    return case


def closed(world: World) -> str:
    case = handed_in(world)
    world.at("2026-09-28 16:00").alice.passes(case)
    return case


def explained(world: World, number: str, at: str, lang: str = "zh") -> Any:
    """The explanation of a moment that has come."""
    now = max(world.now, instant(at))
    return SimpleNamespace(**document(world.thread(number), instant(at), lang, now))


def foretold(world: World, number: str, at: str) -> Any:
    """The explanation of a moment, asked for when the world's clock shows now."""
    return SimpleNamespace(**document(world.thread(number), instant(at), "zh", world.now))
