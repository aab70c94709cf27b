"""Usable by keyboard: where Tab leads, what a list keeps, what back brings back."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import PATIENCE, PC, PHONE
from tests.browser.stage import Stage

Open = Callable[..., Page]


@pytest.fixture
def open_page(stage: Stage, chromium: Browser) -> Iterator[Open]:
    """Opens a page of the stage in a browser of its own, with nothing kept from before."""
    opened: list[BrowserContext] = []

    def open_(role: str, address: str = "", size: dict[str, Any] = PC) -> Page:
        context = chromium.new_context(
            base_url=stage.address, locale="zh-CN", service_workers="block", **size
        )
        context.set_default_timeout(PATIENCE)
        context.add_cookies(stage.cookies(role, "zh"))
        opened.append(context)
        page = context.new_page()
        if address:
            page.goto(address.format_map(stage.names))
        return page

    yield open_
    for context in opened:
        context.close()


# -- the keyboard ------------------------------------------------------------------------------

TO_REACH = """() => {
  const shown = e => e.checkVisibility({checkVisibilityCSS: true}) && !e.disabled;
  const all = 'a[href], button, summary, select, textarea, input:not([type=hidden])';
  const taken = {};
  return [...document.querySelectorAll(all)].filter(shown).filter(e => {
    const again = e.type === 'radio' && taken[e.name];
    if (e.type === 'radio') taken[e.name] = true;
    return !again;
  }).map((e, n) => { e.dataset.n = n; return e.outerHTML.slice(0, 160); });
}"""
"""What can be operated; of the choices of one question one is reached, the arrows do the rest."""
REACHED = """() => {
  const e = document.activeElement, near = [e, e.previousElementSibling, e.nextElementSibling];
  const ringed = near.filter(Boolean).map(each => getComputedStyle(each))
    .some(style => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2);
  const box = e.getBoundingClientRect();
  const away = e === document.body;
  return {away, n: e.dataset.n, ringed, seen: box.bottom > 0 && box.top < innerHeight,
    what: e.outerHTML.slice(0, 160)};
}"""


@pytest.mark.parametrize(
    ("role", "address", "size"),
    [
        ("", "/sign-in", PC),
        ("inspector", "/hand-in", PHONE),
        ("contact", "/mine", PHONE),
        ("contact", "/cases/{my_in_progress}", PC),
        ("contact", "/cases/{my_in_progress}/do/submit", PC),
        ("supervisor", "/board", PC),
        ("supervisor", "/log", PC),
        ("supervisor", "/log", PHONE),
    ],
    ids=["door", "hand-in", "mine", "case", "form", "board", "log", "log-on-phone"],
)
def test_tab_leads_to_everything_shows_where_it_is_and_out_again(
    open_page: Open, role: str, address: str, size: dict[str, Any]
) -> None:
    page = open_page(role, address, {"viewport": size["viewport"]})
    wanted = page.evaluate(TO_REACH)
    reached: list[dict[str, Any]] = []
    for _ in range(len(wanted) + 20):
        page.keyboard.press("Tab")
        at = page.evaluate(REACHED)
        if at["away"]:
            break
        reached.append(at)
    else:
        raise AssertionError(f"no way out: {reached[-2:]}")
    got = {at["n"] for at in reached}
    assert [what for n, what in enumerate(wanted) if str(n) not in got] == []
    assert [at["what"] for at in reached if not at["ringed"] or not at["seen"]] == []


def test_a_finding_is_handed_in_without_a_mouse(open_page: Open) -> None:
    page = open_page("inspector", "/hand-in")
    _tab_to(page, "#f-place")
    page.keyboard.type("键盘路1号")
    _tab_to(page, "#f-problem")
    page.keyboard.type("路面积水")
    _tab_to(page, "main button[type=submit]")
    page.keyboard.press("Enter")
    expect(page.locator("[data-queue-list] > li")).to_contain_text("已立案")


def test_the_rest_of_the_verbs_opens_and_closes_by_keyboard(open_page: Open) -> None:
    page = open_page("contact", "/cases/{my_in_progress}")
    _tab_to(page, ".menu summary")
    page.keyboard.press("Enter")
    _tab_to(page, ".menu-body a")
    page.keyboard.press("Escape")
    expect(page.locator(".menu-body")).to_be_hidden()


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(60):
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {selector}")


# -- the address -------------------------------------------------------------------------------


def test_what_a_list_is_narrowed_to_survives_reload_back_and_language(open_page: Open) -> None:
    page = open_page("supervisor", "/cases")
    page.get_by_label("关键词").fill("云湖路")
    page.get_by_role("button", name="查询").click()
    expect(page.locator("tbody tr")).to_have_count(5)
    narrowed = page.url
    page.reload()
    expect(page.locator("tbody tr")).to_have_count(5)
    page.locator("tbody a").first.click()
    expect(page).not_to_have_url(narrowed)
    page.go_back()
    expect(page).to_have_url(narrowed)
    expect(page.get_by_label("关键词")).to_have_value("云湖路")
    page.get_by_role("button", name="English").click()
    expect(page).to_have_url(narrowed)
    expect(page.locator("tbody tr")).to_have_count(5)
    page.get_by_role("button", name="中文").click()


def test_a_unit_comes_back_from_a_case_to_its_filtered_list(open_page: Open) -> None:
    page = open_page("contact", "/mine")
    page.get_by_label("范围").select_option("open")
    page.get_by_role("button", name="查询").click()
    page.wait_for_url("**/mine?*state=open*")
    narrowed, rows = page.url, page.locator("tbody tr").count()
    page.locator("tbody a").first.click()
    expect(page.locator("h1")).not_to_have_text("我单位的案件")
    page.go_back()
    expect(page).to_have_url(narrowed)
    expect(page.locator("tbody tr")).to_have_count(rows)
    expect(page.get_by_label("范围")).to_have_value("open")
