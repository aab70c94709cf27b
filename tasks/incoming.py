"""收信: fetch what lies unseen in the mailbox, and take it in."""

from datetime import datetime

from prefect import task

from tasks.mailbox import take_all
from tasks.receiving import Post
from tasks.retrying import RETRY, worth_it
from tasks.surroundings import ledger, mail_domain, mailbox, store, vault


@task(
    task_run_name="fetch mail as of {at}",
    timeout_seconds=900,
    retry_condition_fn=worth_it,
    **RETRY,
)
def fetch_mail(at: datetime) -> dict[str, int]:
    """Take in every unseen mail; counts them by what they were. Nothing where no mailbox is set."""
    if not mailbox():
        return {}
    return dict(take_all(Post(ledger(), store(), vault(), mail_domain()), mailbox(), at))
