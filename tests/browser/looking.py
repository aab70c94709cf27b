"""One look at a page: what it brings, whether it fits, whom it shuts out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Request, ViewportSize
from playwright.sync_api import Page as Tab

from tests.browser.pages import Page
from tests.browser.stage import Stage

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
JUDGED = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
SERIOUS = {"serious", "critical"}
RUN = "tags => axe.run({runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"
WIDER = "document.documentElement.scrollWidth - window.innerWidth"
WEIGHT = """charts => performance.getEntries()
  .filter(e => e.entryType === 'resource' || e.entryType === 'navigation')
  .filter(e => !e.name.includes(charts))
  .reduce((sum, e) => sum + e.encodedBodySize + 400, 0)"""
"""What a page is made of, wherever it came from this time; 400 bytes are a head."""
SIZES: dict[str, ViewportSize] = {
    "pc": {"width": 1366, "height": 850},
    "phone": {"width": 390, "height": 844},
}
CHARTS = "vendor/echarts"


@dataclass(frozen=True, slots=True)
class Look:
    """What one page was found to be."""

    page: Page
    status: int
    weight: int
    """Bytes of one first visit, heads and bodies, besides the charts of ECharts."""
    wider: int
    """Pixels that stick out at the side of a phone."""
    faults: tuple[str, ...]
    """What axe-core holds against it, as far as it is serious."""
    errors: tuple[str, ...]
    """Scripts that broke, and what the browser would not load."""


def look_at(stage: Stage, chromium: Browser, pages: Iterable[Page]) -> list[Look]:
    """Visit pages once; those of one role in one browser."""
    asked = list(pages)
    roles = dict.fromkeys(page.role for page in asked)
    return [look for role in roles for look in _of_role(stage, chromium, role, asked)]


def _of_role(stage: Stage, chromium: Browser, role: str, pages: list[Page]) -> Iterator[Look]:
    context = chromium.new_context(
        base_url=stage.address, locale="zh-CN", bypass_csp=True, service_workers="block"
    )
    context.set_default_timeout(30_000)
    context.add_init_script(path=AXE)
    context.add_cookies(stage.cookies(role, "zh"))
    tab = context.new_page()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))

    def lost(request: Request) -> None:
        # What was still on its way when the page was left is nobody's fault.
        if request.failure != "net::ERR_ABORTED":
            errors.append(f"did not come: {request.url} ({request.failure})")

    tab.on("requestfailed", lost)
    for page in (each for each in pages if each.role == role):
        errors.clear()
        yield _look(tab, page, errors)
    context.close()


def _look(tab: Tab, page: Page, errors: list[str]) -> Look:
    tab.set_viewport_size(SIZES["pc"])
    answer = tab.goto(page.address, wait_until="load")
    weight = tab.evaluate(WEIGHT, CHARTS)
    found = tuple(_judged(tab, page))
    status = answer.status if answer else 0
    return Look(page, status, weight, tab.evaluate(WIDER), found, tuple(errors))


_USED_ON = {
    "administrator": ("pc",), "supervisor": ("pc",), "leader": ("pc",), "head": ("pc",),
    "inspector": ("phone",), "linked": ("phone",), "": ("phone",),
}  # fmt: skip
"""Where a role looks at its pages; a contact at both. The form of a verb is for the phone."""


def _judged(tab: Tab, page: Page) -> Iterator[str]:
    """At the widths it is used at. `make screenshots` judges everything at both."""
    on = ("phone",) if "/do/" in page.address else _USED_ON.get(page.role, tuple(SIZES))
    for size in on:
        tab.set_viewport_size(SIZES[size])
        yield from (f"({size}) {fault}" for fault in faults(tab))
    tab.set_viewport_size(SIZES["phone"])


def judge(tab: Tab) -> list[str]:
    """The same of a page that was not opened to be judged."""
    tab.evaluate(AXE.read_text("utf-8"))
    return list(faults(tab))


def faults(tab: Any) -> Iterator[str]:
    """What axe-core holds against a page as it stands, as far as it is serious."""
    for violation in tab.evaluate(RUN, JUDGED)["violations"]:
        if violation["impact"] in SERIOUS:
            where = [node["target"][-1] for node in violation["nodes"][:3]]
            why = violation["nodes"][0]["failureSummary"].splitlines()[1:2]
            yield f"{violation['id']} {where} {why}"
