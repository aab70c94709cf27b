"""巡查: look at the cases whose time has come, then at the units whose cards call for more."""

from datetime import datetime

from prefect import task

from ledger import measures, sweeps
from tasks.retrying import RETRY, worth_it
from tasks.surroundings import ledger


@task(
    task_run_name="look at what is due as of {at}, hand {hand}",
    retry_condition_fn=worth_it,
    **RETRY,
)
def look_at_due(at: datetime, hand: int = 1) -> dict[str, int]:
    """Judge due cases batch by batch until none is left; counts what was done.

    Several hands may work at once: each claims what the others have not.
    """
    return dict(sweeps.follow_up(ledger(), at))


@task(
    task_run_name="propose measures as of {at}",
    retry_condition_fn=worth_it,
    **RETRY,
)
def propose_measures(at: datetime) -> int:
    """Propose interviews for units whose cards and levels call for it; gives how many."""
    return measures.propose(ledger(), at)


def hands() -> int:
    """How many hands are worth having: SQLite lets only one write at a time."""
    return 2 if ledger().postgresql else 1
