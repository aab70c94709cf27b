"""等什么: why a notice that has not gone yet waits."""

from dataclasses import dataclass
from datetime import datetime

from models.delivery import DeliveryOutcome
from models.notice import NoticeState
from models.words import Words

D = DeliveryOutcome


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is known of a notice that has not gone: `tried` is what became of the last attempt.

    `shut_until`, `per_minute` and `tokens` are of the outlet it goes through next; `held` is what
    the policy holds it for, if that is why.
    """

    state: NoticeState
    next_try_at: datetime
    tried: DeliveryOutcome | None = None
    shut_until: datetime | None = None
    per_minute: int = 0
    tokens: float = 0
    held: Words | None = None


SENDING = Words("正在发送", "it is being sent")
CAPPED = Words(
    "当天提醒已达上限，不单独发，下次汇总里会说明",
    "the day's reminders were used up; the next digest says so",
)
SHUT = Words(
    "渠道连续失败，暂停发送，先放一条试探", "its channel keeps failing; a probe goes first"
)
DUE = Words("时间已到，等下一轮发送", "its time has come; it goes in the next round")
LATER = Words("还没有到发送时间", "its time has not come yet")

_TRIED = {
    D.TOO_FAST: Words("渠道说发得太快，按它的要求等一等", "the service asked for a pause"),
    D.TEMPORARY: Words("上次暂时失败，隔一会儿再试", "the last attempt failed for now"),
    D.UNKNOWN: Words("上次结果不明，隔一会儿再试", "nobody knows what became of the last attempt"),
    D.PERMANENT: Words("上一渠道拒收，改走下一渠道", "refused; the next channel is tried"),
    D.MISCONFIGURED: Words("上一渠道配置有误，改走下一渠道", "misconfigured; the next channel"),
}


_STANDING = {NoticeState.SENDING: SENDING, NoticeState.CAPPED: CAPPED}


def waits_for(notice: Waiting, at: datetime) -> Words | None:
    """Why it has not gone as of `at`; None for what has come to an end."""
    if notice.state is not NoticeState.OWED:
        return _STANDING.get(notice.state)
    later = notice.next_try_at > at
    if later and notice.held is not None:
        return notice.held
    if notice.shut_until is not None and notice.shut_until > at:
        return SHUT
    if later and notice.tried in _TRIED:
        return _TRIED[notice.tried]
    if notice.per_minute and notice.tokens < 1:
        return _queued(notice.per_minute)
    return LATER if later else DUE


def _queued(per_minute: int) -> Words:
    return Words(
        f"渠道每分钟只收 {per_minute} 条，正在排队",
        f"its channel takes {per_minute} messages a minute; it is in the queue",
    )
