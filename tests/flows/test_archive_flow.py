"""The daily archive as a run."""

import pytest

from flows.archive import archive
from models.past_notice import PastNotice
from tests.flows.test_flows import last_runs
from tests.world import World, instant


def test_the_daily_archive_says_what_it_moved(city: World, monkeypatch: pytest.MonkeyPatch) -> None:
    number = city.report("解放路12号", "路面积水")
    city.sweep()
    city.carol.cancels(number)
    city.half_an_hour_on().sweep()
    monkeypatch.setenv("DUBAN_ARCHIVE_AFTER_YEARS", "0")
    assert archive(instant("2029-01-10 04:00")) == {}
    monkeypatch.setenv("DUBAN_ARCHIVE_AFTER_YEARS", "2")
    counts = archive(instant("2029-01-10 04:00"))
    assert counts["notices"] == len(city.rows(PastNotice)) > 0
    assert f"{counts['notices']} notices" in last_runs()[0].name
