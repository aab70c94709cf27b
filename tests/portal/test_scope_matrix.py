"""可见范围: every route, asked by everybody, for what is theirs, what is foreign, and what is not.

Of what is foreign nobody learns more than of what does not exist: the same status and the same
words. The routes are read from the application itself (`tests/portal/matrix.py` has one line
for each).
"""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from portal.api.admission import Pace
from tests.portal.matrix import (
    TABLE,
    Asker,
    Which,
    expected,
    objects,
    proposed,
    routes,
)
from tests.portal.matrix_city import SENTINEL, City, build
from tests.portal.readers import Portal, open_portal
from tests.world import World


@pytest.fixture
def city(
    sqlite_world: World, tmp_path: Path, hashed: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[City]:
    """The same city for everybody who asks."""
    portal = open_portal(sqlite_world, tmp_path / "home", hashed, monkeypatch)
    next(
        route.app for route in portal.app.routes if getattr(route, "path", "") == "/api/v1"
    ).state.pace = Pace("1000000 per minute")
    with TestClient(portal.app, raise_server_exceptions=False) as client:
        yield build(portal, client, tmp_path / "copy.db")


def test_every_route_has_its_line_and_every_line_its_route(sqlite_portal: Portal) -> None:
    found = routes(sqlite_portal.app)
    cells = sum(len(objects(route)) for route in found if route in TABLE) * len(Asker)
    print(f"scope matrix: {len(found)} routes, {cells} cells")
    missing = [proposed(route) for route in found if route not in TABLE]
    assert not missing, "add to TABLE in tests/portal/matrix.py:\n" + "\n".join(missing)
    gone = sorted(set(TABLE) - set(found))
    assert not gone, f"no such route any more; take out of tests/portal/matrix.py: {gone}"


@pytest.mark.parametrize("asker", list(Asker))
def test_everybody_gets_the_answer_of_the_matrix_and_no_word_more(city: City, asker: Asker) -> None:
    wrong: list[str] = []
    foreign: dict[str, str] = {}
    for route, which, answer in _answers(city, asker):
        wrong += _of_another_class(route, asker, which, answer)
        wrong += _leaks(city, route, asker, answer)
        said = _plain(city, route, asker, which, answer)
        if which is Which.FOREIGN:
            foreign[route] = said
        if which is Which.NONE and foreign.get(route, said) != said:
            wrong.append(f"{route} tells foreign from none: {foreign[route]}\n  {said}")
    assert not wrong, "\n".join(wrong)


def _answers(city: City, asker: Asker) -> Iterator[tuple[str, Which, Any]]:
    """Every cell of somebody, asked. What only looks comes first; what was changed is undone."""
    there = [route for route in routes(city.portal.app) if route in TABLE]
    for route in sorted(there, key=lambda route: route.startswith("POST")):
        for which in objects(route):
            answer = city.ask(route, asker, which)
            yield route, which, answer
            if route.startswith("POST") and answer.status_code < 400:
                city.restore()


def _of_another_class(route: str, asker: Asker, which: Which, answer: Any) -> Iterator[str]:
    awaited = expected(route, asker, which)
    onward = answer.headers.get("location", "")
    shut = onward.startswith("/sign-in") and len(awaited) > 1
    if answer.status_code not in awaited or shut:
        yield f"{route} · {which}: {answer.status_code} {onward}, not {sorted(awaited)}"


def _plain(city: City, route: str, asker: Asker, which: Which, answer: Any) -> str:
    """An answer without the name of what was asked for, and without what ties it to a browser."""
    path = city.address(route.partition(" ")[2], asker, which)
    text = _TIE.sub("", answer.text).replace(path, "PATH")
    return f"{answer.status_code} " + text.replace(city.thing("case", asker, which), "N")


_TIE = re.compile(r"[0-9a-f]{64}")


_SEEN: dict[Asker, tuple[str, ...]] = {
    Asker.NOBODY: (),
    Asker.ADMINISTRATOR: (),
    Asker.ELSEWHERE: ("west",),
}


def _leaks(city: City, route: str, asker: Asker, answer: Any) -> Iterator[str]:
    """Words or numbers of cases that the asker may not see."""
    seen = ("east",) if "{secret}" in route else _SEEN.get(asker, ("east",))
    whole = _whole(answer.content)
    for where, number in city.ids["case"].items():
        if where in seen:
            continue
        # A number that was asked for by name is said again: there is no such case.
        asked = number in str(answer.request.url)
        for secret in (f"{SENTINEL} {where}", "" if asked else number):
            if secret and secret in whole:
                yield f"{route}: tells {asker} {secret}"


def _whole(content: bytes) -> str:
    """What an answer says; of a workbook, what all of its parts say."""
    if not content.startswith(b"PK"):
        return content.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        return "\n".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())


def test_the_sentinel_is_there_for_those_who_may_read_it(city: City) -> None:
    for route in ("GET /cases", "GET /export/cases", "GET /api/v1/cases", "GET /log"):
        answer = city.ask(route, Asker.SUPERVISOR, Which.OWN)
        assert f"{SENTINEL} east" in _whole(answer.content), route
