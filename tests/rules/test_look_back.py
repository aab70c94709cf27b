"""What a unit may rely on: nobody chooses whose sites are looked at again, nor who looks."""

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from hashlib import sha256
from math import ceil, floor
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.person import DutyKind
from rules.duty import Recipient
from rules.look_back import Closed, draw, inspector

TENTH = Fraction(1, 10)

rates = st.fractions(Fraction(1, 50), 1, max_denominator=50)
seeds = st.text("abc0", max_size=4)
shapes = st.tuples(st.sampled_from("甲乙丙"), st.sampled_from(["B01", "C02"]), st.booleans())


def numbered(shapes: list[tuple[str, str, bool]]) -> list[Closed]:
    return [Closed(f"2026-{n:06d}", *shape) for n, shape in enumerate(shapes, start=1)]


populations = st.lists(shapes, max_size=60).map(numbered)


def city(count: int) -> list[Closed]:
    """So many closed cases, unevenly over three units and two categories."""
    units, categories = ("城管局", "城管局", "城管局", "住建局", "交警支队"), ("B01", "B01", "C02")
    return numbered([(units[n % 5], categories[n % 3], False) for n in range(count)])


# -- the draw ----------------------------------------------------------------------------------


@given(populations, rates, seeds, st.randoms())
def test_the_same_seed_draws_the_same_whatever_the_order_of_the_list(
    cases: list[Closed], rate: Fraction, seed: str, chance: Random
) -> None:
    shuffled = list(cases)
    chance.shuffle(shuffled)
    assert draw(shuffled, rate, seed) == draw(cases, rate, seed)


@given(populations, rates, seeds)
def test_every_relapse_is_looked_at_again(cases: list[Closed], rate: Fraction, seed: str) -> None:
    assert {c for c in cases if c.relapse} <= set(draw(cases, rate, seed))


@pytest.mark.parametrize(
    "stratum",
    [lambda _: "", lambda c: c.unit, lambda c: (c.unit, c.category)],
    ids=["the city", "each unit", "each unit and category"],
)
@given(populations, rates, seeds)
def test_the_share_is_rounded_up_or_down(
    stratum: Callable[[Closed], object], cases: list[Closed], rate: Fraction, seed: str
) -> None:
    closed = Counter(stratum(c) for c in cases if not c.relapse)
    taken = Counter(stratum(c) for c in draw(cases, rate, seed) if not c.relapse)
    for which, count in closed.items():
        assert floor(count * rate) <= taken[which] <= ceil(count * rate)


@given(populations, rates, seeds)
def test_no_case_is_drawn_twice_or_from_nowhere(
    cases: list[Closed], rate: Fraction, seed: str
) -> None:
    drawn = draw(cases, rate, seed)
    assert len(set(drawn)) == len(drawn)
    assert set(drawn) <= set(cases)
    assert drawn == sorted(drawn, key=lambda c: c.number)


@given(populations, seeds)
def test_at_a_hundred_percent_everything_is_looked_at_again(cases: list[Closed], seed: str) -> None:
    assert draw(cases, Fraction(1), seed) == cases


@given(populations, rates, seeds)
def test_a_relapse_more_or_less_changes_nothing_for_the_others(
    cases: list[Closed], rate: Fraction, seed: str
) -> None:
    others = [c for c in cases if not c.relapse]
    assert [c for c in draw(cases, rate, seed) if not c.relapse] == draw(others, rate, seed)


def test_over_many_draws_every_case_has_the_same_chance() -> None:
    """Pearson's chi-square over 37 cases in 2,000 draws; the seeds are fixed, so it cannot vary."""
    cases, draws = city(37), 2000
    times = Counter(c.number for n in range(draws) for c in draw(cases, TENTH, f"seed {n}"))
    expected = draws / 10
    chi_square = sum((times[c.number] - expected) ** 2 / (expected * 0.9) for c in cases)
    assert chi_square < 68  # 99.9 % of chi-square with 36 degrees of freedom
    assert all(abs(times[c.number] - expected) < 5 * (expected * 0.9) ** 0.5 for c in cases)


def test_another_seed_draws_other_cases() -> None:
    cases = city(200)
    assert len({tuple(draw(cases, TENTH, f"seed {n}")) for n in range(20)}) == 20


def test_a_draw_can_be_repeated_by_hand_from_the_seed() -> None:
    """As somebody without this program would: points every 1 / rate from a start, on the row."""
    cases, rate, seed = city(97), Fraction(3, 20), "2026-09-24 0f"

    def lot(text: str) -> int:
        return int(sha256(text.encode()).hexdigest(), 16)

    row = sorted(cases, key=lambda c: (c.unit, c.category, lot(f"{seed}\n{c.number}")))
    point, taken = Fraction(lot(seed), 2**256) / rate, []
    while point < len(row):
        taken.append(row[int(point)].number)
        point += 1 / rate
    assert [c.number for c in draw(cases, rate, seed)] == sorted(taken)


# -- who looks ---------------------------------------------------------------------------------


def person(number: int, name: str) -> Recipient:
    return Recipient(number, name, 1, "市创城办", DutyKind.INSPECTOR)


A, B, C = person(1, "检查员甲"), person(2, "检查员乙"), person(3, "检查员丙")


def chosen(*candidates: Recipient, verifier: str = "Alice", **more: dict[int, int]) -> str | None:
    found = inspector(candidates, verifier, more.get("loads", {}), "seed", "2026-000001")
    return found.person if found else None


def test_whoever_verified_never_looks_back() -> None:
    assert chosen(A, B, verifier="检查员甲", loads={2: 99}) == "检查员乙"


def test_nobody_looks_back_when_only_the_verifier_is_on_duty() -> None:
    assert chosen(A, verifier="检查员甲") is None
    assert chosen() is None


def test_the_one_with_the_fewest_look_backs_waiting_gets_the_next() -> None:
    assert chosen(A, B, C, loads={1: 2, 2: 1, 3: 2}) == "检查员乙"
    assert chosen(A, B, C, loads={1: 1, 3: 1}) == "检查员乙"


def test_among_equals_it_is_not_always_the_same_one_and_nobody_can_choose() -> None:
    numbers = [f"2026-{n:06d}" for n in range(300)]
    found = Counter(inspector([A, B, C], "Alice", {}, "seed", number) for number in numbers)
    assert all(60 < found[who] < 140 for who in (A, B, C))
    for number in numbers:
        mirrored = inspector([C, B, A], "Alice", {}, "seed", number)
        assert mirrored == inspector([A, B, C], "Alice", {}, "seed", number)


def test_who_looks_can_be_repeated_by_hand_from_the_seed_the_number_and_the_names() -> None:
    def lot(seed: str, number: str, who: Recipient) -> str:
        return sha256(f"{seed}\n{number}\n{who.person}".encode()).hexdigest()

    for n in range(30):
        seed, number = f"2026-09-{n:02d}", f"2026-{n % 7:06d}"
        lowest = min((A, B, C), key=lambda who: lot(seed, number, who))
        assert inspector([A, B, C], "Alice", {}, seed, number) == lowest
