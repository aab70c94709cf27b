"""The alerts that are shipped: rules as Prometheus reads them, over figures that there are."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.shown import Shown, parsed, selectors

FOLDER = Path(__file__).parents[2] / "deploy" / "monitoring"
GROUPS = yaml.safe_load((FOLDER / "alerts.yaml").read_text("utf-8"))["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
DURATION = re.compile(r"\d+[smhd]")
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_has_the_shape_prometheus_reads(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"[A-Z]\w+", rule["alert"])
    assert DURATION.fullmatch(rule.get("for", "5m"))
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert {"summary", "description", "runbook_url"} == set(rule["annotations"])
    assert parsed(rule["expr"])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_whoever_is_called_reads_it_in_their_language_and_where_to_go_on(
    rule: dict[str, Any],
) -> None:
    for text in (rule["annotations"]["summary"], rule["annotations"]["description"]):
        chinese, _, english = text.partition(" · ")
        assert HAN.search(chinese)
        assert re.search(r"[a-z]{3}", english)
    anchor = re.sub(r"(?<!^)(?=[A-Z])", "-", rule["alert"]).lower()
    assert rule["annotations"]["runbook_url"] == f"docs/operations.md#{anchor}"


def test_names_are_given_once() -> None:
    names = [rule["alert"] for rule in RULES] + [group["name"] for group in GROUPS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_rules_speak_of_figures_that_are_shown(rule: dict[str, Any], shown: Shown) -> None:
    assert [asked for asked in selectors(rule["expr"]) if not shown.has(*asked)] == []


def test_figures_of_the_ledger_are_taken_once_however_many_portals_tell_them() -> None:
    of_one = re.compile(r"duban_(db_pool|request|build)")
    for rule in RULES:
        for name, _ in selectors(rule["expr"]):
            once = re.search(r"\b(max|absent|group|histogram_quantile)\b", rule["expr"])
            assert once or of_one.match(name) or name == "up", rule["alert"]


def test_the_example_for_prometheus_reads_these_rules_and_holds_no_key() -> None:
    file = FOLDER / "prometheus.yaml"
    config = yaml.safe_load(file.read_text("utf-8"))
    assert all((FOLDER / name).is_file() for name in config["rule_files"])
    (job,) = config["scrape_configs"]
    assert job["job_name"] == "duban"  # as the rules name it
    assert set(job["authorization"]) == {"credentials_file"}
