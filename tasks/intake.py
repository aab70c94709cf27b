"""收件: take in the papers that lie in the inbox."""

from datetime import datetime

from prefect import task

from models.finding import FindingOutcome
from tasks.papers import Taken, take_inbox
from tasks.retrying import RETRY, worth_it
from tasks.surroundings import home, ledger

Line = dict[str, str | int]


@task(
    task_run_name="papers of the inbox as of {at}",
    timeout_seconds=900,
    retry_condition_fn=worth_it,
    **RETRY,
)
def take_papers(at: datetime) -> list[Line]:
    """Take in every paper of the inbox; one line for each, with its counts or its trouble."""
    inbox = home() / "inbox"
    return [_line(name, taken) for name, taken in take_inbox(ledger(), inbox, at)]


def _line(name: str, taken: Taken | str) -> Line:
    if isinstance(taken, str):
        return {"paper": name, "trouble": taken}
    return {"paper": name} | {o.value: taken.count(o) for o in FindingOutcome}
