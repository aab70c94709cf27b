"""What a unit may rely on: nobody chooses whose sites are looked at again."""

from fractions import Fraction
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from rules.look_back import drawn

NUMBERS = [f"2026-{n:06d}" for n in range(1, 4001)]
numbers = st.integers(0, 10**9).map(lambda n: f"2026-{n:06d}")
rates = st.fractions(0, 1)


def test_every_relapse_is_looked_at_again_whatever_the_rate() -> None:
    assert all(drawn(number, Fraction(1, 10**9), relapse=True) for number in NUMBERS[:100])


def test_about_one_case_in_ten_is_drawn_at_ten_percent() -> None:
    taken = sum(drawn(number, Fraction(1, 10), relapse=False) for number in NUMBERS)
    assert 340 <= taken <= 460  # 400 expected; three standard deviations are 57


def test_at_a_hundred_percent_every_case_is_drawn() -> None:
    assert all(drawn(number, Fraction(1), relapse=False) for number in NUMBERS)


def test_the_draw_can_be_repeated_from_the_number_alone() -> None:
    for number in NUMBERS[:200]:
        lot = int(sha256(number.encode()).hexdigest()[:16], 16)
        assert drawn(number, Fraction(1, 10), relapse=False) == (lot * 10 < 2**64)


@given(numbers, rates, rates)
def test_a_higher_rate_only_adds_cases(number: str, one: Fraction, other: Fraction) -> None:
    low, high = sorted((one, other))
    if drawn(number, low, relapse=False):
        assert drawn(number, high, relapse=False)
