"""There and back: by the same browser, to the same house, once, within ten minutes."""

from datetime import timedelta

import pytest

from models.words import Trouble
from portal.identity.journey import Journeys, Seal
from tests.world import instant

NOW = instant("2026-09-24 15:00")


@pytest.fixture
def journeys() -> Journeys:
    """The journeys of one portal."""
    return Journeys(Seal("a secret"))


def test_a_journey_ends_where_it_was_to(journeys: Journeys) -> None:
    begun, cookie = journeys.begin("wecom", NOW, "/mine", 7)
    assert journeys.end(cookie, "wecom", begun.state, NOW) == begun
    assert (begun.onward, begun.account_id) == ("/mine", 7)


def test_the_answer_of_one_house_is_not_taken_for_anothers(journeys: Journeys) -> None:
    begun, cookie = journeys.begin("wecom", NOW)
    with pytest.raises(Trouble, match="不是从本浏览器"):
        journeys.end(cookie, "feishu", begun.state, NOW)


@pytest.mark.parametrize("state", ["", "another", "状态"])
def test_only_the_state_that_was_sent_comes_back(journeys: Journeys, state: str) -> None:
    _, cookie = journeys.begin("wecom", NOW)
    with pytest.raises(Trouble, match="不是从本浏览器"):
        journeys.end(cookie, "wecom", state, NOW)


def test_a_journey_lasts_ten_minutes(journeys: Journeys) -> None:
    begun, cookie = journeys.begin("wecom", NOW)
    with pytest.raises(Trouble, match="超过了 10 分钟"):
        journeys.end(cookie, "wecom", begun.state, NOW + timedelta(minutes=10))
    almost = NOW + timedelta(minutes=10) - timedelta(microseconds=1)
    assert journeys.end(cookie, "wecom", begun.state, almost) == begun


def test_a_journey_ends_once_however_late_the_second_time(journeys: Journeys) -> None:
    begun, cookie = journeys.begin("wecom", NOW)
    journeys.end(cookie, "wecom", begun.state, NOW)
    for minutes in (0, 9):
        with pytest.raises(Trouble, match="已经用过"):
            journeys.end(cookie, "wecom", begun.state, NOW + timedelta(minutes=minutes))


def test_journeys_that_are_over_are_not_remembered_for_ever(journeys: Journeys) -> None:
    for minute in range(60):
        at = NOW + timedelta(minutes=minute)
        begun, cookie = journeys.begin("wecom", at)
        journeys.end(cookie, "wecom", begun.state, at)
    assert len(journeys._back) == 10


def test_no_other_portal_can_write_our_cookie(journeys: Journeys) -> None:
    begun, cookie = Journeys(Seal("another secret")).begin("wecom", NOW)
    with pytest.raises(Trouble, match="认不出"):
        journeys.end(cookie, "wecom", begun.state, NOW)


def test_no_two_journeys_are_alike(journeys: Journeys) -> None:
    one, other = journeys.begin("wecom", NOW)[0], journeys.begin("wecom", NOW)[0]
    assert one.state != other.state
    assert one.nonce != other.nonce
