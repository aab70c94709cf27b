"""What /metrics shows of a city that has lived through a little of everything."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from duban.settings import Settings
from ledger import heartbeats, setting_aside
from ledger.changes import insert
from ledger.database import Ledger
from models.case import Case
from models.delivery import Delivery, DeliveryOutcome
from models.outlet import Outlet
from portal.app import create
from tests.world import World, instant

KEY = "prometheus-of-the-house"


@dataclass(frozen=True)
class Shown:
    """Samples by name, each with its labels; and the type of each family."""

    samples: Mapping[str, list[Mapping[str, str]]]
    types: Mapping[str, str]

    def has(self, name: str, labels: Mapping[str, str]) -> bool:
        """Whether a selector of this name and these labels would find something."""
        if name == "up":  # Prometheus' own
            return True
        return any(
            all(label in sample for label in labels) for sample in self.samples.get(name, ())
        )


def shown_of(ledger: Ledger, folder: Path) -> Shown:
    """Of the small city on this ledger, after a round and some trouble."""
    world = World(ledger, folder / "messages", instant("2026-09-24 15:00"))
    world.report("揽月路12号", "井盖缺失")
    world.sweep()
    _troubled(world)
    samples: dict[str, list[Mapping[str, str]]] = {}
    types = {}
    for family in text_string_to_metric_families(_asked(world, folder)):
        types[family.name] = family.type
        for sample in family.samples:
            samples.setdefault(sample.name, []).append(sample.labels)
    return Shown(samples, types)


def _asked(world: World, folder: Path) -> str:
    settings = Settings(home=folder, metrics_token=KEY, _env_file=None)  # type: ignore[call-arg]
    app = create(world.ledger, settings)
    app.state.house.clock = lambda: world.now
    asking = TestClient(app, base_url="http://testserver")
    asking.get("/sign-in")
    answer = asking.get("/metrics", headers={"Authorization": f"Bearer {KEY}"})
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def _troubled(world: World) -> None:
    """A failing outlet, a refused attempt, a case set aside, rounds that went well and failed."""
    for name in ("sweep", "follow-up", "dispatch", "deliver", "react", "backup"):
        heartbeats.beat(world.ledger, name, world.now, 0.5, {"reminded": 1, "sent": 2})
    heartbeats.stumble(world.ledger, "deliver", world.now, "no network")
    case = world.rows(Case)[0]
    attempt = {
        "notice_id": 1, "attempt": 9, "position": 0, "channel": "mailto://a", "answer": "",
        "at": world.now, "outcome": DeliveryOutcome.PERMANENT, "receipt": "", "message": "",
        "took": 0.4,
    }  # fmt: skip
    outlet = {
        "digest": "d", "shown": "mailto://smtp.example.cn:465/…", "per_minute": 0, "burst": 0,
        "tokens": 0, "filled_at": world.now, "failures": 5, "answer": "535",
        "failing_since": world.now,
    }  # fmt: skip
    with world.ledger.transaction() as connection:
        insert(connection, Delivery, [attempt])
        insert(connection, Outlet, [outlet])
        setting_aside.add(connection, case.id, "follow-up", ValueError("no"), world.now)


_PROMETHEUS = {"job", "instance"}
"""Labels that Prometheus itself adds to what it reads."""
_SELECTOR = re.compile(r"\b(duban_\w+|up)\b(?:\{([^}]*)\})?")


def selectors(expression: str) -> Iterable[tuple[str, dict[str, str]]]:
    """Each metric an expression asks for, with the labels it asks of it."""
    for name, inside in _SELECTOR.findall(expression):
        labels = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", inside)
        yield name, dict.fromkeys((each for each in labels if each not in _PROMETHEUS), "")


def parsed(expression: str) -> Any:
    """The expression as PromQL. Raises when it is none."""
    promql = pytest.importorskip("promql_parser")
    return promql.parse(expression)
