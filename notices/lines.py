"""The lines a message is put together from. A line without content is empty and left out."""

from datetime import timedelta

from models.case import Stage
from models.notice import NoticeKind
from notices.facts import Facts
from notices.message import one_line
from notices.spoken import moment, span


def labelled(label: str, value: str, length: int = 80) -> str:
    """ "label：value", or nothing where there is no value."""
    clean = one_line(value, length)
    return f"{one_line(label, 20)}：{clean}" if clean else ""


def greeting(facts: Facts) -> str:
    """Who is written to."""
    name = one_line(facts.person, 40)
    return f"{name}，您好：" if name else ""


def where(facts: Facts) -> str:
    """The place."""
    return f"地点：{place(facts)}"


def what(facts: Facts) -> str:
    """The problem."""
    return f"问题：{problem(facts)}"


def who(facts: Facts) -> str:
    """The unit that answers for it, under the name of its part."""
    return labelled(facts.role.words.zh, facts.unit)


def limit(facts: Facts) -> str:
    """By when."""
    if facts.due_at is None:
        return ""
    unsure = "（暂定，次年放假安排公布后重新核定）" if facts.provisional else ""
    return f"{step(facts)}时限：{by(facts)}{unsure}"


def limit_and_left(facts: Facts) -> str:
    """By when, and how much working time is left or how late it is."""
    return "，".join(part for part in (limit(facts), left(facts)) if part)


def why(facts: Facts) -> str:
    """Why this message is written."""
    return labelled("原因", facts.reason, 200) or labelled("依据", facts.rule)


def what_next(facts: Facts) -> str:
    """What happens, and when, if nobody acts."""
    words = one_line(facts.next_words, 120)
    if not words:
        return ""
    if facts.next_at is None:
        return f"下一步：{words}"
    when = moment(facts.next_at, facts.at, facts.zone)
    return f"下一步：到{when}仍未{step(facts)}，{words}"


def number(facts: Facts) -> str:
    """The case."""
    return labelled("编号", facts.number)


# Parts of lines.


def place(facts: Facts, length: int = 80) -> str:
    """The place in at most `length` characters."""
    return one_line(facts.place, length) or "未写明地点"


def problem(facts: Facts, length: int = 200) -> str:
    """The problem in at most `length` characters."""
    return one_line(facts.problem, length) or "未写明问题"


def step(facts: Facts) -> str:
    """What the clock is for: 签收, 整改 …"""
    return (facts.stage or Stage.HANDLE).words.zh


def by(facts: Facts) -> str:
    """The due instant as people say it."""
    return f"{moment(facts.due_at, facts.at, facts.zone)}前" if facts.due_at else ""


def left(facts: Facts) -> str:
    """Working time left, or how late it is."""
    if facts.left is None:
        return ""
    if facts.left == timedelta(0):
        return "时限已到"
    words = span(facts.left, facts.day_length)
    return f"已逾期 {words}" if facts.left < timedelta(0) else f"还剩 {words}"


def level(facts: Facts) -> str:
    """The level of the ladder that was reached."""
    if title := one_line(facts.level_title, 40):
        return title
    return f"第{facts.level}级督办" if facts.level else NoticeKind.ESCALATION.words.zh


def standing(facts: Facts) -> str:
    """How the case stands: late by so much, or simply not done yet."""
    late = facts.left is not None and facts.left < timedelta(0)
    return left(facts) if late else f"仍未{step(facts)}"
