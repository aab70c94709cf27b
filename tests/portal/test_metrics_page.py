"""/metrics: for whoever has a key, without one it is not there; and it names nobody."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from ledger import heartbeats, tokens
from ledger.changes import table
from ledger.tokens import Scope
from models.outlet import Outlet
from portal.exposing import outlet_name
from tests.portal.readers import Portal, open_portal
from tests.world import World

KEY = "prometheus-of-the-house"


def ask(portal: Portal, key: str = "") -> Any:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return portal.reader().get("/metrics", headers=headers)


def token(portal: Portal, *scopes: Scope) -> str:
    with portal.world.ledger.transaction() as connection:
        account = portal.accounts["discipline"]
        return tokens.make(connection, account, "prometheus", scopes, portal.world.now)[1]


def values(answer: Any) -> dict[tuple[str, frozenset[str]], float]:
    """Every sample by its name and the values of its labels."""
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_without_any_key_there_is_no_such_page(sqlite_portal: Portal) -> None:
    assert ask(sqlite_portal).status_code == 404
    assert ask(sqlite_portal, "guessed").status_code == 404
    token(sqlite_portal, Scope.CASES_READ)
    assert ask(sqlite_portal).status_code == 404


def test_a_token_opens_it_as_far_as_its_scope_goes(sqlite_portal: Portal) -> None:
    portal = sqlite_portal
    good, other = token(portal, Scope.METRICS_READ), token(portal, Scope.CASES_READ)
    answer = ask(portal, good)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert ask(portal, other).status_code == 403
    for wrong in ("", "guessed", good[:-1]):
        refused = ask(portal, wrong)
        assert (refused.status_code, refused.headers["www-authenticate"][:6]) == (401, "Bearer")


def test_the_key_of_the_house_opens_it_and_is_never_told(
    sqlite_world: World, tmp_path: Path, hashed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal = open_portal(sqlite_world, tmp_path / "home", hashed, monkeypatch, metrics_token=KEY)
    assert ask(portal).status_code == ask(portal, f"{KEY}x").status_code == 401
    answer = ask(portal, KEY)
    assert answer.status_code == 200
    assert KEY not in answer.text + repr(portal.app.state.house.settings)


def test_it_says_how_things_stand_and_names_nobody(portal: Portal) -> None:
    world = portal.world
    case = world.report("揽月路12号", "井盖缺失")
    world.sweep()
    row = {
        "digest": "d", "shown": "mailtos://bob:****@smtp.example.cn:465/…", "per_minute": 0,
        "burst": 0, "tokens": 0, "filled_at": world.now, "failures": 5, "answer": "535 bob",
        "failing_since": world.now - timedelta(minutes=20),
    }  # fmt: skip
    with world.ledger.transaction() as connection:
        outlet = connection.execute(
            sa.insert(table(Outlet)).values(**row).returning(table(Outlet).c.id)
        ).scalar_one()
    answer = ask(portal, token(portal, Scope.METRICS_READ))
    found = values(answer)
    name = f"mailtos://smtp.example.cn:465#{outlet}"
    for sample, labels, value in (
        ("duban_notices", {"sent"}, 1), ("duban_deliveries_total", {"folder", "sent"}, 1),
        ("duban_cases_open", set(), 1), ("duban_outlet_up", {name}, 0),
        ("duban_outlet_failing_seconds", {name}, 1200), ("duban_dead_letters", set(), 0),
        ("duban_looks_late", set(), 0), ("duban_incoming_unknown", set(), 0),
        ("duban_notices_waiting_oldest_seconds", set(), 0),
    ):  # fmt: skip
        assert found[sample, frozenset(labels)] == value, sample
    assert any(sample == "duban_build_info" for sample, _ in found)
    for secret in ("bob", "Bob", case, "揽月路", "535"):
        assert secret not in answer.text


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ("dingtalk://****@oapi.dingtalk.com/…", "dingtalk://oapi.dingtalk.com#3"),
        ("mailto://user@smtp.example.cn:25/to@example.cn", "mailto://smtp.example.cn:25#3"),
        ("dingtalk://a...h", "dingtalk#3"),
        ("folder://bob", "folder#3"),
        ("…", "unknown#3"),
    ],
)
def test_an_outlet_is_called_by_its_host_alone(shown: str, name: str) -> None:
    class Fake:
        id = 3

    fake: Any = Fake()
    fake.shown = shown
    assert outlet_name(fake) == name


def test_names_units_and_types_are_as_prometheus_wants_them(portal: Portal) -> None:
    world = portal.world
    heartbeats.beat(world.ledger, "sweep", world.now, 0.25, {"reminded": 2})
    world.report("揽月路12号", "井盖缺失")
    world.sweep()
    answer = ask(portal, token(portal, Scope.METRICS_READ))
    families = {each.name: each for each in text_string_to_metric_families(answer.text)}
    assert len(families) == len(list(text_string_to_metric_families(answer.text)))
    for name, family in families.items():
        assert name.startswith(("duban_", "process_")), name
        assert family.documentation
        assert family.type in {"gauge", "counter", "histogram", "summary"}
        if family.type == "counter":  # the parser takes the ending off
            assert f"\n{name}_total" in answer.text or not family.samples
    for name in ("duban_looks_overdue_seconds", "duban_delivery_seconds", "duban_request_seconds"):
        assert families[name].type == "histogram"
        buckets: dict[frozenset[tuple[str, str]], list[float]] = {}
        for sample in families[name].samples:
            if sample.name.endswith("_bucket"):
                series = frozenset((k, v) for k, v in sample.labels.items() if k != "le")
                buckets.setdefault(series, []).append(sample.value)
        assert all(found == sorted(found) for found in buckets.values())
    found = values(answer)
    assert found["duban_done_total", frozenset({"sweep", "reminded"})] == 2
    assert found["duban_round_seconds_count", frozenset({"sweep"})] == 1
    assert found["duban_round_timestamp_seconds", frozenset({"sweep"})] == world.now.timestamp()
    assert found["duban_followed_up_timestamp_seconds", frozenset()] == world.now.timestamp()
    assert found["duban_cases", frozenset({"dispatched"})] == 1
    assert found["duban_delivery_seconds_count", frozenset({"folder"})] >= 1


def test_the_page_itself_holds_no_connection_while_it_tells_of_them(portal: Portal) -> None:
    found = values(ask(portal, token(portal, Scope.METRICS_READ)))
    assert found["duban_db_pool_in_use", frozenset()] == 0
    assert found["duban_db_pool_max", frozenset()] > found["duban_db_pool_size", frozenset()] > 0
