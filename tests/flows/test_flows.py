"""Each flow runs as of an instant, does its part once, and leaves behind what it did and why."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterKey,
    FlowRunFilter,
    TaskRunFilter,
    TaskRunFilterTags,
)
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
from ledger import heartbeats
from ledger.database import DatabaseTrouble
from models.escalation import Escalation
from models.words import Trouble
from rules.heartbeat import shares
from tasks import forgetting, nudging
from tasks.react import TAG, react
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
        assert set(run.parameters) <= {"at", "share", "of"}
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


def test_a_round_leaves_its_heartbeat_and_one_that_fails_says_why(
    city: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow_up(city.now)
    [beat] = beats(city, "follow-up")
    assert (beat.runs, beat.failures, beat.error) == (1, 0, "")
    assert beat.at is not None

    def broken(*_: Any, **__: Any) -> None:
        raise Trouble("坏了", "broken")

    monkeypatch.setattr("ledger.measures.propose", broken)
    with pytest.raises(Trouble):
        follow_up(city.now)
    [after] = beats(city, "follow-up")
    assert (after.runs, after.failures, after.at) == (1, 1, beat.at)
    assert "broken" in after.error or "坏了" in after.error
    with pytest.raises(Trouble):
        follow_up(city.now, share=1, of=2)
    [share] = beats(city, "follow-up-1")
    assert (share.runs, share.failures) == (0, 1)


def test_a_part_of_the_round_that_fails_does_not_keep_the_later_ones_from_their_work(
    city: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.report("人民路1号", "垃圾桶满溢")

    def broken(*_: Any, **__: Any) -> None:
        raise Trouble("坏了", "broken")

    monkeypatch.setattr("ledger.sweeps.follow_up", broken)
    with pytest.raises(Trouble):
        sweep(city.now)
    assert city.told("bob")
    assert [beat.failures for beat in beats(city, "follow-up", "sweep")] == [1, 1]
    [sent] = beats(city, "deliver")
    assert sent.done["sent"] >= 1


def test_two_shares_are_together_the_whole_of_the_work(city: World) -> None:
    for n in range(8):
        city.report(f"人民路{n}号", "垃圾桶满溢", limit="3工作日")
    due = instant("2026-09-30 18:00")
    done = [follow_up(due, share=share, of=2).get("escalated", 0) for share in (1, 2)]
    assert {beat.runs for beat in beats(city, *shares("follow-up", 2))} == {1}
    assert sum(done) == len([row for row in city.rows(Escalation) if row.level == 1]) == 8
    assert all(done)


def test_a_nudge_asks_for_one_reaction_however_often_it_is_given(city: World) -> None:
    asked = [nudging.ask(), nudging.ask()]
    assert asked == [True, False]
    city.report("人民路1号", "垃圾桶满溢", limit="2紧急工作时")
    assert react.fn()["sent"] >= 1
    assert [beat.runs for beat in beats(city, "react")] == [1]


def test_reactions_of_yesterday_are_forgotten_and_those_of_today_are_not(
    city: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept() -> int:
        mine = TaskRunFilter(tags=TaskRunFilterTags(all_=[TAG]))
        with get_client(sync_client=True) as client:
            return len(client.read_task_runs(task_run_filter=mine))

    nudging.ask()
    assert forgetting.forget_reactions.fn() == 0
    before = kept()
    monkeypatch.setattr(forgetting, "KEPT", -timedelta(minutes=1))
    assert forgetting.forget_reactions.fn() == before > 0
    assert kept() == 0


def test_where_no_server_is_named_nobody_is_nudged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert nudging.nudger() is None


def beats(city: World, *names: str) -> list[heartbeats.Beat]:
    """The heartbeats of these rounds."""
    with city.ledger.snapshot() as connection:
        return [beat for beat in heartbeats.all_beats(connection) if beat.name in names]
