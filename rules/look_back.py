"""回头看抽查: which closed cases are looked at again, drawn so that anybody can draw them again."""

from fractions import Fraction
from hashlib import sha256


def drawn(number: str, rate: Fraction, *, relapse: bool) -> bool:
    """Whether the case is drawn: every relapse is, of the others the share `rate`.

    The draw is the first eight bytes of SHA-256 over the case number, read as a fraction of
    one: nobody can choose it, and anybody can repeat it.
    """
    if relapse:
        return True
    lot = int.from_bytes(sha256(number.encode()).digest()[:8])
    return Fraction(lot, 2**64) < rate
