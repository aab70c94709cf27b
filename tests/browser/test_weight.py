"""Light and usable by keyboard: what a first visit loads, where Tab leads, what the way back keeps."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response

from tests.browser.conftest import PATIENCE, PC, PHONE
from tests.browser.stage import Stage

HEAVIEST = 300_000
"""Bytes of one first visit, besides the charts of ECharts."""
CHARTS = "vendor/echarts"

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


# -- weight ------------------------------------------------------------------------------------


def test_no_page_weighs_more_than_300_kilobytes_on_a_first_visit(
    stage: Stage, chromium: Browser
) -> None:
    heavy = {}
    for one in stage.pages():
        if one.name.startswith("do-"):  # made of what the page of the case is made of
            continue
        context = chromium.new_context(base_url=stage.address, service_workers="block", **PHONE)
        context.add_cookies(stage.cookies(one.role, "zh"))
        weight = _weight(context.new_page(), one.address)
        context.close()
        if weight > HEAVIEST:
            heavy[one.address] = weight
    assert heavy == {}


def _weight(page: Page, address: str) -> int:
    """Everything one first visit brings, heads and bodies."""
    got: list[Response] = []
    page.on("response", got.append)
    page.goto(address, wait_until="networkidle")
    ours = [each for each in got if CHARTS not in each.url and each.status < 600]
    sizes = [each.request.sizes() for each in ours]
    return sum(each["responseBodySize"] + each["responseHeadersSize"] for each in sizes)
