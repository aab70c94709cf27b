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
MORE, REST, APPEAL = RequestKind.EXTENSION, RequestKind.SUSPENSION, RequestKind.APPEAL
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
    assert asks(kind, at=DUE, until=until) == Words(
        f"时限已到，不能再申请{kind.words.zh}。请先反馈整改情况。",
        f"the limit is used up; no {kind.words.en} can be asked for. Submit what was done.",
    )


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
    assert return_refusal(Asked(returns=2)) == Words(
        "本案已作终审裁定，不能再退单。确有困难可申请延期或挂账。",
        "the final ruling on this case was given; it cannot be sent back again. "
        "An extension or a suspension can be asked for.",
    )


def test_what_the_unit_has_handed_in_it_has_taken_on_and_a_rework_is_not_sent_back() -> None:
    assert return_refusal(Asked(submitted_at=NOW)) == Words(
        "贵单位已反馈过整改，即已承担责任，返工期间不能退单。确有困难可申请延期或挂账。",
        "the unit has handed in a rectification and so taken it on; a rework cannot be sent "
        "back. An extension or a suspension can be asked for.",
    )


# -- appeals -----------------------------------------------------------------------------------


def test_an_appeal_is_for_a_case_that_was_late_and_once() -> None:
    assert asks(APPEAL, Asked(late=True)) is None
    assert asks(APPEAL, Asked(late=True, appeals=1)) == Words(
        "申诉最多 1 次，本案已用 1 次。",
        "at most 1 of this kind (appeal); this case has had 1.",
    )
    assert asks(APPEAL, Asked(late=True, appeals=1), rules=Requests(appeals=2)) is None


@pytest.mark.parametrize("late", [False, None])
def test_a_case_that_was_on_time_has_nothing_to_appeal_against(late: bool | None) -> None:
    assert asks(APPEAL, Asked(late=late)) == Words(
        "本案按期办结，无须申诉。申诉只对逾期办结的案件。",
        "this case was on time; an appeal is for cases that were closed late.",
    )


def test_an_appeal_comes_after_the_limit_by_its_nature_and_is_not_refused_for_it() -> None:
    assert asks(APPEAL, Asked(late=True), at=DUE + timedelta(days=30)) is None
