"""告警: what Prefect's server found about a run is written where people look, and told outside."""

from prefect import get_run_logger, task

from tasks import beating


@task(task_run_name="tell that {of} is {why}")
def ring(of: str, why: str) -> None:
    """Tell that the round `of` stumbled: a line in the log, its heartbeat, the watch outside.

    A round that fails by itself says so too; this one also speaks for those that were killed, or
    never came. Best effort: the ledger may be what is wrong.
    """
    get_run_logger().error("duban alarm round=%s why=%s", of, why)
    beating.alarm(of, why)
