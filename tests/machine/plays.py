"""Each verb twice, side by side: as the desk is asked, and as the model does it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger import desk
from ledger.database import Ledger
from models.cost import CostKind
from models.request import RequestKind
from rules.lifecycle import Moved, Refused
from tests.machine.matter import Case
from tests.machine.model import Model


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody says with a verb; each verb takes what it needs of it."""

    actor: str
    reason: str
    units: tuple[str, ...]
    limit: str
    unit: str
    person: str
    leader: str
    category: str
    other: str
    until: datetime
    count: int
    yes: bool
    sure: bool

    def __str__(self) -> str:
        return " ".join(
            f"{name}={value}" for name in self.__slots__ if (value := getattr(self, name))
        )


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a verb is used: on which ledger and model, on which case, at which instant."""

    ledger: Ledger
    model: Model
    number: str
    now: datetime
    fresh: Callable[[], list[str]]
    """The numbers of the cases that the desk has just opened."""


Asked = Callable[[], Moved | Refused]
Done = Callable[[Case], None]
Play = Callable[[Scene, Words], tuple[Asked, Done]]


def _plain(verb: Any, method: str) -> Play:
    """A verb that takes nothing but the case."""

    def play(s: Scene, w: Words) -> tuple[Asked, Done]:
        return (
            lambda: verb(s.ledger, s.number, s.now, w.actor),
            lambda case: getattr(s.model, method)(case, s.now),
        )

    return play


def _reasoned(verb: Any, method: str) -> Play:
    """A verb that takes a reason, or some other text that must not be empty."""

    def play(s: Scene, w: Words) -> tuple[Asked, Done]:
        return (
            lambda: verb(s.ledger, s.number, w.reason, s.now, w.actor),
            lambda case: getattr(s.model, method)(case, s.now, w.reason),
        )

    return play


def _file(s: Scene, w: Words) -> tuple[Asked, Done]:
    return (
        lambda: desk.file(s.ledger, s.number, s.now, w.actor, w.category),
        lambda case: s.model.file(case, s.now, w.category),
    )


def _fix_on_spot(s: Scene, w: Words) -> tuple[Asked, Done]:
    return (
        lambda: desk.fix_on_spot(s.ledger, s.number, s.now, w.actor),
        lambda case: s.model.fix_on_spot(case, s.now, w.actor),
    )


def _reclassify(s: Scene, w: Words) -> tuple[Asked, Done]:
    category = w.category or "没有的类别"
    return (
        lambda: desk.reclassify(s.ledger, s.number, category, w.reason, s.now, w.actor),
        lambda case: s.model.reclassify(case, s.now, category, w.reason),
    )


def _merge(s: Scene, w: Words) -> tuple[Asked, Done]:
    return (
        lambda: desk.merge(s.ledger, s.number, w.other, s.now, w.actor),
        lambda case: s.model.merge(case, s.now, w.other),
    )


def _split(s: Scene, w: Words) -> tuple[Asked, Done]:
    whose = [w.units, () if w.yes else w.units[:1]][: w.count]
    shares = [desk.Share(f"其中第{n}项", units) for n, units in enumerate(whose)]
    return (
        lambda: desk.split(s.ledger, s.number, shares, w.reason, s.now, w.actor),
        lambda case: s.model.split(case, s.now, s.fresh(), whose, w.reason),
    )


def _record_cost(s: Scene, w: Words) -> tuple[Asked, Done]:
    kind = CostKind.SETTLED if w.yes else CostKind.ADVANCED
    return (
        lambda: desk.record_cost(
            s.ledger, s.number, kind, str(w.count + 1), "购井盖", s.now, w.actor
        ),
        lambda case: s.model.record_cost(case, s.now, w.count + 1, settled=w.yes),
    )


def _dispatch(s: Scene, w: Words) -> tuple[Asked, Done]:
    return (
        lambda: desk.dispatch(s.ledger, s.number, w.units, s.now, w.actor, w.limit),
        lambda case: s.model.dispatch(case, s.now, w.units, w.limit),
    )


def _assign(s: Scene, w: Words) -> tuple[Asked, Done]:
    to = {"unit": w.unit, "section": "综合科" if w.sure else "", "person": w.person,
          "leader": w.leader}  # fmt: skip
    return (
        lambda: desk.assign(s.ledger, s.number, s.now, w.actor, **to),
        lambda case: s.model.assign(case, s.now, **to),
    )


def _uphold(s: Scene, w: Words) -> tuple[Asked, Done]:
    return (
        lambda: desk.rule_on_return(
            s.ledger, s.number, s.now, w.actor, upheld=True, units=w.units, reason=w.reason
        ),
        lambda case: s.model.uphold(case, s.now, w.units),
    )


def _refuse(s: Scene, w: Words) -> tuple[Asked, Done]:
    return (
        lambda: desk.rule_on_return(
            s.ledger, s.number, s.now, w.actor, upheld=False, reason=w.reason
        ),
        lambda case: s.model.refuse(case, s.now, w.reason),
    )


def _coordinate(s: Scene, w: Words) -> tuple[Asked, Done]:
    present = ("市创城办", "市城市管理局")[: 2 if w.sure else w.count]
    return (
        lambda: desk.coordinate(
            s.ledger, s.number, w.units, present, "会议决定", s.now, w.actor, limit=w.limit
        ),
        lambda case: s.model.coordinate(case, s.now, w.units, len(present), w.limit),
    )


def _transfer(s: Scene, w: Words) -> tuple[Asked, Done]:
    return (
        lambda: desk.transfer(
            s.ledger, s.number, w.units, w.reason, s.now, w.actor, w.limit, exempt=w.yes
        ),
        lambda case: s.model.transfer(case, s.now, w.units, w.reason, w.limit, exempt=w.yes),
    )


def _take_over(s: Scene, w: Words) -> tuple[Asked, Done]:
    return (
        lambda: desk.take_over(s.ledger, s.number, w.unit, w.reason, s.now, w.actor),
        lambda case: s.model.take_over(case, s.now, w.unit, w.reason),
    )


def _ask(s: Scene, w: Words) -> tuple[Asked, Done]:
    kind = RequestKind.EXTENSION if w.yes else RequestKind.SUSPENSION
    until = None if w.yes else w.until
    return (
        lambda: desk.ask(s.ledger, s.number, kind, w.reason, s.now, w.actor, until),
        lambda case: s.model.ask(case, s.now, w.actor, kind, w.reason, until),
    )


def _appeal(s: Scene, w: Words) -> tuple[Asked, Done]:
    return (
        lambda: desk.ask(s.ledger, s.number, RequestKind.APPEAL, w.reason, s.now, w.actor),
        lambda case: s.model.appeal(case, s.now, w.actor, w.reason),
    )


def _decide(s: Scene, w: Words) -> tuple[Asked, Done]:
    yes = w.yes or w.sure
    return (
        lambda: desk.decide(s.ledger, s.number, s.now, w.actor, granted=yes, reason=w.reason),
        lambda case: s.model.decide(case, s.now, w.actor, w.reason, yes=yes),
    )


def _confirm_part(s: Scene, w: Words) -> tuple[Asked, Done]:
    return (
        lambda: desk.confirm_part(s.ledger, s.number, w.unit, w.reason, s.now, w.actor),
        lambda case: s.model.confirm_part(case, s.now, w.unit, w.reason),
    )


def _verify(s: Scene, w: Words) -> tuple[Asked, Done]:
    result = ("pass", "pass", "fail", "partly")[w.count]
    left = (w.unit,) if w.unit else ()
    return (
        lambda: desk.verify(
            s.ledger, s.number, s.now, w.actor, passed=result == "pass",
            partly=result == "partly", left=left, reason=w.reason,
        ),
        lambda case: s.model.verify(case, s.now, w.actor, result, left, w.reason),
    )  # fmt: skip


def _look_back(s: Scene, w: Words) -> tuple[Asked, Done]:
    return (
        lambda: desk.look_back(s.ledger, s.number, s.now, w.actor, passed=w.yes, reason=w.reason),
        lambda case: s.model.look_back(case, s.now, w.actor, w.reason, passed=w.yes),
    )


PLAYS: dict[str, Play] = {
    "file": _file,
    "reject": _reasoned(desk.reject, "reject"),
    "fix_on_spot": _fix_on_spot,
    "dispatch": _dispatch,
    "coordinate": _coordinate,
    "transfer": _transfer,
    "acknowledge": _plain(desk.acknowledge, "acknowledge"),
    "assign": _assign,
    "send_back": _reasoned(desk.send_back, "send_back"),
    "uphold": _uphold,
    "refuse": _refuse,
    "ask": _ask,
    "appeal": _appeal,
    "decide": _decide,
    "resume": _plain(desk.resume_by_hand, "resume"),
    "urge": _reasoned(desk.urge, "urge"),
    "submit": _reasoned(desk.submit, "submit"),
    "confirm_part": _confirm_part,
    "withdraw": _reasoned(desk.withdraw, "withdraw"),
    "verify": _verify,
    "publish": _plain(desk.publish, "publish"),
    "expose": _reasoned(desk.expose, "expose"),
    "look_back": _look_back,
    "reopen": _reasoned(desk.reopen, "reopen"),
    "take_over": _take_over,
    "merge": _merge,
    "split": _split,
    "cancel": _reasoned(desk.cancel, "cancel"),
    "reclassify": _reclassify,
    "note": _reasoned(desk.note, "note"),
    "record_cost": _record_cost,
}
ENDS = ("reject", "merge", "split", "cancel", "fix_on_spot")
"""Verbs after which a case has no more life in it."""
