"""运行情况: whether the rounds go and the channels take messages, in plain words."""

from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from ledger import pulse as pulses
from ledger.heartbeats import all_beats
from ledger.pulse import MOST, Line, Pulse, Queue
from ledger.reference import Reference
from models.delivery import DeliveryOutcome
from models.words import Words
from portal.channels import called
from portal.house import At, InHouse
from portal.rounds import headline, heard_of, keeps, rounds
from portal.templating import render
from portal.watching import Keeper
from rules.spoken import moment, span

router = APIRouter()

_DAY = timedelta(days=1)


@router.get("/running")
def running(request: Request, house: InHouse, viewer: Keeper, at: At) -> Response:
    """How things run. The page asks again by itself."""
    reference = house.reference()
    found = pulses.pulse(house.ledger, viewer, reference, at)
    aside = heard_of(house.ledger, viewer)
    with house.ledger.snapshot() as connection:
        beats = all_beats(connection)
    bad = [line for line in found.lines if not line.works]
    good = [line for line in found.lines if line.works]
    return render(
        request, "running/page.html", pulse=found, most=pulses.MOST,
        state=_state(found, reference, at), bad=[_refusing(line, reference, at) for line in bad],
        good=_by_kind(good), beats=rounds(beats, at), aside=aside, keeps=keeps(viewer),
        alarm=headline([each.aside for each in aside], at, reference.zone),
        queues=[_queue(each, at, reference) for each in found.queues if _tells(each)],
    )  # fmt: skip


def _state(found: Pulse, reference: Reference, at: datetime) -> dict[str, Any]:
    """Whether the rounds keep up, in a sentence."""
    if found.goes:
        return {"kind": "good", "words": Words("巡查正常：到点的案件都已看过。",
                "The rounds keep up: every case whose time has come was looked at.")}  # fmt: skip
    oldest = found.oldest_look or at
    behind, when = span(at - oldest, _DAY), moment(oldest, at, reference.zone)
    return {
        "kind": "bad",
        "words": Words(
            f"巡查落后 {behind.zh}：最早一件应于{when.zh}巡查，还没有看。"
            "请管理员运行 duban doctor 查明原因。",
            f"The rounds are {behind.en} behind: the earliest look was due {when.en}. The "
            "administrator should ask duban doctor why.",
        ),
    }


def _tells(each: Queue) -> bool:
    """A limit alone is nothing to tell of while nothing waits."""
    return bool(each.exit.tap.failing_since or each.exit.shut_until or each.waiting)


def _queue(each: Queue, at: datetime, reference: Reference) -> dict[str, Any]:
    """How an outlet stands, in a sentence."""
    tap, zone, name = each.exit.tap, reference.zone, called(each.exit.shown)
    parts = [_fails(each, at, reference)] if tap.failing_since else []
    if each.exit.shut_until:
        lead = _PROBE if tap.failing_since else _LATER
        when = moment(each.exit.shut_until, at, zone)
        parts.append(Words(f"{lead.zh}{when.zh}", f"{lead.en}{when.en}"))
    parts.append(_pace(each))
    return {
        "kind": "bad" if tap.failing_since else "info",
        "shown": each.exit.shown,
        "words": Words(
            f"{name.zh}：{'；'.join(part.zh for part in parts)}",
            f"{name.en}: {'; '.join(part.en for part in parts)}",
        ),
    }


_PROBE = Words("下次试探 ", "next probe ")
_LATER = Words("对方要求稍等，", "asked to wait until ")


def _fails(each: Queue, at: datetime, reference: Reference) -> Words:
    since = moment(each.exit.tap.failing_since or at, at, reference.zone)
    answer = each.exit.answer.rstrip("。.")
    return Words(f"{since.zh} 起发不出去：{answer}", f"fails since {since.en}: {answer}")


def _pace(each: Queue) -> Words:
    """How many wait, and how long they take where there is a limit."""
    count = f"{each.waiting}+" if each.waiting >= MOST else str(each.waiting)
    per_minute = each.exit.tap.per_minute
    if not per_minute or not each.waiting:
        return Words(f"待发 {count} 条", f"{count} waiting")
    minutes = max(1, -(-each.waiting // per_minute))
    return Words(
        f"每分钟 {per_minute} 条，已排队 {count} 条，约 {minutes} 分钟发完",
        f"{per_minute} a minute, {count} in the queue, done in about {minutes} min",
    )


_REFUSES = {
    DeliveryOutcome.MISCONFIGURED: Words("配置有误", "is misconfigured"),
    DeliveryOutcome.TOO_FAST: Words("被告知发得太快", "is told to slow down"),
    DeliveryOutcome.PERMANENT: Words("拒收", "refuses"),
    DeliveryOutcome.TEMPORARY: Words("发不出去", "fails"),
    DeliveryOutcome.UNKNOWN: Words("没有答复", "does not answer"),
}


def _refusing(line: Line, reference: Reference, at: datetime) -> dict[str, Any]:
    """A channel that does not work, in a sentence."""
    name, since = called(line.channel), moment(line.since or line.last, at, reference.zone)
    does = _REFUSES.get(line.outcome, _REFUSES[DeliveryOutcome.UNKNOWN])
    return {
        "line": line,
        "words": Words(
            f"{line.unit}的{name.zh}自{since.zh}起{does.zh}：{line.answer}",
            f"The {name.en} of {line.unit} {does.en} since {since.en}: {line.answer}",
        ),
    }


def _by_kind(lines: list[Line]) -> list[dict[str, Any]]:
    """Channels that work, by what they are, with the newest success of each kind."""
    found: dict[Words, list[Line]] = {}
    for line in lines:
        found.setdefault(called(line.channel), []).append(line)
    return [
        {"words": words, "units": len({line.unit for line in mine}),
         "last": max(line.last for line in mine)}
        for words, mine in found.items()
    ]  # fmt: skip
