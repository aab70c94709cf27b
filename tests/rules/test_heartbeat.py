"""心跳: which rounds stay away, and since when what is due was not looked at."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from rules.heartbeat import delayed_since, followed_up, kind, shares, stale

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Said:
    """A heartbeat, `ago` minutes old."""

    name: str
    ago: float | None
    failures: int = 0

    @property
    def at(self) -> datetime | None:
        return None if self.ago is None else NOW - timedelta(minutes=self.ago)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def test_shares_are_numbered_and_one_alone_is_not() -> None:
    assert shares("follow-up", 1) == ["follow-up"]
    assert shares("follow-up", 3) == ["follow-up-1", "follow-up-2", "follow-up-3"]
    assert {kind(name) for name in shares("follow-up", 12)} == {"follow-up"}
    assert kind("look-back") == "look-back"


@pytest.mark.parametrize(
    ("beats", "away", "since"),
    [
        ([], [], None),
        ([Said("sweep", 1)], [], None),
        ([Said("sweep", 6)], ["sweep"], 6),
        ([Said("sweep", 6), Said("follow-up", 6)], ["sweep", "follow-up"], 6),
        ([Said("sweep", 60), Said("follow-up", 1)], [], None),
        ([Said("follow-up-1", 1), Said("follow-up-2", 2)], [], None),
        ([Said("follow-up-1", 1), Said("follow-up-2", 9)], ["follow-up-2"], 9),
        ([Said("sweep", 60), Said("follow-up-1", 1), Said("follow-up-2", 9)],
         ["sweep", "follow-up-2"], 9),
        ([Said("sweep", 1), Said("follow-up-1", 20), Said("follow-up-2", 30)], [], None),
        ([Said("deliver", 1), Said("sweep", 6)], ["sweep"], 6),
        ([Said("archive", 60 * 27)], ["archive"], None),
    ],
)  # fmt: skip
def test_what_is_shared_is_done_when_every_share_is(
    beats: list[Said], away: list[str], since: float | None
) -> None:
    assert stale(beats, NOW) == away
    assert delayed_since(beats, NOW) == (since and ago(since))


def test_a_share_that_always_fails_is_not_outshone_by_one_that_goes_well() -> None:
    good, bad = Said("follow-up-1", 0.5), Said("follow-up-2", 3, failures=3)
    assert delayed_since([good, bad], NOW) == ago(3)
    assert delayed_since([good, Said("follow-up-2", 3, failures=2)], NOW) is None
    assert delayed_since([Said("sweep", 0.1), good, bad], NOW) is None


def test_a_share_that_never_went_well_is_not_taken_for_one_that_goes() -> None:
    good, never = Said("follow-up-1", 0.5), Said("follow-up-2", None, failures=1)
    assert delayed_since([good, never], NOW) == ago(0.5)
    assert delayed_since([Said("sweep", 60), never], NOW) == ago(60)
    assert delayed_since([never], NOW) is None


def test_all_was_looked_at_when_the_last_of_the_shares_had_gone() -> None:
    assert followed_up([Said("follow-up-1", 1), Said("follow-up-2", 4)]) == ago(4)
    assert followed_up([Said("follow-up-1", 1), Said("follow-up-2", 4), Said("sweep", 2)]) == ago(2)
    assert followed_up([Said("deliver", 1), Said("follow-up", None)]) is None
