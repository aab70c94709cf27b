"""The alerts that are shipped: rules as Prometheus reads them, over figures that there are."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ledger.database import connect
from ledger.metrics import Tally, figures
from portal.pages.metrics import exposed
from tests.conftest import Databases
from tests.world import instant

FILE = Path(__file__).parents[2] / "deploy" / "monitoring" / "alerts.yaml"
RULES = [
    rule for group in yaml.safe_load(FILE.read_text("utf-8"))["groups"] for rule in group["rules"]
]
DURATION = re.compile(r"\d+[smhd]")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_has_the_shape_prometheus_reads(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"[A-Z]\w+", rule["alert"])
    assert DURATION.fullmatch(rule.get("for", "5m"))
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert {"summary", "description"} == set(rule["annotations"])
    assert rule["expr"].count("(") == rule["expr"].count(")")


def test_names_are_given_once() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))


def test_rules_speak_of_figures_that_are_shown(databases: Databases) -> None:
    at = instant("2026-09-24 15:00")
    ledger = connect(databases("sqlite"))
    shown = exposed(figures(ledger, Tally(), at), at).decode()
    ledger.engine.dispose()
    known = set(re.findall(r"^# TYPE (\w+)", shown, re.M))
    asked = {name for rule in RULES for name in re.findall(r"duban_\w+", rule["expr"])}
    assert asked <= known
