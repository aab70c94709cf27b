"""The dashboard that is shipped: every panel asks for figures there are, tied to no house."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.shown import Shown, parsed, selectors

ROOT = Path(__file__).parents[2]
BOARD: dict[str, Any] = json.loads((ROOT / "deploy/monitoring/grafana.json").read_text("utf-8"))
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
OF_GRAFANA = {"stat", "timeseries", "heatmap", "state-timeline"}
"""Panels that every Grafana brings along."""


def expressions(panel: dict[str, Any]) -> Iterator[str]:
    """What a panel asks, as Prometheus gets it."""
    for target in panel["targets"]:
        asked = target["expr"].replace("$__rate_interval", "5m").replace("$instance", ".*")
        assert "$" not in asked
        yield asked


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_asks_for_figures_that_are_shown(panel: dict[str, Any], shown: Shown) -> None:
    for expression in expressions(panel):
        assert parsed(expression)
        assert [asked for asked in selectors(expression) if not shown.has(*asked)] == []


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_legend_names_labels_that_the_expression_leaves(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        left = " ".join(re.findall(r"\bby \(([^)]*)\)", target["expr"])) or "instance"
        for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
            assert re.search(rf"\b{label}\b", left), target["expr"]


def test_no_data_source_of_a_house_is_written_into_it() -> None:
    used = re.findall(r'"uid": ?"([^"]*)"', json.dumps(BOARD))
    assert set(used) == {"duban", "${datasource}", "-- Grafana --"}
    assert next(each["type"] for each in BOARD["templating"]["list"]) == "datasource"
    assert all(panel["datasource"]["uid"] == "${datasource}" for panel in PANELS)


def test_only_panels_that_every_grafana_has() -> None:
    assert {panel["type"] for panel in PANELS} <= OF_GRAFANA


def test_panels_lie_side_by_side_within_the_width() -> None:
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(ids) == len(set(ids))
    places = [panel["gridPos"] for panel in BOARD["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below


def test_titles_are_in_both_languages() -> None:
    for panel in BOARD["panels"]:
        chinese, _, english = panel["title"].partition(" · ")
        assert re.search(r"[\u4e00-\u9fff]", chinese)
        assert re.search(r"[a-z]{3}", english)


def test_the_documentation_names_every_figure(shown: Shown) -> None:
    text = (ROOT / "docs" / "observability.md").read_text("utf-8")
    ours = {name for name in shown.types if name.startswith("duban_")}
    assert {name for name in ours if name not in text} == set()
