"""What Bob may rely on when he asks for more time, and the office when he asks too late."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from models.request import RequestKind
from models.words import Words
from rules.policy import Requests
from rules.requests import overdue, refusal, return_refusal

DUE = datetime(2026, 9, 30, 10, 0, tzinfo=UTC)
NOW = datetime(2026, 9, 28, 2, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)
MORE, REST = RequestKind.EXTENSION, RequestKind.SUSPENSION
RULES = Requests()


@dataclass
class Asked:
    due_at: datetime | None = DUE
    extensions: int = 0
    suspensions: int = 0
    returns: int = 0
    submitted_at: datetime | None = None
    appeals: int = 0
    late: bool | None = None


def asks(
    kind: RequestKind,
    case: Asked | None = None,
    at: datetime = NOW,
    until: datetime | None = None,
    rules: Requests = RULES,
) -> Words | None:
    return refusal(case or Asked(), kind, rules, at, until)


def test_the_instant_it_is_due_no_longer_belongs_to_the_limit() -> None:
    assert not overdue(DUE, DUE - TICK)
    assert overdue(DUE, DUE)


def test_a_case_without_a_limit_is_never_overdue() -> None:
    assert not overdue(None, DUE)


@pytest.mark.parametrize("kind", [MORE, REST])
def test_once_overdue_no_time_can_be_asked_for(kind: RequestKind) -> None:
    until = DUE + timedelta(days=30)
    assert asks(kind, at=DUE - TICK, until=until) is None
    refused = asks(kind, at=DUE, until=until)
    assert refused
    assert kind.words.zh in refused.zh
    assert "请先反馈整改情况" in refused.zh
    assert "Submit what was done" in refused.en


def test_two_extensions_may_be_had_and_not_a_third() -> None:
    assert asks(MORE, Asked(extensions=1)) is None
    refused = asks(MORE, Asked(extensions=2))
    assert refused == Words(
        "延期最多 2 次，本案已用 2 次。",
        "at most 2 of this kind (extension); this case has had 2.",
    )


def test_an_extension_needs_no_date_of_its_own() -> None:
    assert asks(MORE, until=None) is None


def test_one_suspension_may_be_had_and_not_a_second() -> None:
    until = NOW + timedelta(days=30)
    assert asks(REST, until=until) is None
    refused = asks(REST, Asked(suspensions=1), until=until)
    assert refused
    assert "最多 1 次" in refused.zh


def test_extensions_do_not_use_up_the_suspension() -> None:
    assert asks(REST, Asked(extensions=2), until=NOW + timedelta(days=1)) is None


def test_a_suspension_lasts_at_most_a_year_and_ends_on_a_date() -> None:
    year = timedelta(days=365)
    assert asks(REST, until=NOW + year) is None
    for until in (None, NOW, NOW - TICK, NOW + year + TICK):
        refused = asks(REST, until=until)
        assert refused, until
        assert "365" in refused.zh
        assert "365" in refused.en


def test_a_city_may_allow_less() -> None:
    strict = Requests(extensions=0, suspensions=1, suspension_days=30)
    assert asks(MORE, rules=strict)
    assert asks(REST, until=NOW + timedelta(days=30), rules=strict) is None
    assert asks(REST, until=NOW + timedelta(days=31), rules=strict)


def test_a_case_can_be_sent_back_twice_and_the_second_ruling_is_final() -> None:
    assert return_refusal(Asked(returns=0)) is None
    assert return_refusal(Asked(returns=1)) is None
    refused = return_refusal(Asked(returns=2))
    assert refused
    assert "终审" in refused.zh
    assert "final" in refused.en
