"""还要不要发: whether a notice owed earlier still says something true."""

from models.case import Stage, Status
from models.notice import NoticeKind
from rules.agenda import HANDLING, STEP

LASTING = {
    NoticeKind.CLOSED,
    NoticeKind.DECIDED,
    NoticeKind.TRANSFERRED,
    NoticeKind.ESCALATION,
    NoticeKind.DISPATCHED,
}
"""Said whatever has happened since: somebody must know, or was told of the beginning."""

WAITING = {
    NoticeKind.UNDECIDED: Status.UNDECIDED,
    NoticeKind.RETURNED: Status.RETURNED,
    NoticeKind.SUBMITTED: Status.SUBMITTED,
    NoticeKind.REWORK: Status.REWORK,
    NoticeKind.LOOK_BACK: Status.CLOSED,
}
"""Said only while the case still stands where it stood."""


_STAGES: dict[str, Stage] = {stage.value: stage for stage in Stage}


_ABOUT = {
    NoticeKind.UNDECIDED: Stage.DISPATCH,
    NoticeKind.RETURNED: Stage.RULE,
    NoticeKind.SUBMITTED: Stage.VERIFY,
    NoticeKind.LOOK_BACK: Stage.VERIFY,
}


def about(kind: NoticeKind, stage: str | None) -> Stage:
    """The clock a notice speaks of, whose due instant and next look it names."""
    return _STAGES[stage] if stage else _ABOUT.get(kind, Stage.HANDLE)


def still_needed(kind: NoticeKind, stage: str | None, status: Status) -> bool:
    """Whether a notice of `kind` (a reminder: about `stage`) is still to be sent.

    A reminder about handling is moot once the unit has submitted; an escalation never is.
    """
    if kind in LASTING:
        return True
    if kind is NoticeKind.REMINDER:
        return _runs(_STAGES[stage], status) if stage else True
    return kind not in WAITING or status is WAITING[kind]


def _runs(stage: Stage, status: Status) -> bool:
    return status in HANDLING if stage is Stage.HANDLE else STEP.get(status) is stage
