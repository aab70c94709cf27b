"""样例: a message of every kind, to try templates on before anybody is written to."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from models.case import Stage
from models.notice import NoticeKind
from models.verb import Verb
from notices.digest import compose_digest
from notices.facts import Facts
from notices.forms import FORMS, Forms
from notices.message import Message
from notices.shelf import LANGS, NAME, files_in
from notices.texts import HOUSE, compose
from rules.digest import Overdue

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 9, 29, 9, 0, tzinfo=ZONE)
DOOR = "https://duban.example/"

CASE = Facts(
    kind=NoticeKind.REMINDER,
    number="2026-000012",
    place="中山路12号农贸市场",
    problem="东门外垃圾堆积，未及时清运",
    at=AT,
    zone=ZONE,
    unit="市城市管理局",
    person="Bob",
    due_at=datetime(2026, 9, 30, 18, 0, tzinfo=ZONE),
    stage=Stage.HANDLE,
    level=2,
    level_title="分管领导督办单",
    reason="整改时限已用去 80%",
    left=timedelta(hours=11),
    next_at=datetime(2026, 9, 30, 18, 0, tzinfo=ZONE),
    next_words="整改到期：督办升级，1 级 单位负责人督办，告知单位负责人",
    door=DOOR,
    link=f"{DOOR}l/Wm9kaWFjX2xpbmtfb2ZfYm9i",
    answers=(
        (Verb.SUBMIT, f"{DOOR}l/c3VibWl0X2xpbmtfb2ZfYm9i"),
        (Verb.REQUEST_EXTENSION, f"{DOOR}l/ZXh0ZW5zaW9uX29mX2JvYg"),
    ),
    key="m12",
)
"""One case in its middle life."""

_SIGN = ((Verb.ACKNOWLEDGE, f"{DOOR}l/YWNrbm93bGVkZ2VfYm9i"),)
_LATE = replace(
    CASE,
    number="2026-000007",
    place="解放路与新桥大道路口",
    problem="人行道井盖缺失",
    due_at=AT - timedelta(hours=15),
    left=timedelta(hours=-1),
    next_at=AT + timedelta(hours=9),
    next_words="整改逾期 1 工作日：督办升级，2 级 分管领导督办单，告知分管领导、单位负责人",
)
_MORE: Mapping[NoticeKind, dict[str, object]] = {
    NoticeKind.DISPATCHED: {"answers": _SIGN, "reason": ""},
    NoticeKind.ESCALATION: {"answers": (), "left": timedelta(hours=-8), "reason": "整改时限已到"},
    NoticeKind.SUBMITTED: {"answers": (), "stage": Stage.VERIFY, "reason": "已清运，地面已冲洗"},
    NoticeKind.DECIDED: {"reason": "准予延期：时限延长到 10 月 9 日 18:00"},
    NoticeKind.EXPOSED: {"answers": (), "reason": "民生直通车"},
    NoticeKind.TRANSFERRED: {"answers": (), "link": "", "reason": "不属城管职责"},
    NoticeKind.SUMMARY: {
        "number": "", "place": "", "problem": "", "answers": (), "link": "", "due_at": None,
        "left": None, "headline": "市城市管理局 9 月 21 日至 27 日",
        "told": ("在办 31 件，比上周多 4 件", "本周新交办 12 件，办结 8 件，其中逾期 1 件",
                 "现在逾期 3 件：2026-000007 解放路与新桥大道路口"),
    },
}  # fmt: skip
_NO_ANSWER = {
    NoticeKind.UNDECIDED, NoticeKind.RETURNED, NoticeKind.REQUEST, NoticeKind.CLOSED,
    NoticeKind.ENDED, NoticeKind.WITHDRAWN, NoticeKind.LOOK_BACK, NoticeKind.PROPOSED,
    NoticeKind.CONFIRMED,
}  # fmt: skip


def sample(kind: NoticeKind) -> Facts:
    """What a message of this kind may have to say."""
    more = dict(_MORE.get(kind, {}))
    if kind in _NO_ANSWER:
        more["answers"] = ()
    return replace(CASE, kind=kind, **more)  # type: ignore[arg-type]


DIGESTS: Mapping[str, tuple[tuple[Facts, ...], tuple[Overdue, ...]]] = {
    "digest-reminders": (
        (_LATE, replace(CASE, unsaid=2)),
        (Overdue("2026-000003", "东风巷公厕", AT - timedelta(days=4), 2),),
    ),
    "digest-news": (
        (
            replace(sample(NoticeKind.DISPATCHED), number="2026-000031", place="和平里小区 3 栋"),
            sample(NoticeKind.DISPATCHED),
            replace(sample(NoticeKind.SUBMITTED), number="2026-000015", place="河滨公园南门"),
        ),
        (),
    ),
    "digest-ladder": (
        (
            replace(_LATE, kind=NoticeKind.ESCALATION),
            replace(_LATE, kind=NoticeKind.ESCALATION, number="2026-000008", level_title="约谈"),
        ),
        (),
    ),
}
"""Several cases in one message: what is told, and what is overdue besides."""


def messages(lang: str, forms: Forms = HOUSE) -> Iterator[tuple[str, Message]]:
    """A message of every kind, and of every kind of digest, by name."""
    for kind in NoticeKind:
        yield kind.value, compose(sample(kind), lang, forms)
    for name, (told, overdue) in DIGESTS.items():
        yield name, compose_digest(told, lang, forms, overdue)


# -- checking ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """A template that fails: on which message it was tried, and why."""

    message: str
    lang: str
    why: str


def check(folder: Path | None) -> list[Fault]:
    """Try every template on every message, in every form and language; what fails.

    Files in `folder` that no message ever asks for are faults as well: they are misspelt.
    """
    forms = Forms(folder)
    faults = list(_unasked(folder)) if folder else []
    for lang in LANGS:
        for name, message in messages(lang, forms):
            if message.trouble:
                faults += [Fault(name, lang, why) for why in _APART.split(message.trouble)]
    return faults


_APART = re.compile("；(?=模板 )")
_KNOWN = {kind.value for kind in NoticeKind} | {"message", "digest"}


def _unasked(folder: Path) -> Iterator[Fault]:
    for lang, file in files_in(folder):
        found = NAME.fullmatch(file.name)
        if found is None or found["form"] not in FORMS:
            yield Fault(file.name, lang, f"文件名应为 <名称>.<{'|'.join(FORMS)}>.j2")
        elif found["name"] not in _KNOWN and f'"{file.name}"' not in _all_text(folder):
            yield Fault(file.name, lang, f"没有名为 {found['name']} 的消息，也没有模板引用它")


def _all_text(folder: Path) -> str:
    return "\n".join(
        file.read_text("utf-8", errors="replace") for _, file in files_in(folder) if file.is_file()
    )
