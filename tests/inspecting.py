"""Inspectors for the small city of `tests.world`, cases that were closed, and looking back."""

from ledger import desk, loading
from ledger.look_back import Drawn, draw
from models.finding import Draft
from models.look_back import LookBack
from rules.policy import Source
from tests.world import Actor, World, moved

PEOPLE = """
city: {name: 澄岚市}
people:
  - {code: one, name: 检查员甲, channels: ["folder://one"],
     duties: [{unit: office, duty: inspector}]}
  - {code: two, name: 检查员乙, channels: ["folder://two"],
     duties: [{unit: office, duty: inspector}]}
"""


def load(world: World, text: str = PEOPLE) -> World:
    """Add people to the city: two inspectors, or whoever the text names."""
    with world.ledger.transaction() as connection:
        loading.load_city(connection, loading.parse_city(text, "检查员.yaml"))
    return world


def rate(world: World, percent: str) -> World:
    """Put a policy in force that is as the shipped one, but draws this share."""
    text = f"extends: chuangcheng\npolicy: rate\ntitle: 试行\nlook_back: {{rate: {percent}}}\n"
    with world.ledger.transaction() as connection:
        loading.load_policy(connection, Source("rate.yaml", text), world.now)
    return world


def close(world: World, *numbers: str, verifier: str = "Alice") -> None:
    """Bob signs for the cases and puts them right; somebody verifies on site and closes them."""
    for number in numbers:
        if world.status(number) == "dispatched":
            world.bob.signs(number)
        world.bob.submits(number)
        moved(desk.verify(world.ledger, number, world.now, verifier, passed=True))


def closed_cases(world: World, count: int, unit: str = "城管局") -> list[str]:
    """So many cases at places of their own, dispatched and closed at the instant of the clock."""
    drafts = [Draft("", f"{unit}路{n}号", "路面积水", units=(unit,)) for n in range(1, count + 1)]
    numbers = [answer.case for answer in world.hand_in(*drafts) if answer.case]
    close(world, *numbers)
    return numbers


def draws(world: World, seed: str | None = None) -> Drawn:
    """The draw of the day, at the instant of the clock."""
    return draw(world.ledger, world.now, seed)


def looks_back(world: World, name: str, number: str, fault: str = "") -> str:
    """Somebody looks back at the instant of the clock; `fault` is what is back, if anything."""
    return Actor(world, name).looks_back(number, passed=not fault, why=fault)


def inspectors(world: World, number: str) -> list[int | None]:
    """To whom the look-backs of a case were given, in order, by person."""
    rows = world.rows(LookBack, LookBack.case_id == world.case(number).id)
    return [row.inspector_id for row in rows]
