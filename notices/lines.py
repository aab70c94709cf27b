"""The lines a message is put together from. A line without content is empty and left out."""

from datetime import timedelta
from typing import NamedTuple

from models.case import Stage
from models.category import Role
from models.notice import NoticeKind
from models.verb import Verb
from models.words import Words
from notices.facts import Facts
from notices.message import one_line
from rules.spoken import moment, span

NOTHING = Words("", "")


class Row(NamedTuple):
    """A label and what stands beside it; either may be empty."""

    label: Words
    value: Words

    @property
    def words(self) -> Words:
        """ "label：value" in both languages."""
        if not self.label.zh:
            return self.value
        return Words(
            f"{self.label.zh}：{self.value.zh}" if self.value.zh else "",
            f"{self.label.en}: {self.value.en}" if self.value.en else "",
        )


NO_ROW = Row(NOTHING, NOTHING)


def labelled(label: Words, value: str, length: int = 80) -> Row:
    """A label with a value, or nothing where there is no value."""
    clean = one_line(value, length)
    name = Words(*(one_line(text, 20) for text in label))
    return Row(name, Words(clean, clean)) if clean else NO_ROW


def greeting(facts: Facts) -> Words:
    """Who is written to."""
    name = one_line(facts.person, 40)
    return Words(f"{name}，您好：", f"{name}:") if name else NOTHING


def where(facts: Facts) -> Row:
    """The place."""
    return Row(Words("地点", "Place"), place(facts))


def what(facts: Facts) -> Row:
    """The problem."""
    return Row(Words("问题", "Problem"), problem(facts))


def who(facts: Facts) -> Row:
    """The unit that leads."""
    return labelled(Words(Role.LEAD.words.zh, "Lead unit"), facts.unit)


def medium(facts: Facts) -> Row:
    """Where a case was exposed."""
    return labelled(Words("曝光媒体", "Exposed in"), facts.reason, 200)


def limit(facts: Facts) -> Row:
    """By when."""
    if facts.due_at is None:
        return NO_ROW
    until, unsure = by(facts), NOTHING
    if facts.provisional:
        unsure = Words(
            "（暂定，次年放假安排公布后重新核定）",
            " (provisional, until next year's holidays are published)",
        )
    label = Words(f"{step(facts).zh}时限", f"Time limit ({step(facts).en})")
    return Row(label, Words(f"{until.zh}{unsure.zh}", f"{until.en}{unsure.en}"))


def limit_and_left(facts: Facts) -> Row:
    """By when, and how much working time is left or how late it is."""
    until = limit(facts)
    parts = [part for part in (until.value, left(facts)) if part.zh]
    value = Words("，".join(part.zh for part in parts), ", ".join(part.en for part in parts))
    return Row(until.label, value)


def why(facts: Facts) -> Row:
    """Why this message is written."""
    reason = labelled(Words("原因", "Why"), facts.reason, 200)
    return reason if reason.value.zh else labelled(Words("依据", "By rule"), facts.rule)


def what_next(facts: Facts) -> Row:
    """What happens, and when, if nobody acts."""
    words, label = one_line(facts.next_words, 120), Words("下一步", "Next")
    if not words:
        return NO_ROW
    if facts.next_at is None:
        return Row(label, Words(words, words))
    when, todo = moment(facts.next_at, facts.at, facts.zone), step(facts)
    return Row(
        label,
        Words(
            f"到{when.zh}仍未{todo.zh}，{words}",
            f"if it is still open ({todo.en}) by {when.en}: {words}",
        ),
    )


def number(facts: Facts) -> Row:
    """The case."""
    return labelled(Words("编号", "Case"), facts.number)


def unsaid(facts: Facts) -> Words:
    """How many reminders the daily cap held back, and where they can be seen."""
    count = facts.unsaid
    if not count:
        return NOTHING
    return Words(
        f"另有 {count} 条提醒超过每日上限，未单独发送；案件照常计时，清单见督办系统的“我的通知”。",
        f"{count} more reminder{'s were' if count > 1 else ' was'} held back by the daily cap. "
        "Their clocks run on; they are listed in Duban under My notices.",
    )


RESEND = Words(
    "（上次发送结果不明，本条可能重复收到。）",
    "(Nobody knows whether this arrived before; it may come twice.)",
)

ANSWERS: dict[Verb, Words] = {
    Verb.ACKNOWLEDGE: Words("签收", "Sign for it"),
    Verb.SUBMIT: Words("已整改", "It is done"),
    Verb.REQUEST_EXTENSION: Words("申请延期", "Ask for more time"),
}
"""What can be answered from the message itself, and what the reader presses."""


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
    if late(facts):
        return Words(f"已逾期 {said.zh}", f"{said.en} overdue")
    return Words(f"还剩 {said.zh}", f"{said.en} left")


def late(facts: Facts) -> bool:
    """Whether its clock has run out."""
    return facts.left is not None and facts.left < timedelta(0)


def level(facts: Facts) -> Words:
    """The level of the ladder that was reached."""
    return level_named(facts.level_title, facts.level) or NoticeKind.ESCALATION.words


def level_named(title: str, number: int) -> Words | None:
    """A level by its title, else by its number; None where there is none."""
    if said := one_line(title, 40):
        return Words(said, said)
    return Words(f"第{number}级督办", f"level {number}") if number else None


def standing(facts: Facts) -> Words:
    """How the case stands: late by so much, or simply not done yet."""
    if late(facts):
        said = left(facts)
        return Words(said.zh, f"is {said.en}")
    return Words(f"仍未{step(facts).zh}", f"is still open ({step(facts).en})")
