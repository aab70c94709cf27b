"""Every request can be found again: a number, a line in the log, its route; and no secret of it."""

import json
import logging
from collections.abc import Iterator
from io import StringIO

import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from duban import logs
from portal.headers import HEADERS
from portal.observing import HEADER, Requests, requests_of
from tests.portal.readers import Portal

WORN = {name.lower(): value for name, value in HEADERS.items()} | {"cache-control": "no-store"}
SECRET = "Zx9-very-secret-part"


@pytest.fixture
def written() -> Iterator[StringIO]:
    """What the portal writes down, one JSON object a line."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.lines("json"))
    logger = logging.getLogger("duban")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield stream
    logger.removeHandler(handler)
    logger.setLevel(before)


def lines_of(stream: StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def answered(app: FastAPI) -> dict[tuple[str, str, str], float]:
    """How often which route was answered, by route, method and class of status."""
    return {
        (sample.labels["route"], sample.labels["method"], sample.labels["status"]): sample.value
        for family in requests_of(app).registry.collect()
        for sample in family.samples
        if sample.name == "duban_requests_total"
    }


@pytest.fixture
def fresh(sqlite_portal: Portal) -> Portal:
    """A portal that has answered nothing yet."""
    sqlite_portal.app.state.requests = Requests()
    return sqlite_portal


def test_an_answer_carries_the_number_its_line_in_the_log_has(
    fresh: Portal, written: StringIO
) -> None:
    case = fresh.world.report("揽月路12号", "井盖缺失")
    carol = fresh.reader("carol")
    written.truncate(0)
    written.seek(0)
    answer = carol.get(f"/cases/{case}?q=井盖")
    (line,) = lines_of(written)
    assert line["request"] == answer.headers[HEADER]
    assert (line["event"], line["logger"]) == ("answered", "duban.requests")
    assert (line["route"], line["method"], line["status"]) == ("/cases/{number}", "GET", 200)
    assert isinstance(line["ms"], int)
    assert case not in written.getvalue()
    assert "井盖" not in written.getvalue()


def test_a_proxys_number_is_kept_if_it_is_one(fresh: Portal) -> None:
    nobody = fresh.reader()
    given = nobody.get("/health", headers={HEADER: "abcdef-123456"})
    assert given.headers[HEADER] == "abcdef-123456"
    for strange in ("short", "x" * 65, 'a" onload="x', "a b c d e f g"):
        assert nobody.get("/health", headers={HEADER: strange}).headers[HEADER] != strange


def test_no_secret_of_an_address_is_written_down_or_counted(
    fresh: Portal, written: StringIO
) -> None:
    nobody = fresh.reader()
    for url in (
        f"/l/{SECRET}", f"/sign-in?next=/{SECRET}", f"/{SECRET}", f"/static/{SECRET}.js",
        f"/api/v1/{SECRET}", f"/api/v1/cases?token={SECRET}", f"/hooks-in/sms/aliyun?t={SECRET}",
    ):  # fmt: skip
        nobody.get(url)
    nobody.post(f"/hooks-in/sms/aliyun?token=duban_{SECRET}")
    said = written.getvalue() + str(answered(fresh.app))
    assert SECRET not in said
    assert len(lines_of(written)) >= 7
    routes = {route for route, _, _ in answered(fresh.app)}
    assert {"/l/{secret}", "/sign-in", "none", "/static", "/hooks-in/sms/aliyun"} <= routes


def test_what_is_asked_for_every_few_seconds_fills_no_log(fresh: Portal, written: StringIO) -> None:
    nobody = fresh.reader()
    written.truncate(0)
    written.seek(0)
    assert nobody.get("/health").status_code == 200
    nobody.get("/static/nothing.css")
    assert written.getvalue() == ""
    assert answered(fresh.app)["/health", "GET", "2xx"] == 1


def test_whoever_asks_for_ever_new_addresses_makes_no_new_series(fresh: Portal) -> None:
    nobody = fresh.reader()
    nobody.get("/nothing-0")
    before = len(answered(fresh.app))
    for number in range(20):
        nobody.get(f"/nothing-{number}")
        nobody.client.request(f"VERB{number}", "/sign-in")
    assert len(answered(fresh.app)) <= before + 1


def test_requests_of_the_interface_are_counted_by_its_own_routes(fresh: Portal) -> None:
    fresh.reader("carol").get("/api/v1/cases/2026-000001")
    assert answered(fresh.app)["/api/v1/cases/{number}", "GET", "4xx"] == 1


@pytest.mark.parametrize(
    ("path", "broken"),
    [("/cases", "portal.pages.cases.render"), ("/api/v1/cases", "ledger.lists.page")],
)
def test_our_own_mistake_is_found_by_the_number_on_its_page(
    fresh: Portal, written: StringIO, monkeypatch: pytest.MonkeyPatch, path: str, broken: str
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError(f"cannot open mailto://bob:{SECRET}@smtp.example.cn")

    monkeypatch.setattr(broken, breaks)
    monkeypatch.setattr("portal.api.cases.page", breaks)
    answer = fresh.reader("carol").get(path)
    number = answer.headers[HEADER]
    assert (answer.status_code, number in answer.text) == (500, True)
    assert {**answer.headers, **WORN} == dict(answer.headers)
    said = [line for line in lines_of(written) if line.get("request") == number]
    assert {line["event"] for line in said} == {"a request failed", "answered"}
    assert SECRET not in written.getvalue() + answer.text
    assert answered(fresh.app)[path, "GET", "5xx"] == 1


def test_what_is_not_there_looks_the_same_each_time_whatever_its_number(fresh: Portal) -> None:
    carol = fresh.reader("carol")
    first, again = (carol.get("/cases/2026-999999") for _ in range(2))
    assert first.status_code == 404
    assert first.headers[HEADER] != again.headers[HEADER]
    assert first.text == again.text


def test_how_long_answers_took_is_told_by_route(fresh: Portal) -> None:
    from prometheus_client import generate_latest

    client: TestClient = fresh.reader().client
    client.get("/sign-in")
    text = generate_latest(requests_of(fresh.app).registry).decode()
    found = {
        (sample.name, sample.labels.get("route")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["duban_request_seconds_count", "/sign-in"] >= 1
    assert ("process_resident_memory_bytes", None) in found
