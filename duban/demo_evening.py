"""下班前: what lies on the desks when the play ends, so that whoever signs in has a day's work."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from importlib.resources import files

from ledger import desk
from ledger.database import Ledger
from ledger.worklist import OpenCase, open_cases, unpublished
from models.case import Status
from models.request import RequestKind
from rules.lifecycle import Moved, Refused

PAPER = "下班前交办.csv"
WAITING = timedelta(days=45)
"""So long a suspension is asked for."""

Ask = Callable[[Ledger, OpenCase, datetime, str], Moved | Refused | None]
"""Somebody of the leading unit asks about a case; None where there is nothing to ask."""


def paper() -> tuple[str, bytes]:
    """The last paper that comes in: its name, its bytes."""
    return PAPER, (files("deploy") / "demo" / PAPER).read_bytes()


def leave(ledger: Ledger, actors: Mapping[str, str], at: datetime) -> None:
    """Ask what nobody answers any more that day; `actors` are the units' contacts, by code."""
    for ask, among in (
        (_more_time, open_cases(ledger)),
        (_a_rest, open_cases(ledger)),
        (_not_ours, open_cases(ledger)),
        (_not_our_fault, unpublished(ledger)),
    ):
        _first(ledger, ask, among, at, actors)


def _first(
    ledger: Ledger, ask: Ask, among: Iterable[OpenCase], at: datetime, actors: Mapping[str, str]
) -> None:
    """Ask about the first case of which it can be asked."""
    for case in among:
        if case.asked is None and isinstance(
            ask(ledger, case, at, actors.get(case.unit, case.unit_name)), Moved
        ):
            return


def _more_time(ledger: Ledger, case: OpenCase, at: datetime, actor: str) -> Moved | Refused | None:
    if case.status is not Status.IN_PROGRESS or case.extensions:
        return None
    return desk.ask(ledger, case.number, RequestKind.EXTENSION, "所需配件尚未到货", at, actor)


def _a_rest(ledger: Ledger, case: OpenCase, at: datetime, actor: str) -> Moved | Refused | None:
    if case.status is not Status.IN_PROGRESS or case.suspensions:
        return None
    why = "管线迁改须待主管部门批复"
    return desk.ask(ledger, case.number, RequestKind.SUSPENSION, why, at, actor, until=at + WAITING)


def _not_ours(ledger: Ledger, case: OpenCase, at: datetime, actor: str) -> Moved | Refused | None:
    if case.status is not Status.DISPATCHED or case.unit != "csgl":
        return None
    return desk.send_back(ledger, case.number, "该路段由属地街道管护，不在我局养护范围", at, actor)


def _not_our_fault(
    ledger: Ledger, case: OpenCase, at: datetime, actor: str
) -> Moved | Refused | None:
    why = "因连日降雨无法施工，请求不计逾期"
    return desk.ask(ledger, case.number, RequestKind.APPEAL, why, at, actor)
