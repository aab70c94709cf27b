"""`deploy/prefect.yaml` is the one place that says which flows run and when."""

import pytest
from prefect.flows import Flow, load_flow_from_entrypoint

from duban.serving import declared, deployments

DECLARED = {one["name"]: one for one in declared()}
IN_TURN = {"look-back", "alarm", "archive"}
"""What must not fall away because another of its kind is running."""


def test_every_flow_is_declared() -> None:
    assert set(DECLARED) == {
        "sweep", "audit", "look-back", "archive", "incoming", "alarm", "intake", "dispatch",
        "follow-up", "deliver",
    }  # fmt: skip


@pytest.mark.parametrize("name", DECLARED)
def test_an_entrypoint_is_dotted_and_names_the_flow_of_that_name(name: str) -> None:
    entrypoint = DECLARED[name]["entrypoint"]
    assert "/" not in entrypoint
    flow = load_flow_from_entrypoint(entrypoint)
    assert isinstance(flow, Flow)
    assert flow.name == name


@pytest.mark.parametrize("name", DECLARED)
def test_a_run_is_never_joined_by_another_of_its_kind(name: str) -> None:
    limit = DECLARED[name]["concurrency_limit"]
    strategy = "ENQUEUE" if name in IN_TURN else "CANCEL_NEW"
    assert limit == {"limit": 1, "collision_strategy": strategy}


@pytest.mark.parametrize("name", DECLARED)
def test_no_run_may_last_for_ever(name: str) -> None:
    flow = load_flow_from_entrypoint(DECLARED[name]["entrypoint"])
    assert flow.timeout_seconds is not None
    assert 0 < flow.timeout_seconds <= 7200


@pytest.mark.parametrize("name", DECLARED)
def test_a_deployment_has_a_pool_a_queue_and_no_parameters(name: str) -> None:
    one = DECLARED[name]
    assert one["work_pool"]["name"] == "duban"
    heavy = name in {"audit", "look-back", "archive"}
    assert one["work_pool"]["work_queue_name"] == ("heavy" if heavy else "rounds")
    assert one["parameters"] == {}
    assert bool(one["schedules"]) is (name != "alarm"), "nothing plans an alarm"


def test_mail_is_fetched_every_two_minutes_only_where_there_is_a_mailbox(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DUBAN_IMAP_URL", "imaps://duban:secret@mail.example/INBOX")
    served = {one.name: one for one in deployments()}
    assert served["incoming"].schedules[0].schedule.interval.total_seconds() == 120
    monkeypatch.delenv("DUBAN_IMAP_URL")
    assert "incoming" not in {one.name for one in deployments()}


def test_one_machine_serves_the_round_each_minute_the_self_check_and_the_daily_draw() -> None:
    served = {one.name: one for one in deployments()}
    assert set(served) == {"sweep", "audit", "look-back", "archive"}
    assert served["sweep"].schedules[0].schedule.interval.total_seconds() == 60
    assert served["audit"].schedules[0].schedule.cron == "20 * * * *"
    draw = served["look-back"].schedules[0].schedule
    assert (draw.cron, draw.timezone) == ("30 6 * * *", "Asia/Shanghai")
    assert served["sweep"].entrypoint == "flows.sweep.sweep"
    assert served["sweep"].concurrency_limit == 1
