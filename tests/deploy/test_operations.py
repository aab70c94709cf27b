"""docs/operations.md: whatever rings is explained there, and the services are what it says."""

import re
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BOOK = (ROOT / "docs" / "operations.md").read_text("utf-8")
ANCHORS = set(re.findall(r'<a id="([a-z-]+)"></a>', BOOK))
HEADINGS = {
    re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
    for heading in re.findall(r"^#+ (.+)$", BOOK, re.M)
}
RULES = [
    rule
    for group in yaml.safe_load((ROOT / "deploy/monitoring/alerts.yaml").read_text("utf-8"))[
        "groups"
    ]
    for rule in group["rules"]
]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
LOCKED = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
    "CapabilityBoundingSet": "", "RestrictNamespaces": "yes", "SystemCallFilter": "@system-service",
    "User": "duban", "UMask": "0077",
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_says_what_to_do_when_it_rings(rule: dict[str, Any]) -> None:
    anchor = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", rule["alert"]).lower()
    assert anchor in ANCHORS
    assert rule["annotations"].get("runbook_url", f"#{anchor}").endswith(f"#{anchor}")


def test_every_ailment_has_its_line() -> None:
    said = (ROOT / "ledger" / "health.py").read_text("utf-8")
    names = re.findall(r'Ailment\(\s*f?"[^"]*?([\u4e00-\u9fff]+) · ', said)
    assert len(names) >= 7
    assert not [name for name in names if f"{name} · " not in BOOK]


def test_links_within_the_book_lead_somewhere() -> None:
    assert not set(re.findall(r"\]\(#([\w-]+)\)", BOOK)) - ANCHORS - HEADINGS


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_a_service_is_locked_in_and_has_its_limits(file: Path) -> None:
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(file, "utf-8")
    service = dict(unit["Service"])
    assert {name: service.get(name) for name in LOCKED} == LOCKED
    assert {"MemoryMax", "TasksMax", "EnvironmentFile"} <= set(service)
    assert service["ExecStart"].startswith(("/opt/duban/bin/duban ", "/opt/duban/bin/prefect "))
    assert service.get("Restart") == "always" or service["Type"] == "oneshot"


def test_the_settings_shown_are_settings_and_hold_no_secret() -> None:
    settings = (ROOT / "duban" / "settings.py").read_text("utf-8").upper()
    text = "".join(f.read_text("utf-8") for f in (ROOT / "deploy/systemd").glob("*.example"))
    named = set(re.findall(r"^#?DUBAN_(\w+)=", text, re.M)) - {"BACKUPS"}
    assert not [name for name in named if f"    {name}: " not in settings]
    assert not [value for value in re.findall(r"://\w+:(\w+)@", text) if value != "PASSWORD"]
