"""还要不要发: whether a notice owed earlier still says something true."""

from models.case import Stage, Status
from models.notice import NoticeKind
from rules.agenda import HANDLING, STEP

OPENING = (
    NoticeKind.DISPATCHED, NoticeKind.ESCALATION, NoticeKind.UNDECIDED, NoticeKind.TAKEN_OVER,
    NoticeKind.ASSIGNED, NoticeKind.REWORK, NoticeKind.RELAPSED, NoticeKind.REOPENED,
)  # fmt: skip
"""Who was told one of these knows of the case, and is told when it is over."""

CLOSING = (NoticeKind.CLOSED, NoticeKind.ENDED)
"""These say that it is over."""

OVER = {Status.CLOSED, Status.REJECTED, Status.MERGED, Status.SPLIT, Status.CANCELLED}
_AFTERWARDS = {Stage.PUBLISH.value, Stage.LOOK_BACK.value}
"""Clocks that run when a case is over."""

LASTING = {
    NoticeKind.CLOSED,
    NoticeKind.DECIDED,
    NoticeKind.TRANSFERRED,
    NoticeKind.ESCALATION,
    NoticeKind.DISPATCHED,
    NoticeKind.ASSIGNED,
    NoticeKind.CONFIRMED,
    NoticeKind.TAKEN_OVER,
    NoticeKind.EXPOSED,
    NoticeKind.RECOMPUTED,
    NoticeKind.PROPOSED,
    NoticeKind.URGED,
    NoticeKind.SUMMARY,
    NoticeKind.ENDED,
}
"""Said whatever has happened since: somebody must know, or was told of the beginning."""

WAITING = {
    NoticeKind.UNDECIDED: Status.UNDECIDED,
    NoticeKind.RETURNED: Status.RETURNED,
    NoticeKind.SUBMITTED: Status.SUBMITTED,
    NoticeKind.REWORK: Status.REWORK,
    NoticeKind.RELAPSED: Status.REWORK,
    NoticeKind.REOPENED: Status.REWORK,
    NoticeKind.LOOK_BACK: Status.CLOSED,
    NoticeKind.RESUMED: Status.IN_PROGRESS,
}
"""Said only while the case still stands where it stood."""

OVERTAKEN = {
    NoticeKind.WITHDRAWN: {Status.SUBMITTED, Status.CLOSED},
}
"""Not said any more where the case is once again where it was taken back from."""

_STAGES: dict[str, Stage] = {stage.value: stage for stage in Stage}

_ABOUT = {
    NoticeKind.UNDECIDED: Stage.DISPATCH,
    NoticeKind.RETURNED: Stage.RULE,
    NoticeKind.SUBMITTED: Stage.VERIFY,
    NoticeKind.LOOK_BACK: Stage.LOOK_BACK,
}

_URGED = {Status.RETURNED: Stage.RULE, Status.SUBMITTED: Stage.VERIFY}
"""Who urges, urges whoever the case waits for."""


def about(kind: NoticeKind, stage: str | None, status: Status | None = None) -> Stage:
    """The clock a notice speaks of, whose due instant and next look it names."""
    if stage:
        return _STAGES[stage]
    if kind is NoticeKind.URGED and status in _URGED:
        return _URGED[status]
    return _ABOUT.get(kind, Stage.HANDLE)


def still_needed(
    kind: NoticeKind,
    stage: str | None,
    status: Status | None,
    *,
    runs: bool = True,
    told: bool = True,
) -> bool:
    """Whether a notice of `kind` (a reminder: about `stage`) is still to be sent.

    A reminder about handling is moot once the unit has submitted; an escalation only once the
    case is over. `runs` is whether the clock it speaks of still has an end: a closed case stays
    closed when it has been published, or looked back at. `told` is whether its reader may have
    heard of the case before: who was told nothing is not told that it is over.
    """
    if kind in CLOSING:
        return told
    if kind in OPENING and status in OVER and stage not in _AFTERWARDS:
        return False
    if kind in LASTING or status is None:
        return True
    if kind is NoticeKind.REMINDER:
        return runs and _waits_for(_STAGES[stage], status) if stage else True
    return _stands(kind, status, runs)


def _stands(kind: NoticeKind, status: Status, runs: bool) -> bool:
    if kind is NoticeKind.LOOK_BACK and not runs:
        return False
    if status in OVERTAKEN.get(kind, ()):
        return False
    return kind not in WAITING or status is WAITING[kind]


def _waits_for(stage: Stage, status: Status) -> bool:
    if stage is Stage.HANDLE:
        return status in HANDLING
    if stage is Stage.LOOK_BACK:
        return status is Status.CLOSED
    return STEP.get(status) is stage
