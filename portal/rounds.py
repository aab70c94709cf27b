"""What the page 运行情况 says of rounds and of cases set aside: rows in words."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ledger import setting_aside
from ledger.database import Ledger
from ledger.heartbeats import Beat
from ledger.setting_aside import Aside
from models.account import AccountRole
from models.words import Words
from rules.heartbeat import kind, stale
from rules.permission import Viewer
from rules.spoken import moment

NAMES: Mapping[str, Words] = {
    "sweep": Words("一轮督办", "whole round"),
    "intake": Words("收件", "intake"),
    "dispatch": Words("交办", "dispatch"),
    "follow-up": Words("催办升级", "follow-up"),
    "deliver": Words("投递", "delivery"),
    "react": Words("即时反应", "reaction"),
    "audit": Words("自检", "self-check"),
    "look-back": Words("回头看抽查", "look-back draw"),
    "incoming": Words("收信", "mail taken in"),
    "archive": Words("存档", "archive"),
    "backup": Words("备份", "backup"),
}
_DID: Mapping[str, Words] = {
    "accepted": Words("受理", "accepted"),
    "merged": Words("并案", "merged"),
    "rejected": Words("未受理", "rejected"),
    "dispatched": Words("交办", "dispatched"),
    "undecided": Words("待定责", "undecided"),
    "looked": Words("巡查", "looked at"),
    "reminded": Words("提醒", "reminded"),
    "escalated": Words("升级", "escalated"),
    "resumed": Words("恢复计时", "resumed"),
    "proposed": Words("建议约谈", "proposed"),
    "aside": Words("搁置", "set aside"),
    "sent": Words("送达", "sent"),
    "dead": Words("未送达", "given up"),
    "retrying": Words("待重试", "to be tried again"),
    "waiting": Words("合并待发", "to go together"),
    "held": Words("等渠道", "waiting for their outlet"),
    "capped": Words("超上限未发", "held back by the cap"),
    "moot": Words("不必再发", "no longer needed"),
    "skipped": Words("补偿跳过", "skipped"),
    "nobody": Words("无人在岗", "nobody on duty"),
    "summed": Words("周报", "summaries"),
    "papers": Words("文件", "papers"),
    "drawn": Words("抽中", "drawn"),
    "population": Words("总体", "drawn among"),
    "notices": Words("通知", "notices"),
    "deliveries": Words("投递", "deliveries"),
    "links": Words("链接", "links"),
    "calls": Words("外发", "calls"),
    "called": Words("外发成功", "hooks called"),
    "refused": Words("外发被拒", "refused by hooks"),
    "given_up": Words("外发放弃", "given up by hooks"),
    "rows": Words("行", "rows"),
    "ailments": Words("发现问题", "ailments"),
}
_NOTHING = Words("没有要办的", "nothing to do")
_HAN = re.compile(r"[\u4e00-\u9fff]")


def rounds(beats: Sequence[Beat], now: datetime) -> list[dict[str, Any]]:
    """Each kind of round: when it last came, what it did, and whether it fails or stays away."""
    late = set(stale(beats, now))
    return [
        {
            "name": _name(beat.name),
            "beat": beat,
            "took": _took(beat.took),
            "did": _did(beat.last),
            "tone": "red" if beat.failures or beat.name in late else "green",
            "state": _state(beat, late),
        }
        for beat in beats
    ]


def _name(name: str) -> Words:
    """A round in words; of those that share a work, which one it is."""
    words = NAMES.get(kind(name), Words(name, name))
    share = name.removeprefix(kind(name)).removeprefix("-")
    return Words(f"{words.zh}（第 {share} 份）", f"{words.en}, share {share}") if share else words


def _state(beat: Beat, late: Collection[str]) -> Words:
    if beat.failures:
        return Words(f"连续失败 {beat.failures} 次", f"failed {beat.failures} times in a row")
    if beat.name in late:
        return Words("久未来", "stays away")
    return Words("正常", "goes")


def _took(seconds: float) -> Words:
    if seconds < 1:
        return Words("不到 1 秒", "under 1 s")
    return Words(f"{seconds:.0f} 秒", f"{seconds:.0f} s")


def _did(counts: Mapping[str, int]) -> Words:
    said = [(_DID.get(name, Words(name, name)), n) for name, n in counts.items() if n]
    if not said:
        return _NOTHING
    return Words(
        "，".join(f"{words.zh} {n}" for words, n in said),
        ", ".join(f"{n} {words.en}" for words, n in said),
    )


# -- cases set aside ---------------------------------------------------------------------------

_INSIDE = Words(
    "程序判断这件案件时出错，管理员能看到原因。案件原样保留。",
    "The program failed on this case; the administrator sees why. The case is as it was.",
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A case set aside, as somebody hears of it."""

    aside: Aside
    work: Words
    why: Words
    raw: str
    """The error as it was, for whoever keeps the engine; empty for others."""
    seen: bool
    """Whether the case itself is within their scope."""


def heard_of(ledger: Ledger, viewer: Viewer) -> list[Shown]:
    """The cases set aside that a viewer hears of: theirs; an administrator, of all."""
    with ledger.snapshot() as connection:
        mine = setting_aside.waiting(connection, viewer)
        every = setting_aside.waiting(connection) if keeps(viewer) else mine
    if not keeps(viewer):
        return [_shown(each, raw="", seen=True) for each in mine]
    seen = {each.case_id for each in mine}
    return [_shown(each, raw=each.error, seen=each.case_id in seen) for each in every]


def cases_aside(ledger: Ledger, viewer: Viewer) -> int:
    """How many cases set aside those who watch over the work hear of; of others it is none."""
    watcher = viewer.only(AccountRole.SUPERVISOR, AccountRole.ADMINISTRATOR)
    if not watcher.grants:
        return 0
    return len({each.aside.case_id for each in heard_of(ledger, watcher)})


def keeps(viewer: Viewer) -> bool:
    """Whether they look after the engine, and so read errors as they were."""
    return viewer.is_(AccountRole.ADMINISTRATOR)


def _shown(each: Aside, *, raw: str, seen: bool) -> Shown:
    work = NAMES.get(each.work, Words(each.work, each.work))
    return Shown(each, work, _why(each.error), raw, seen)


def _why(error: str) -> Words:
    """The engine's own sentences are Chinese and meant for people; all else is not."""
    kind, _, said = error.partition(": ")
    ours = kind.isidentifier() and _HAN.search(said)
    return Words(said, said) if ours else _INSIDE


def headline(found: Sequence[Aside], at: datetime, zone: ZoneInfo) -> Words | None:
    """What is said above all when a case will hardly mend itself."""
    alarming = [each for each in found if each.alarms]
    if not alarming:
        return None
    since = moment(min(each.first_at for each in alarming), at, zone)
    count = len({each.case_id for each in alarming})
    cases = "1 case" if count == 1 else f"{count} cases"
    return Words(
        f"有 {count} 件案件连续三次没有办成（最早自{since.zh}起），不会自己好。"
        "请管理员查明原因，改正后立即重试。",
        f"{cases} could not be judged three times in a row (the first since "
        f"{since.en}) and will hardly mend themselves. The administrator should find out why, "
        "then have them tried again.",
    )
