"""存档: once a day, what was sent about cases closed long ago leaves the outbox."""

import os
from datetime import datetime

from prefect import task

from ledger import archive
from ledger.reference import zone
from tasks.retrying import RETRY, worth_it
from tasks.surroundings import ledger

AFTER_YEARS = 2
"""Where DUBAN_ARCHIVE_AFTER_YEARS does not say."""


@task(
    task_run_name="archive as of {at}",
    timeout_seconds=3600,
    retry_condition_fn=worth_it,
    **RETRY,
)
def move_to_archive(at: datetime) -> dict[str, int]:
    """Move what is old enough as of `at`; counts what was moved. Begun anew, it goes on."""
    kept = int(os.environ.get("DUBAN_ARCHIVE_AFTER_YEARS", AFTER_YEARS))
    before = archive.cutoff(at, kept, zone(ledger()))
    return dict(archive.archive(ledger(), before)) if before else {}
