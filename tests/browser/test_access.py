"""Everybody can use it: each kind of page, at the widths it is used at, judged by axe-core."""

import pytest
from playwright.sync_api import Page

from portal.acting import ACTIONS
from tests.browser.conftest import BrowserPortal
from tests.browser.looking import Look, judge
from tests.browser.pages import NO_PAGES, PAGES
from tests.browser.stage import Stage
from tests.portal.matrix import routes

HEAVIEST = 300_000
"""Bytes of one first visit, besides the charts of ECharts."""


def test_no_page_shuts_anybody_out(looks: list[Look]) -> None:
    found = [f"{look.page.role} {look.page.name}: {f}" for look in looks for f in look.faults]
    assert not found, "\n".join(found)


@pytest.fixture
def signed(browser_portal: BrowserPortal) -> Page:
    """A phone that has signed for one case of two; the other was cancelled in between."""
    world = browser_portal.world.at("2026-10-12 09:00")
    _, gone = (world.report(f"云湖路{n}号", "井盖破损") for n in (1, 2))
    page = browser_portal.phone("bob")
    page.goto("/mine")
    world.carol.cancels(gone)
    for box in page.get_by_role("checkbox").all()[1:]:
        box.check()
    page.get_by_role("button", name="签收所选").click()
    return page


def test_what_was_signed_and_what_not_is_read_by_everybody(signed: Page) -> None:
    assert "签收了 1 件，1 件没有签收" in signed.locator("main").inner_text()
    assert judge(signed) == []


def test_a_door_that_stays_shut_says_so_to_everybody(browser_portal: BrowserPortal) -> None:
    page = browser_portal.phone()
    page.goto("/sign-in")
    page.get_by_label("用户名").fill("carol")
    page.get_by_label("口令").fill("not this one")
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_role("alert").wait_for()
    assert judge(page) == []


def test_every_page_answers_as_it_should_and_no_script_breaks(looks: list[Look]) -> None:
    answered = {look.page: look.status for look in looks}
    assert [page for page, status in answered.items() if status != page.status] == []
    assert {look.page.address: look.errors for look in looks if look.errors} == {}


def test_no_page_is_wider_than_a_phone(looks: list[Look]) -> None:
    assert {look.page.address: look.wider for look in looks if look.wider > 1} == {}


def test_no_page_weighs_more_than_300_kilobytes_on_a_first_visit(looks: list[Look]) -> None:
    assert all(look.weight > 80_000 for look in looks)
    assert {look.page.address: look.weight for look in looks if look.weight > HEAVIEST} == {}


def test_every_page_stands_on_the_list(stage: Stage) -> None:
    assert [page for page in PAGES if stage.lacks(page)] == []
    shown = {page.address.partition("?")[0] for page in stage.pages() if page.status != 404}
    missing = [route for route in _pages(stage) if not any(_is(route, url) for url in shown)]
    assert missing == [], "add to PAGES or to NO_PAGES in tests/browser/pages.py"


def test_every_verb_has_its_form_on_the_list() -> None:
    shown = {page.address.rpartition("/")[2] for page in PAGES if "/do/" in page.address}
    assert shown == {verb.value for verb in ACTIONS}


def _pages(stage: Stage) -> list[str]:
    gets = [each for each in routes(stage.app) if each.startswith("GET ") and "/api/" not in each]
    return [each for each in gets if each not in NO_PAGES]


def _is(route: str, url: str) -> bool:
    """Whether an address is one of a route's."""
    parts, asked = route.removeprefix("GET ").split("/"), url.split("/")
    return len(parts) == len(asked) and all(
        part == said or part.startswith("{") for part, said in zip(parts, asked, strict=True)
    )
