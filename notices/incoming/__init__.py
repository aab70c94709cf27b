"""来信: mail that comes in, read as what a stranger wrote, and told apart by what it is."""

from notices.incoming.kinds import Verdict, judge
from notices.incoming.reading import MOST_BYTES, Attached, Came, read

__all__ = ["MOST_BYTES", "Attached", "Came", "Verdict", "judge", "read"]
