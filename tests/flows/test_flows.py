"""Each flow runs as of an instant, does its part once, and leaves behind what it did and why."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, FlowRunFilter
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.flow_engine import run_flow
from prefect.states import Scheduled

from flows.audit import audit
from flows.deliver import deliver
from flows.dispatch import dispatch
from flows.follow_up import follow_up
from flows.intake import intake
from flows.sweep import sweep
from ledger.database import DatabaseTrouble
from models.words import Trouble
from tasks.retrying import RETRY, worth_it
from tests.world import World, instant

FRIDAY = instant("2026-09-25 00:00")
PAPER = "点位,存在问题,责任单位,整改时限\n人民路1号,垃圾桶满溢,城管局,3工作日\n"


def last_runs(count: int = 1) -> list[FlowRun]:
    """The newest flow runs, newest first."""
    with get_client(sync_client=True) as client:
        return client.read_flow_runs(
            flow_run_filter=FlowRunFilter(), sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=count
        )


def table_left(key: str) -> list[dict[str, Any]]:
    """The newest artifact table of a flow."""
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
        )
    newest = max(found, key=lambda artifact: artifact.created)
    return list(json.loads(newest.data))


def test_a_round_is_intake_dispatch_follow_up_and_delivery_in_this_order(
    city: World, tmp_path: Path
) -> None:
    (tmp_path / "inbox" / "ledger.csv").write_text(PAPER, "utf-8")
    counts = sweep(city.now)
    assert counts["accepted"] == 1
    assert counts["sent"] >= 1
    assert "人民路1号" in city.told("bob")[0].body
    assert (tmp_path / "inbox" / "done" / "ledger.csv").exists()
    names = [run.name.split()[0] for run in last_runs(5)]
    assert sorted(names) == ["deliver", "dispatch", "follow-up", "intake", "sweep"]
    started = sorted(last_runs(5), key=lambda run: run.start_time or run.created)
    assert [run.name.split()[0] for run in started] == [
        "sweep", "intake", "dispatch", "follow-up", "deliver",
    ]  # fmt: skip


def test_a_round_repeated_does_nothing_more(city: World, tmp_path: Path) -> None:
    (tmp_path / "inbox" / "ledger.csv").write_text(PAPER, "utf-8")
    sweep(city.now)
    told = city.told()
    (tmp_path / "inbox" / "again.csv").write_text(PAPER, "utf-8")
    again = sweep(city.now)
    assert {name for name, count in again.items() if count} == set()
    assert city.told() == told
    assert city.proven()


def test_each_level_is_a_row_of_the_run_that_reached_it_and_its_name_says_how_many(
    city: World,
) -> None:
    number = city.report("人民路1号", "垃圾桶满溢", limit="3工作日")
    due = instant("2026-09-30 18:00")
    counts = follow_up(due)
    assert counts["escalated"] >= 1
    assert "escalated" in last_runs()[0].name
    reached = [row for row in table_left("follow-up") if row["level"] == 1]
    assert number in {row["case"] for row in reached}
    assert all(row["rule"] and row["planned"] and row["outcome"] for row in reached)


def test_papers_deliveries_and_dispatches_are_told_by_their_runs(
    city: World, tmp_path: Path
) -> None:
    (tmp_path / "inbox" / "ledger.csv").write_text(PAPER, "utf-8")
    (tmp_path / "inbox" / "broken.xlsx").write_bytes(b"no book")
    lines = {line["paper"]: line for line in intake(city.now)}
    assert lines["ledger.csv"]["accepted"] == 1
    assert lines["broken.xlsx"]["trouble"]
    assert (tmp_path / "inbox" / "failed" / "broken.xlsx").exists()
    assert "2 papers" in last_runs()[0].name
    dispatch(city.now)
    assert last_runs()[0].name.startswith("dispatch 09-24 07:00Z: ")
    assert deliver(city.now)["sent"] >= 1
    assert "sent" in last_runs()[0].name
    assert table_left("deliver")[0]["sent"] >= 1


def test_the_self_check_names_what_was_not_done(city: World) -> None:
    city.report("人民路1号", "垃圾桶满溢")
    found = audit(FRIDAY + timedelta(days=20))
    assert any("looks overdue" in str(line["what"]) for line in found)
    assert "ailments" in last_runs()[0].name
    assert [line["what"] for line in table_left("audit")] == [line["what"] for line in found]


def test_a_run_that_starts_too_late_leaves_the_work_to_a_newer_one_and_says_so(
    city: World, tmp_path: Path
) -> None:
    (tmp_path / "inbox" / "ledger.csv").write_text(PAPER, "utf-8")
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    with get_client(sync_client=True) as client:
        late = client.create_flow_run(sweep, state=Scheduled(scheduled_time=hour_ago))
        assert run_flow(sweep, flow_run=late, parameters={"at": None}) == {}
        assert "stale" in client.read_flow_run(late.id).name
    assert (tmp_path / "inbox" / "ledger.csv").exists()


def test_no_run_keeps_where_the_ledger_is(city: World) -> None:
    sweep(city.now)
    for run in last_runs(5):
        assert set(run.parameters) == {"at"}
        assert "sqlite" not in str(run.model_dump())


@pytest.mark.parametrize(
    ("wrong", "times"),
    [
        (DatabaseTrouble("断了", "gone"), 3),
        (Trouble("不行", "no"), 1),
    ],
    ids=["a lost database", "a refusal"],
)
def test_only_what_may_be_better_in_a_minute_is_tried_again(
    prefect_server: None, wrong: Trouble, times: int
) -> None:
    tries = []

    @task(retry_condition_fn=worth_it, **RETRY | {"retry_delay_seconds": 0})
    def work() -> int:
        tries.append(1)
        if len(tries) < 3:
            raise wrong
        return len(tries)

    @flow
    def around() -> int:
        return work()

    if times == 1:
        with pytest.raises(Trouble):
            around()
    else:
        assert around() == times
    assert len(tries) == times
