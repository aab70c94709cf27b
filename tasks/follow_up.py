"""巡查: look at the cases whose time has come, then at the units whose cards call for more."""

import os
from datetime import datetime

from prefect import task

from ledger import measures, sweeps
from models.case import SHARDS
from tasks.retrying import RETRY, worth_it
from tasks.surroundings import ledger


@task(
    task_run_name="look at what is due as of {at}",
    retry_condition_fn=worth_it,
    **RETRY,
)
def look_at_due(at: datetime, shards: list[int]) -> dict[str, int]:
    """Judge the due cases of some shards batch by batch until none is left; counts what was done.

    Several hands may work at once, even at the same shards: each claims what the others have not.
    """
    return dict(sweeps.follow_up(ledger(), at, shards=shards))


@task(
    task_run_name="propose measures as of {at}",
    retry_condition_fn=worth_it,
    **RETRY,
)
def propose_measures(at: datetime) -> int:
    """Propose interviews for units whose cards and levels call for it; gives how many."""
    return measures.propose(ledger(), at)


def parts(share: int, of: int) -> list[list[int]]:
    """The shards of one share among `of`, in as many parts as DUBAN_SHARDS says.

    SQLite lets only one write at a time: there it is one part.
    """
    mine = [shard for shard in range(SHARDS) if shard % of == share - 1]
    wished = int(os.environ.get("DUBAN_SHARDS", "4")) if ledger().postgresql else 1
    count = max(1, min(wished, len(mine)))
    return [mine[place::count] for place in range(count)]
