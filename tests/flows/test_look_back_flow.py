"""The daily draw as a run: what it leaves behind is enough to repeat it."""

from fractions import Fraction

from flows.look_back import look_back
from ledger.look_back import draw
from rules import look_back as rule
from tests.flows.test_flows import last_runs, table_left
from tests.inspecting import closed_cases, load
from tests.world import World, instant

MORNING = instant("2026-09-25 06:30")


def test_the_daily_draw_leaves_its_seed_and_each_case_with_its_inspector(city: World) -> None:
    closed_cases(load(city), 20)
    population = draw(city.ledger, MORNING, dry_run=True).population
    assert look_back(MORNING) == {"drawn": 2, "population": 20}
    rows = table_left("look-back")
    (seed,) = {row["seed"] for row in rows}
    again = rule.draw(population, Fraction(1, 10), seed)
    assert [row["case"] for row in rows] == [case.number for case in again]
    assert all(row["inspector"] and row["due"] for row in rows)
    name = last_runs()[0].name
    assert "2 of 20 drawn" in name
    assert seed in name


def test_a_draw_repeated_draws_nothing_more_and_says_so(city: World) -> None:
    closed_cases(load(city), 20)
    look_back(MORNING)
    assert look_back(MORNING) == {"drawn": 0, "population": 0}
    assert "nothing to draw among" in last_runs()[0].name
