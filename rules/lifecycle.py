"""案卷生命周期: which verb moves a case from which status to which, as one table.

The table is the whole truth: what it does not list is refused. The diagram in
`docs/lifecycle.md` is printed from it (`python -m rules.lifecycle`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from models.case import Status
from models.verb import Verb
from models.words import Words

S = Status
V = Verb


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: from any of `sources`, `verb` leads to `to` (None: stays)."""

    sources: frozenset[Status]
    verb: Verb
    to: Status | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """The verb is allowed and leads here."""

    to: Status


@dataclass(frozen=True, slots=True)
class Refused:
    """The verb is not allowed now; the words say why and what can be done instead."""

    reason: Words


_NAMED: dict[str, Status] = {status.value: status for status in Status}


def _rows(*lines: tuple[str, Verb, Status | None, str]) -> tuple[Row, ...]:
    return tuple(
        Row(frozenset(_NAMED[name] for name in sources.split()), verb, to, note)
        for sources, verb, to, note in lines
    )


WORKING = "dispatched in_progress rework"
"""A unit holds the case and its handling clock runs."""
HELD = f"{WORKING} returned suspended submitted"
"""A unit has been made responsible, and the case is not closed."""
ONCE_HELD = f"{HELD} closed merged split cancelled"
"""A unit has had the case."""
OPEN = "reported filed undecided dispatched in_progress returned suspended submitted rework"
ANY = " ".join(Status)

TABLE: tuple[Row, ...] = _rows(
    ("reported", V.FILE, S.FILED, ""),
    ("reported", V.REJECT, S.REJECTED, "with a reason"),
    ("reported", V.FIX_ON_SPOT, S.CLOSED, "counted, no clock"),
    (OPEN, V.JOIN, None, "a duplicate joins and is counted"),
    ("filed undecided", V.DISPATCH, S.DISPATCHED, "the handling clock starts"),
    ("filed", V.HOLD, S.UNDECIDED, "no route, or two equal ones"),
    ("undecided returned", V.COORDINATE, S.DISPATCHED, "a meeting settles duty, finally"),
    (HELD, V.TRANSFER, S.DISPATCHED, "new unit, fresh clock"),
    ("dispatched", V.ACKNOWLEDGE, S.IN_PROGRESS, "within the signing limit"),
    ("rework", V.ACKNOWLEDGE, S.IN_PROGRESS, ""),
    (f"{WORKING} suspended", V.ASSIGN, None, "unit, section, person"),
    ("dispatched in_progress", V.SEND_BACK, S.RETURNED, "the clock keeps running"),
    ("returned", V.UPHOLD_RETURN, S.DISPATCHED, "new unit, fresh clock, old unit exempt"),
    ("returned", V.REFUSE_RETURN, S.DISPATCHED, "same unit, same clock"),
    ("in_progress rework", V.REQUEST_EXTENSION, None, "refused once overdue; at most two"),
    ("in_progress rework", V.EXTEND, None, "one original limit more, a new epoch"),
    ("in_progress rework", V.REQUEST_SUSPENSION, None, "refused once overdue; once"),
    ("in_progress rework", V.SUSPEND, S.SUSPENDED, "the clock rests, at most a year"),
    ("in_progress rework closed", V.REVIEW, None, "one of several who must agree"),
    ("in_progress rework", V.REFUSE_REQUEST, None, ""),
    ("suspended", V.RESUME, S.IN_PROGRESS, "by itself on its date, or earlier"),
    ("in_progress rework", V.SUBMIT, S.SUBMITTED, "the handling clock stops; lateness decided"),
    (f"{WORKING} submitted", V.CONFIRM_PART, None, "an assisting unit's part"),
    ("submitted", V.WITHDRAW, S.IN_PROGRESS, "before verification only"),
    ("submitted", V.VERIFY_PASS, S.CLOSED, ""),
    ("submitted", V.VERIFY_PARTLY, S.REWORK, "what is left, under the rework limit"),
    ("submitted", V.VERIFY_FAIL, S.REWORK, "counted, under the rework limit"),
    ("closed", V.PUBLISH, None, ""),
    ("closed", V.DRAW, None, "for a look-back, by another inspector"),
    ("closed", V.LOOK_BACK_PASS, None, ""),
    ("closed", V.LOOK_BACK_FAIL, S.REWORK, "反弹, one level higher"),
    ("closed", V.REQUEST_APPEAL, None, "late cases only, once"),
    ("closed", V.UPHOLD_APPEAL, None, "out of the statistics; the lateness stays"),
    ("closed", V.REFUSE_APPEAL, None, ""),
    ("closed", V.REOPEN, S.REWORK, "under the rework limit"),
    (HELD, V.URGE, None, ""),
    (HELD, V.TAKE_OVER, None, "a unit above leads, one level higher"),
    (OPEN, V.EXPOSE, None, ""),
    ("closed", V.EXPOSE, None, ""),
    (OPEN, V.MERGE, S.MERGED, "into a named open case"),
    (OPEN, V.SPLIT, S.SPLIT, "into new cases"),
    (OPEN, V.CANCEL, S.CANCELLED, "with a reason"),
    (OPEN, V.REMIND, None, "by follow-up"),
    (OPEN, V.ESCALATE, None, "by follow-up"),
    ("closed", V.REMIND, None, "publication and look-back"),
    ("closed", V.ESCALATE, None, "publication and look-back"),
    (OPEN, V.RECLASSIFY, None, "the limit follows the category"),
    (OPEN, V.RECOMPUTE, None, "calendar, hours, limit or policy changed"),
    ("closed", V.RECOMPUTE, None, "publication and look-back"),
    (ONCE_HELD, V.PROPOSE, None, "by the engine"),
    (ONCE_HELD, V.MEASURE, None, "by a supervisor, with its document number"),
    (ANY, V.NOTE, None, ""),
    (ANY, V.RECORD_COST, None, "advanced, settled"),
)

