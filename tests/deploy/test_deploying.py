"""`duban deploy`: one file says what runs; how many workers there are says which part of it."""

from uuid import uuid4

import httpx
import pytest
from prefect.events.actions import RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger
from typer.testing import CliRunner

from duban.automations import Watch, automations
from duban.deploying import Plan, Planned, add_to, deploy, planned
from models.case import SHARDS
from models.words import Trouble

ONE = planned(1, mail=False)
THREE = planned(3, mail=True)
ALARM = uuid4()


def active(plan: Plan) -> set[str]:
    return {one.name for one in plan.deployments if one.active}


def named(plan: Plan) -> dict[str, Planned]:
    return {one.name: one for one in plan.deployments}


def test_one_worker_runs_whole_rounds() -> None:
    assert active(ONE) == {"sweep", "audit", "look-back", "archive"}
    assert named(ONE)["follow-up"].parameters == {}


def test_several_share_the_parts_of_a_round_and_the_round_rests() -> None:
    assert active(THREE) == {
        "audit", "look-back", "archive", "incoming", "intake", "dispatch",
        "follow-up-1", "follow-up-2", "follow-up-3", "deliver",
    }  # fmt: skip
    assert "follow-up" not in named(THREE)


@pytest.mark.parametrize("workers", [2, 3, 64])
def test_every_shard_is_somebodys_and_only_one_persons(workers: int) -> None:
    told = [one.parameters for one in planned(workers, mail=False).deployments if one.parameters]
    shares = [(said["share"], said["of"]) for said in told]
    for shard in range(SHARDS):
        assert len([s for s, of in shares if shard % of == s - 1]) == 1


def test_a_backlog_of_letters_is_worked_off_by_as_many_as_there_are() -> None:
    assert named(THREE)["deliver"].limit == 3
    assert {one.limit for one in THREE.deployments if one.name != "deliver"} == {1}


def test_the_parts_of_a_round_begin_in_its_order_within_a_minute() -> None:
    begin = {
        name: one.schedules[0].anchor_date
        for name, one in named(THREE).items()
        if "part" in one.tags
    }
    order = sorted(begin, key=lambda name: str(begin[name]))
    assert order == ["intake", "dispatch", "follow-up-1", "follow-up-2", "follow-up-3", "deliver"]


def test_an_audit_never_holds_up_a_round() -> None:
    queues = {queue.name: queue for queue in ONE.queues}
    assert queues["rounds"].priority < queues["heavy"].priority
    assert queues["rounds"].concurrency_limit is None
    assert queues["heavy"].concurrency_limit == 1
    heavy = {one.name for one in THREE.deployments if one.queue == "heavy"}
    assert heavy == {"audit", "look-back", "archive"}


# -- automations -------------------------------------------------------------------------------


def trigger(automation: AutomationCore) -> EventTrigger:
    assert isinstance(automation.trigger, EventTrigger)
    return automation.trigger


def of(plan: Plan, watch: Watch | None = None) -> dict[str, AutomationCore]:
    return {one.name: one for one in automations(plan, ALARM, watch or Watch(None))}


def test_a_round_that_stays_away_is_told_and_only_those_that_come_each_minute_are_missed() -> None:
    assert {name for name in of(ONE) if "is late" in name} == {"duban: sweep is late"}
    assert {name for name in of(THREE) if "is late" in name} == {
        f"duban: {name} is late"
        for name in ("dispatch", "follow-up-1", "follow-up-2", "follow-up-3", "deliver")
    }


def test_what_comes_once_a_day_is_never_dropped_for_being_late() -> None:
    dropped = trigger(of(ONE)["duban: a round that is too late is dropped"])
    rounds = str(dropped.match_related)
    assert "sweep" in rounds
    assert "look-back" not in rounds
    assert "audit" not in rounds


def test_an_alarm_that_fails_rings_no_alarm() -> None:
    assert "duban" not in named(ONE)["alarm"].tags
    failed = trigger(of(ONE)["duban: a run has failed"])
    assert "prefect.tag.duban" in str(failed.match_related)


def test_an_alarm_names_the_share_and_not_only_its_flow() -> None:
    rings = [
        str(action.parameters)
        for one in of(THREE).values()
        for action in one.actions
        if isinstance(action, RunDeployment)
    ]
    assert any("'follow-up-2'" in said for said in rings)
    assert any("{{ deployment.name }}" in said for said in rings)


def test_nobody_is_written_to_by_prefect_itself() -> None:
    kinds = {action.type for one in of(THREE).values() for action in one.actions}
    assert kinds == {"change-flow-run-state", "run-deployment"}


def test_the_watch_outside_is_called_by_the_server_when_no_worker_may_be_left() -> None:
    block = uuid4()
    calls = {name: [a.type for a in one.actions] for name, one in of(ONE, Watch(block)).items()}
    assert calls["duban: sweep is late"] == ["run-deployment", "call-webhook"]
    assert "call-webhook" not in calls["duban: a run has failed"]


def test_a_dead_run_is_found_after_three_heartbeats_that_did_not_come() -> None:
    crashed = trigger(of(ONE)["duban: a run without a heartbeat has crashed"])
    assert 90 < crashed.within.total_seconds() <= 120
    assert crashed.for_each == {"prefect.resource.id"}


def test_a_run_killed_before_its_first_heartbeat_gives_up_its_place_too() -> None:
    unborn = of(ONE)["duban: a run that never began has crashed"]
    assert trigger(unborn).after == {"prefect.flow-run.Pending"}
    assert "prefect.flow-run.Running" in trigger(unborn).expect
    assert [action.type for action in unborn.actions] == ["change-flow-run-state"]


# -- the command -------------------------------------------------------------------------------


def test_without_a_server_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    import typer

    from models.words import Trouble

    app = typer.Typer()
    app.callback()(lambda: None)
    add_to(app)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    answer = CliRunner().invoke(app, ["deploy"])
    assert isinstance(answer.exception, Trouble)
    assert "PREFECT_API_URL" in answer.exception.words.en
    monkeypatch.setenv("PREFECT_API_URL", "http://user:secret@127.0.0.1:9/api")
    answer = CliRunner().invoke(app, ["deploy"])
    assert isinstance(answer.exception, Trouble)
    assert "secret" not in str(answer.exception)


def test_a_server_without_its_database_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = httpx.Request("POST", "http://127.0.0.1:4200/api/work_pools/")
    answer = httpx.Response(500, request=request)

    def broken(*_: object) -> None:
        raise httpx.HTTPStatusError("Server error", request=request, response=answer)

    monkeypatch.setattr("duban.deploying._there_is_a_server", lambda: None)
    monkeypatch.setattr("duban.registering.register", broken)
    with pytest.raises(Trouble, match="HTTP 500"):
        deploy(workers=1)
