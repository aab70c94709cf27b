"""搁置: when a case that could not be judged is tried again, and when somebody must be told."""

from datetime import timedelta

WAITS = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
LONGEST = timedelta(hours=6)
ALARM = 3
"""After so many tries it will not mend itself: the supervisor and whoever runs Duban are told."""


def wait(tries: int) -> timedelta:
    """How long to leave it alone after so many tries in vain."""
    return WAITS[tries - 1] if tries <= len(WAITS) else LONGEST