MOVES: dict[tuple[Status, Verb], Status] = {
    (source, row.verb): row.to or source for row in TABLE for source in row.sources
}

OPEN_STATUSES = frozenset(_NAMED[name] for name in OPEN.split())
FINAL_STATUSES = frozenset(Status) - OPEN_STATUSES - {Status.CLOSED}


def move(status: Status, verb: Verb) -> Moved | Refused:
    """Where `verb` leads from `status`, or why it cannot be done now."""
    to = MOVES.get((status, verb))
    return Moved(to) if to is not None else Refused(_refusal(status, verb))


def allowed(status: Status) -> list[Verb]:
    """Every verb the table admits from `status`, in the table's order."""
    return [row.verb for row in TABLE if status in row.sources]


def _refusal(status: Status, verb: Verb) -> Words:
    sources = _in_order(source for source, known in MOVES if known == verb)
    return Words(
        f"案件现为“{status.words.zh}”，不能{verb.words.zh}。"
        f"{verb.words.zh}须在：{'、'.join(s.words.zh for s in sources) or '立案前'}。",
        f"The case is {status.words.en}; it cannot be done: {verb.words.en}. "
        f"That needs a case that is: {', '.join(s.words.en for s in sources) or 'not yet filed'}.",
    )


HEADING = """# The life of a case 案卷生命周期

Printed from the one table in `rules/lifecycle.py` by `make docs`; change the table, not this
page. What the table does not list is refused. The diagram leaves out what any open case admits
(merge, split, cancel) and what moves nothing; the table below it has every row.

"""


def page() -> str:
    """The page of the documentation, `docs/lifecycle.md`, whole."""
    return HEADING + markdown()


def markdown() -> str:
    """The table and its diagram as Markdown."""
    return "\n".join([*_diagram(), "", *_table(TABLE), ""])


def _diagram() -> Iterator[str]:
    yield "```mermaid"
    yield "stateDiagram-v2"
    for status in Status:
        yield f"    {status.name}: {status.words.zh}<br/>{status.words.en}"
    yield "    [*] --> REPORTED"
    for row in TABLE:
        if row.to is None or len(row.sources) > len(WORKING.split()):
            continue
        for source in _in_order(row.sources):
            yield f"    {source.name} --> {row.to.name}: {row.verb.words.en}"
    yield "```"


def _table(rows: Iterable[Row]) -> Iterator[str]:
    yield "| from | verb | to | note |"
    yield "|---|---|---|---|"
    for row in rows:
        sources = ", ".join(f"{s.words.zh} {s.words.en}" for s in _in_order(row.sources))
        to = f"{row.to.words.zh} {row.to.words.en}" if row.to else "stays"
        yield f"| {sources} | {row.verb.words.zh} `{row.verb.value}` | {to} | {row.note} |"


def _in_order(statuses: Iterable[Status]) -> list[Status]:
    return sorted(statuses, key=list(Status).index)


if __name__ == "__main__":
    print(page(), end="")
