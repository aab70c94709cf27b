"""The lines a message is put together from. A line without content is empty and left out."""

from datetime import timedelta

from models.case import Stage
from models.category import Role
from models.notice import NoticeKind
from models.words import Words
from notices.facts import Facts
from notices.message import one_line
from rules.spoken import moment, span

NOTHING = Words("", "")


def labelled(label: Words, value: str, length: int = 80) -> Words:
    """ "label：value", or nothing where there is no value."""
    clean = one_line(value, length)
    return _under(label, Words(clean, clean)) if clean else NOTHING


def greeting(facts: Facts) -> Words:
    """Who is written to."""
    name = one_line(facts.person, 40)
    return Words(f"{name}，您好：", f"{name}:") if name else NOTHING


def where(facts: Facts) -> Words:
    """The place."""
    return _under(Words("地点", "Place"), place(facts))


def what(facts: Facts) -> Words:
    """The problem."""
    return _under(Words("问题", "Problem"), problem(facts))


def who(facts: Facts) -> Words:
    """The unit that leads."""
    return labelled(Words(Role.LEAD.words.zh, "Lead unit"), facts.unit)


def medium(facts: Facts) -> Words:
    """Where a case was exposed."""
    return labelled(Words("曝光媒体", "Exposed in"), facts.reason, 200)


def limit(facts: Facts) -> Words:
    """By when."""
    if facts.due_at is None:
        return NOTHING
    until, unsure = by(facts), NOTHING
    if facts.provisional:
        unsure = Words(
            "（暂定，次年放假安排公布后重新核定）",
            " (provisional, until next year's holidays are published)",
        )
    zh = f"{step(facts).zh}时限：{until.zh}{unsure.zh}"
    return Words(zh, f"Time limit ({step(facts).en}): {until.en}{unsure.en}")


def limit_and_left(facts: Facts) -> Words:
    """By when, and how much working time is left or how late it is."""
    parts = [part for part in (limit(facts), left(facts)) if part.zh]
    return Words("，".join(part.zh for part in parts), ", ".join(part.en for part in parts))


def why(facts: Facts) -> Words:
    """Why this message is written."""
    reason = labelled(Words("原因", "Why"), facts.reason, 200)
    return reason if reason.zh else labelled(Words("依据", "By rule"), facts.rule)


def what_next(facts: Facts) -> Words:
    """What happens, and when, if nobody acts."""
    words = one_line(facts.next_words, 120)
    if not words:
        return NOTHING
    if facts.next_at is None:
        return Words(f"下一步：{words}", f"Next: {words}")
    when, todo = moment(facts.next_at, facts.at, facts.zone), step(facts)
    return Words(
        f"下一步：到{when.zh}仍未{todo.zh}，{words}",
        f"Next: if it is still open ({todo.en}) by {when.en}: {words}",
    )


def number(facts: Facts) -> Words:
    """The case."""
    return labelled(Words("编号", "Case"), facts.number)


def link(facts: Facts) -> Words:
    """Where the case can be opened, by the reader alone, once."""
    if not facts.link:
        return NOTHING
    return Words(
        f"打开办理：{facts.link}（发给您本人，只能用一次）",
        f"Open it here: {facts.link} (for you alone; it opens once)",
    )


def door(facts: Facts) -> Words:
    """Where all of one's cases are, after signing in."""
    if not facts.link:
        return NOTHING
    return Words(f"登录办理：{facts.link}", f"Sign in here: {facts.link}")


def unsaid(facts: Facts) -> Words:
    """How many reminders the daily cap held back, and where they can be seen."""
    count = facts.unsaid
    if not count:
        return NOTHING
    return Words(
        f"另有 {count} 条提醒超过每日上限，未单独发送；"
        "案件照常计时，清单见督办系统（duban outbox --state capped）。",
        f"{count} more reminder{'s were' if count > 1 else ' was'} held back by the daily cap. "
        "Their clocks run on; they are listed by duban outbox --state capped.",
    )


# Parts of lines.


def place(facts: Facts, length: int = 80) -> Words:
    """The place in at most `length` characters."""
    said = one_line(facts.place, length)
    return Words(said, said) if said else Words("未写明地点", "place not given")


def problem(facts: Facts, length: int = 200) -> Words:
    """The problem in at most `length` characters."""
    said = one_line(facts.problem, length)
    return Words(said, said) if said else Words("未写明问题", "problem not given")


def step(facts: Facts) -> Words:
    """What the clock is for: 签收, 整改 …"""
    return (facts.stage or Stage.HANDLE).words


def by(facts: Facts) -> Words:
    """The due instant as people say it."""
    if facts.due_at is None:
        return NOTHING
    said = moment(facts.due_at, facts.at, facts.zone)
    return Words(f"{said.zh}前", f"by {said.en}")


def left(facts: Facts) -> Words:
    """Working time left, or how late it is."""
    if facts.left is None:
        return NOTHING
    if facts.left == timedelta(0):
        return Words("时限已到", "due now")
    said = span(facts.left, facts.day_length)
    if facts.left < timedelta(0):
        return Words(f"已逾期 {said.zh}", f"{said.en} overdue")
    return Words(f"还剩 {said.zh}", f"{said.en} left")


def level(facts: Facts) -> Words:
    """The level of the ladder that was reached."""
    if title := one_line(facts.level_title, 40):
        return Words(title, title)
    if facts.level:
        return Words(f"第{facts.level}级督办", f"level {facts.level}")
    return NoticeKind.ESCALATION.words


def standing(facts: Facts) -> Words:
    """How the case stands: late by so much, or simply not done yet."""
    if facts.left is not None and facts.left < timedelta(0):
        said = left(facts)
        return Words(said.zh, f"is {said.en}")
    return Words(f"仍未{step(facts).zh}", f"is still open ({step(facts).en})")


def _under(label: Words, value: Words) -> Words:
    """ "label：value" in both languages."""
    name = Words(*(one_line(text, 20) for text in label))
    return Words(f"{name.zh}：{value.zh}", f"{name.en}: {value.en}")
