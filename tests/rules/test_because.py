"""Why a notice is owed, and why to this person: in words, for every kind there is."""

from datetime import timedelta

import pytest

from models.notice import NoticeKind
from models.person import DutyKind
from models.unit import UnitKind
from rules.because import CAUSES, NOBODY, rule, standing_in_for, why
from rules.duty import Away, Directory, UnitEntry
from tests.world import instant

AT = instant("2026-09-24 15:00")
BOB, DEPUTY, CAROL = 1, 2, 3
DIRECTORY = Directory(
    units={7: UnitEntry(7, "市城市管理局", UnitKind.DEPARTMENT, None)},
    people={BOB: "Bob", DEPUTY: "副联络员", CAROL: "Carol"},
    duties={(7, DutyKind.CONTACT): [BOB]},
    absences=[
        Away(BOB, AT, AT + timedelta(days=1), DEPUTY),
        Away(DEPUTY, AT, AT + timedelta(days=1), CAROL),
    ],
)


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_kind_has_a_reason_in_both_languages(kind: NoticeKind) -> None:
    facts = {"stage": "handle", "level": 1, "title": "督办单", "rule": "到期"}
    words = why(kind, facts)
    assert words.zh
    assert words.en
    assert rule(kind, facts)
    assert (kind in CAUSES) is not (kind in (NoticeKind.REMINDER, NoticeKind.ESCALATION))


def test_a_level_names_its_rule_and_its_title() -> None:
    words = why(NoticeKind.ESCALATION, {"stage": "handle", "level": 2, "title": "督办单",
                                        "rule": "逾期 1 工作日"})  # fmt: skip
    assert words.zh == "整改逾期 1 工作日仍未整改，按督办办法升到 2 级“督办单”"


def test_that_nobody_had_the_duty_and_what_was_written_is_said() -> None:
    words = why(NoticeKind.URGED, {"nobody": True, "reason": "领导关注。"})
    assert NOBODY.zh in words.zh
    assert words.zh.endswith("领导关注")


def test_what_was_written_is_not_said_twice() -> None:
    drawn = CAUSES[NoticeKind.LOOK_BACK]
    assert why(NoticeKind.LOOK_BACK, {"reason": f"{drawn.zh}。"}) == drawn


def test_a_substitute_is_told_in_whose_place_they_stood() -> None:
    def stands(person: int, later: timedelta = timedelta(0)) -> tuple[str, ...]:
        return standing_in_for(DIRECTORY, 7, DutyKind.CONTACT, person, AT + later)

    assert stands(CAROL) == ("Bob",)  # by way of the deputy, who is away too
    assert stands(BOB) == ()
    assert stands(CAROL, timedelta(days=2)) == ()
    assert standing_in_for(DIRECTORY, 7, None, CAROL, AT) == ()
