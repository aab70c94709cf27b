"""回头看抽查: which closed cases are looked at again and by whom, so that anybody can repeat it.

Every relapse is looked at again. Of the others a share is drawn by systematic sampling: they
are laid in a row, stratum by stratum, and every so many-th is taken from a start that the seed
decides. All fractions are exact.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from math import ceil

from rules.duty import Recipient


@dataclass(frozen=True, slots=True)
class Closed:
    """One closed case that a draw is among. Its stratum is the lead unit and the category."""

    number: str
    unit: str
    category: str
    relapse: bool = False


def draw(cases: Sequence[Closed], rate: Fraction, seed: str) -> list[Closed]:
    """The cases looked at again, by number: every relapse, and of the others the share `rate`.

    The others are ordered by unit, by category, then by SHA-256 of the seed and the number. The
    n-th of them (from 0) is taken when a point start + k / rate lies in [n, n + 1), where start
    is SHA-256 of the seed as a fraction of 1 / rate (Cochran, Sampling Techniques, ch. 8). Each
    stratum, each unit and the whole thus get their share rounded up or down, and each case has
    the same chance. `rate` is a share of one.
    """
    usual = sorted((case for case in cases if not case.relapse), key=lambda c: _place(c, seed))
    start = Fraction(_lot(seed), 2**256)
    before = [ceil(n * rate - start) for n in range(len(usual) + 1)]
    taken = [case for n, case in enumerate(usual) if before[n + 1] > before[n]]
    return sorted([case for case in cases if case.relapse] + taken, key=lambda c: c.number)


def _place(case: Closed, seed: str) -> tuple[str, str, int]:
    return case.unit, case.category, _lot(seed, case.number)


def inspector(
    candidates: Iterable[Recipient],
    verifier: str,
    loads: Mapping[int, int],
    seed: str,
    number: str,
) -> Recipient | None:
    """Who looks back at a case: never whoever verified it; None when there is nobody else.

    Of the others it is the one with the fewest look-backs waiting (`loads`, by person); among
    equals SHA-256 of the seed, the number and the name decides.
    """
    others = [who for who in candidates if who.person != verifier]
    return min(
        others,
        key=lambda who: (loads.get(who.person_id, 0), _lot(seed, number, who.person)),
        default=None,
    )


def _lot(*parts: str) -> int:
    """SHA-256 over the parts, a line each, as a number below 2 ** 256."""
    return int.from_bytes(sha256("\n".join(parts).encode()).digest())
