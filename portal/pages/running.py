"""运行情况: whether the rounds go and the channels take messages, in plain words."""

from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from ledger import pulse as pulses
from ledger.pulse import Line, Pulse
from ledger.reference import Reference
from models.delivery import DeliveryOutcome
from models.words import Words
from portal.channels import called
from portal.house import At, InHouse
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
    bad = [line for line in found.lines if not line.works]
    good = [line for line in found.lines if line.works]
    return render(
        request, "running/page.html", pulse=found, most=pulses.MOST,
        state=_state(found, reference, at), bad=[_refusing(line, reference, at) for line in bad],
        good=_by_kind(good),
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
            "请管理员检查 duban up 是否在运行。",
            f"The rounds are {behind.en} behind: the earliest look was due {when.en}. The "
            "administrator should check that duban up is running.",
        ),
    }


_REFUSES = {
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
