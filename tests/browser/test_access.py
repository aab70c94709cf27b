"""Everybody can use it: axe-core finds nothing serious on any page, as wide as a phone or a PC."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.browser.conftest import PATIENCE, PC, PHONE
from tests.browser.pages import NO_PAGES, PAGES, Page
from tests.browser.stage import Stage
from tests.portal.matrix import routes

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
JUDGED = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
SERIOUS = {"serious", "critical"}
RUN = "tags => axe.run({runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"
SIZES: dict[str, ViewportSize] = {"phone": PHONE["viewport"], "pc": PC["viewport"]}
EVERYBODY = list(dict.fromkeys(page.role for page in PAGES))


def faults(page: Any) -> Iterator[str]:
    """What axe-core holds against a page as it stands, as far as it is serious."""
    for violation in page.evaluate(RUN, JUDGED)["violations"]:
        if violation["impact"] in SERIOUS:
            where = [node["target"][-1] for node in violation["nodes"][:3]]
            why = violation["nodes"][0]["failureSummary"].splitlines()[1:2]
            yield f"{violation['id']} {where} {why}"


@pytest.mark.parametrize("role", EVERYBODY)
def test_no_page_shuts_anybody_out(stage: Stage, chromium: Browser, role: str) -> None:
    context = chromium.new_context(base_url=stage.address, locale="zh-CN", bypass_csp=True)
    context.set_default_timeout(PATIENCE)
    context.add_init_script(path=AXE)
    context.add_cookies(stage.cookies(role, "zh"))
    page = context.new_page()
    wrong = [
        f"{one.name}: {fault}"
        for one in stage.pages()
        if one.role == role
        for fault in _judged(page, one)
    ]
    context.close()
    assert not wrong, "\n".join(wrong)


def _judged(page: Any, one: Page) -> Iterator[str]:
    """A page at both widths; the form of a verb on the phone, where it is harder."""
    answer = page.goto(one.address, wait_until="load")
    if answer.status != one.status:
        yield f"{answer.status} {one.address}"
    for size, viewport in SIZES.items():
        if size == "phone" or not one.name.startswith("do-"):
            page.set_viewport_size(viewport)
            yield from (f"({size}) {fault}" for fault in faults(page))


def test_every_page_stands_on_the_list(stage: Stage) -> None:
    asked = [page for page in stage.pages() if page.status != 404]
    assert [page for page in PAGES if stage.lacks(page)] == []
    shown = {page.address.partition("?")[0].rstrip("/") for page in asked}
    missing = [route for route in _pages(stage) if not any(_is(route, url) for url in shown)]
    assert missing == [], "add to PAGES or NO_PAGES in tests/browser/pages.py"


def _pages(stage: Stage) -> list[str]:
    gets = [each for each in routes(stage.app) if each.startswith("GET ") and "/api/" not in each]
    return [each for each in gets if each not in NO_PAGES]


def _is(route: str, url: str) -> bool:
    """Whether an address is one of a route's."""
    parts, asked = route.removeprefix("GET ").split("/"), url.split("/")
    return len(parts) == len(asked) and all(
        part == said or part.startswith("{") for part, said in zip(parts, asked, strict=True)
    )


def test_every_verb_has_its_form_on_the_list() -> None:
    from portal.acting import ACTIONS

    shown = {page.address.rpartition("/")[2] for page in PAGES if "/do/" in page.address}
    assert shown == {verb.value for verb in ACTIONS}
