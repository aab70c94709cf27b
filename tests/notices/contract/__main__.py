"""Print the contract: channel × case, ours and what Apprise's own plugins claim."""

import logging
import os
from collections.abc import Callable, Iterable, Sequence

from tests.notices.contract.subjects import SUBJECTS
from tests.notices.contract.suite import ACCEPTED, Case, Subject, claimed, meet

Cell = Callable[[Subject, Case], str]
NONE = "·"


def main() -> None:
    """Both tables as Markdown on standard output."""
    os.environ["NO_PROXY"] = "*"
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    print("### Our channels\n")
    print(table(SUBJECTS, _ours))
    print("\n### Apprise's own plugins, on the same stand-ins\n")
    theirs = [subject for subject in SUBJECTS if subject.theirs]
    print(table(theirs, _theirs))


def table(subjects: Sequence[Subject], cell: Cell) -> str:
    """One row per case, one column per channel; what a channel does not have is a point."""
    rows = [["case", *(subject.name for subject in subjects)], ["---"] * (len(subjects) + 1)]
    for name in _names(subjects):
        rows.append([name, *(_found(subject, name, cell) for subject in subjects)])
    return "\n".join(_line(row) for row in rows)


def _names(subjects: Sequence[Subject]) -> list[str]:
    """What all have first, then what each service refuses for, then the faults of the line."""
    parts = (
        [case for subject in subjects for case in ACCEPTED],
        [case for subject in subjects for case in subject.refusals],
        [case for subject in subjects for case in subject.faults],
    )
    return list(dict.fromkeys(case.name for part in parts for case in part))


def _found(subject: Subject, name: str, cell: Cell) -> str:
    case = next((case for case in subject.cases if case.name == name), None)
    return cell(subject, case) if case else NONE


def _ours(subject: Subject, case: Case) -> str:
    answer, _ = meet(subject, case)
    mark = "" if answer.outcome in case.outcomes else " ✗"
    again = f" {answer.again.total_seconds():g} s" if answer.again else ""
    return f"{answer.outcome.value}{again}{mark}"


def _theirs(subject: Subject, case: Case) -> str:
    delivered, taken = claimed(subject, case)
    if delivered and not taken:
        return "**True: a lie**"
    return str(delivered)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
