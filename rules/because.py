"""为何告知: why a notice is owed, by which rule, and why to this person; in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.case import Stage
from models.notice import NoticeKind
from models.person import DutyKind
from models.words import Words
from rules.agenda import RAISED, Book
from rules.duty import Directory

K = NoticeKind

CAUSES: Mapping[NoticeKind, Words] = {
    K.DISPATCHED: Words("案件已交办，由该单位承办", "the case was dispatched to the unit"),
    K.UNDECIDED: Words("没有找到责任单位，须人工定责", "no unit was found; somebody decides"),
    K.RETURNED: Words("单位退单，须裁定", "the unit sent the case back; a ruling is needed"),
    K.SUBMITTED: Words("单位已反馈整改，须核查", "the rectification is handed in, to be verified"),
    K.REWORK: Words("核查未通过，须返工", "it failed on site and is to be reworked"),
    K.REQUEST: Words("单位提出申请，须审批", "the unit asks for something to be decided"),
    K.DECIDED: Words("申请已有结果", "what was asked for has been decided"),
    K.TRANSFERRED: Words("案件已改由其他单位承办", "the case has passed to another unit"),
    K.CLOSED: Words(
        "案件已销号，当初被告知开办的人也告知办结",
        "the case is closed, and whoever was told of its beginning is told",
    ),
    K.ENDED: Words(
        "案件不再办理，当初被告知开办的人也告知终止",
        "the case is taken out of the work, and whoever was told of its beginning is told",
    ),
    K.RESUMED: Words("挂账结束，恢复办理", "the suspension is over"),
    K.LOOK_BACK: Words("抽中回头看", "the case was drawn for a look-back"),
    K.URGED: Words("督办员人工催办", "a supervisor urges by hand"),
    K.ASSIGNED: Words("单位内部把案件分派给此人", "the unit gave the case to this person"),
    K.CONFIRMED: Words("协同单位报告其部分已完成", "an assisting unit reports its part done"),
    K.TAKEN_OVER: Words("案件提级，由上级单位牵头", "a unit above took the lead"),
    K.WITHDRAWN: Words("单位撤回了整改反馈", "the unit took its submission back"),
    K.RELAPSED: Words("回头看发现问题反弹，须返工", "the look-back found it again"),
    K.REOPENED: Words("已销号的案件重新办理", "the closed case was taken up again"),
    K.EXPOSED: Words("案件被曝光", "the case was exposed in the media"),
    K.RECOMPUTED: Words("时限已重算", "the limit was recomputed"),
    K.PROPOSED: Words(
        "该单位达到督办办法规定的处置条件，请督办员决定",
        "the unit has come to where the policy proposes a measure; a supervisor decides",
    ),
    K.SUMMARY: Words("此人订阅了该单位的周报", "this person asked for the weekly summary"),
}
"""The event behind a notice; reminders and levels have a rule instead."""

NOBODY = Words(
    "应告知的岗位无人在岗，故改告此人", "nobody has the duty that should hear it, so this person"
)

_STAGES = {stage.value: stage for stage in Stage}


def why(kind: NoticeKind, facts: Mapping[str, Any], book: Book | None = None) -> Words:
    """Why a notice of this kind with these facts was owed, in one sentence without its stop.

    The log keeps rules in Chinese; with the `book` of the case they are said in English too.
    """
    cause = CAUSES[kind] if kind in CAUSES else _by_rule(facts, book)
    said = [cause]
    if facts.get("nobody"):
        said.append(NOBODY)
    reason = str(facts.get("reason") or "").rstrip("。.")
    if reason and reason != cause.zh:
        said.append(Words(reason, reason))
    return Words("；".join(each.zh for each in said), "; ".join(each.en for each in said))


def rule(kind: NoticeKind, facts: Mapping[str, Any]) -> str:
    """The rule as the log names it; of what no rule of the policy asks for, the kind."""
    return str(facts.get("rule") or kind.words.zh)


def _by_rule(facts: Mapping[str, Any], book: Book | None) -> Words:
    stage = _STAGES.get(facts.get("stage", ""), Stage.HANDLE)
    point, level = rule_words(book, stage, str(facts.get("rule", ""))), facts.get("level", 0)
    if not level:
        return Words(
            f"督办办法规定，{stage.words.zh}{point.zh}时催办",
            f"the policy reminds at this point of {stage.words.en}: {point.en}",
        )
    title = str(facts.get("title", ""))
    return Words(
        f"{_not_done(stage, point.zh)}，按督办办法升到 {level} 级“{title}”",
        f"{stage.words.en}, {point.en}: by the policy level {level} “{title}” is reached",
    )


def _not_done(stage: Stage, point: str) -> str:
    if point == RAISED.zh:
        return f"案件已提级，{stage.words.zh}当即升级"
    return f"{stage.words.zh}{point}仍未{stage.words.zh}"


def rule_words(book: Book | None, stage: Stage, point: str) -> Words:
    """A rule of the policy in both languages, by its Chinese."""
    if book is None:
        return Words(point, point)
    rules = book.policy.stages[stage]
    known = [p.words for p in rules.reminders] + [level.words for level in rules.ladder]
    return next((words for words in (*known, RAISED) if words.zh == point), Words(point, point))


def standing_in_for(
    directory: Directory, unit_id: int, duty: DutyKind | None, person_id: int, at: datetime
) -> tuple[str, ...]:
    """代谁: the people who hold the duty and for whom this person stood in at `at`, by name."""
    if duty is None:
        return ()
    roster = directory.rotas.get((unit_id, duty))
    on = at.astimezone(directory.zone).date()
    holders = roster.turn(on) if roster else directory.duties.get((unit_id, duty), ())
    if person_id in holders:
        return ()
    away = [holder for holder in holders if directory.present(holder, at) == person_id]
    return tuple(directory.people[holder] for holder in away if holder in directory.people)
