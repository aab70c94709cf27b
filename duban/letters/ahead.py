"""接下来: what will happen if nobody acts, by which rule, and who will be told."""

from collections.abc import Iterator, Sequence

from duban.letters.saying import CARDS, NOTHING, joined, moment, people
from ledger.standing import Standing
from ledger.thread import Thread
from models.case import Stage
from models.words import Words
from rules.addressees import addressees, helpers
from rules.agenda import Act, Look
from rules.duty import Recipient

STAGES = {
    Stage.FILE: "filing",
    Stage.DISPATCH: "dispatch",
    Stage.SIGN: "signing",
    Stage.HANDLE: "putting right",
    Stage.RULE: "ruling on the return",
    Stage.VERIFY: "verification",
    Stage.PUBLISH: "publication",
    Stage.LOOK_BACK: "looking again",
}
"""What a clock measures, as an English sentence says it."""


def ahead(thread: Thread, s: Standing) -> Iterator[Words]:
    """The looks to come, in order, each with its rule and the people of its duties."""
    looks = s.agenda()
    if not looks:
        yield Words("此后没有待办的督办节点。", "Nothing more is planned to happen by itself.")
        return
    yield Words("若无人处理，此后将：", "If nobody acts, then:")
    yield from lines(thread, s, looks)
    yield _named_by(s)


def lines(thread: Thread, s: Standing, looks: Sequence[Look]) -> Iterator[Words]:
    """One line for each look."""
    for look in looks:
        when, does = moment(look.at, thread.reference.zone), done_by(look)
        who = _who(thread, s, look)
        note = _late(s) if look.at <= s.at else NOTHING
        yield Words(
            f"  · {when.zh} {does.zh}{who.zh}{note.zh}", f"  · {when.en} {does.en}{who.en}{note.en}"
        )


def done_by(look: Look) -> Words:
    """What a look does, by which rule, and which duties it tells."""
    rule, card, stage = look.rule_en or look.rule, CARDS[look.card], STAGES[look.stage]
    if look.act is Act.RESUME:
        return Words("挂账期满，自动恢复办理", "the time on hold ends; the clock goes on by itself")
    what = f"escalate to level {look.level} ({look.title})" if look.level else "remind"
    told = joined([duty.words for duty in look.tell])
    return Words(f"{look.words.zh}{card.zh}", f"{what}{card.en}; {stage}: {rule}; tell {told.en}")


def told(thread: Thread, s: Standing, look: Look) -> list[Recipient]:
    """Whom a look tells, by the directory as it is now: the lead's people, and of a handling
    clock those of the assisting units that still owe their part."""
    directory, when = thread.reference.directory, max(s.at, look.at)
    found = list(addressees(directory, s.answering, look.tell, when))
    if not found or look.stage is not Stage.HANDLE:
        return found
    known = {who.person_id for who in found}
    also = helpers(directory, s.answering, look.tell, when)
    return found + [who for who in also if who.person_id not in known]


def _who(thread: Thread, s: Standing, look: Look) -> Words:
    if not look.tell:
        return NOTHING
    names = people(told(thread, s, look))
    if names.zh:
        return Words(f"（{names.zh}）", f" ({names.en})")
    return Words("（该岗位现无人）", " (nobody holds that duty now)")


def _late(s: Standing) -> Words:
    if s.past:
        return Words("（当时已到点，还没有办）", " (its time had come; it was not done yet)")
    return Words("（已到点，下一轮督办时补办）", " (its time has come; the next round does it)")


def _named_by(s: Standing) -> Words:
    if s.past:
        return Words(
            "（人名按现在的通讯录列出，当时在岗的可能是别人。）",
            "(Names are those of the directory as it is now; others may have been on duty then.)",
        )
    return Words(
        "（人名按现在的通讯录列出，到时以在岗的人为准。）",
        "(Names are those of the directory as it is now; whoever is on duty then will be told.)",
    )
