"""一条通知的来龙去脉: all that is known of a notice, as one paragraph that can be read aloud."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from ledger.whereabouts import Attempt, Whereabouts
from models.delivery import DeliveryOutcome
from models.notice import NoticeState
from models.words import Words


def paragraph(told: Whereabouts, zone: ZoneInfo) -> Words:
    """The whole story of one notice."""
    said = list(_sentences(told, zone))
    return Words("".join(f"{s.zh}。" for s in said), " ".join(f"{_capital(s.en)}." for s in said))


def _sentences(told: Whereabouts, zone: ZoneInfo) -> Iterator[Words]:
    yield _head(told)
    yield Words(f"为何：{told.why.zh}", f"Why: {told.why.en}")
    yield _owed(told, zone)
    yield from (_tried(each, zone) for each in told.tries)
    if told.together > 1:
        others = told.together - 1
        yield Words(
            f"与另外 {others} 条通知合为一条消息（{told.message}）",
            f"it went in one message with {others} other{'s'[: others - 1]} ({told.message})",
        )
    if told.resent_at:
        at = clock(told.resent_at, zone)
        yield Words(f"{at} 由{told.resent_by}要求重发", f"sent again at {at} by {told.resent_by}")
    yield from _came_of(told, zone)


def _head(told: Whereabouts) -> Words:
    about = told.about
    if told.case:
        about = Words(f"案件 {told.case}（{about.zh}）", f"case {told.case} ({about.en})")
    who = to_whom(told)
    return Words(
        f"【{told.kind.words.zh}】{about.zh}，告知{who.zh}",
        f"[{told.kind.words.en}] {about.en}, to {who.en}",
    )


def to_whom(told: Whereabouts) -> Words:
    """The person with unit and duty, and in whose place they were told."""
    zh, en = f"{told.unit} {told.person}", f"{told.person} of {told.unit}"
    if told.duty is not None:
        zh, en = f"{zh}（{told.duty.words.zh}）", f"{en} ({told.duty.words.en})"
    if told.stands_for:
        away = "、".join(told.stands_for)
        zh, en = f"{zh}，代不在岗的{away}", f"{en}, standing in for {away}"
    return Words(zh, en)


def _owed(told: Whereabouts, zone: ZoneInfo) -> Words:
    owed = clock(told.owed_at, zone)
    if told.planned_at == told.owed_at:
        return Words(f"{owed} 起待发", f"owed since {owed}")
    planned = clock(told.planned_at, zone)
    return Words(f"应于 {planned} 发出，{owed} 起待发", f"planned for {planned}, owed since {owed}")


_SAID = {
    DeliveryOutcome.SENT: Words("发出", "sent"),
    DeliveryOutcome.UNKNOWN: Words("发送，结果不明", "sent, nobody knows whether it arrived"),
    DeliveryOutcome.TEMPORARY: Words("发送，暂时失败", "tried, failed for now"),
    DeliveryOutcome.TOO_FAST: Words("发送，被告知发得太快", "tried, too fast for the service"),
    DeliveryOutcome.PERMANENT: Words("发送，被拒收", "tried, refused"),
    DeliveryOutcome.MISCONFIGURED: Words(
        "发送，渠道配置有误", "tried, the channel is misconfigured"
    ),
}


def _tried(each: Attempt, zone: ZoneInfo) -> Words:
    """One attempt: when, by which channel, and what was answered."""
    at, said = clock(each.at, zone), _SAID[each.outcome]
    answer = each.answer.rstrip("。.")
    if not each.channel:
        return Words(f"{at} 第 {each.attempt} 次：{answer or said.zh}",
                     f"attempt {each.attempt} at {at}: {answer or said.en}")  # fmt: skip
    heard = Words(f"，答复“{answer}”", f", answer “{answer}”") if answer else Words("", "")
    return Words(
        f"{at} 第 {each.attempt} 次，经 {each.channel} {said.zh}{heard.zh}",
        f"attempt {each.attempt} at {at} by {each.channel}: {said.en}{heard.en}",
    )


def _came_of(told: Whereabouts, zone: ZoneInfo) -> Iterator[Words]:
    if told.maybe_twice:
        yield Words("中间有一次结果不明，可能收到两次", "it may have come twice")
    if told.state is NoticeState.SENT:
        yield from _after(told, zone)
    elif told.state is NoticeState.DEAD:
        yield Words(
            "渠道都试过，没有送达，不再自动发送；渠道修好后可以重发",
            "every channel was tried and it was given up; once one is mended, it can be sent again",
        )
    elif told.state is NoticeState.MOOT:
        ended = clock(told.ended_at, zone)
        yield Words(
            f"{ended} 已不必再发：案件已有进展", f"no longer needed at {ended}: the case went on"
        )
    else:
        yield waiting(told, zone)


def _after(told: Whereabouts, zone: ZoneInfo) -> Iterator[Words]:
    """What is known since a channel took it."""
    if told.arrived_at:
        at = clock(told.arrived_at, zone)
        yield Words(f"{at} 到达本人", f"it reached the person at {at}")
    if told.read_at:
        at = clock(told.read_at, zone)
        yield Words(f"{at} 已读", f"read at {at}")
    if told.answered_at:
        did, at = told.answered_by, clock(told.answered_at, zone)
        zh, en = (did.words.zh, did.words.en) if did else ("已办", "acted")
        yield Words(f"{at} 答复：{zh}", f"answered at {at}: {en}")
    elif not told.read_at:
        yield Words("至今未读、未办", "not read and not answered so far")
    else:
        yield Words("至今未办", "not answered so far")


def waiting(told: Whereabouts, zone: ZoneInfo) -> Words:
    """What it waits for, when it is tried next, and by which channel."""
    why = told.waits_for or Words("", "")
    if told.state is not NoticeState.OWED:
        return why
    at, by = clock(told.next_try_at, zone), _by(told.next_channel)
    return Words(
        f"尚未发出：{why.zh}；下次 {at}{by.zh}", f"not sent yet: {why.en}; next {at}{by.en}"
    )


def _by(way: str | None) -> Words:
    if way is None:
        return Words("，没有可用渠道", ", no channel is left")
    return Words(f"，走 {way}", f" by {way}") if way else Words("", "")


def clock(at: datetime | None, zone: ZoneInfo) -> str:
    """An instant as the paragraph says it."""
    return f"{at.astimezone(zone):%m-%d %H:%M}" if at else "—"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
