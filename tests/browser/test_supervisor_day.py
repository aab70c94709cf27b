"""Those who supervise: what waits is decided, what was done is read, what is late is urged."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from python_calamine import CalamineWorkbook

from tests.browser.conftest import BrowserPortal
from tests.portal.readers import PASSWORD
from tests.world import World

WIDER = "document.documentElement.scrollWidth - window.innerWidth"


@pytest.fixture
def city(browser_portal: BrowserPortal) -> World:
    """A Monday: one case is nobody's, one was sent back, one asks for time, one is late."""
    world = browser_portal.world.at("2026-10-12 09:00")
    world.report("广场西侧", "井盖破损", unit="", category="B0123-2", area="东澄区")
    back = world.report("滨江路1号", "人行道破损", limit="5 工作日")
    more = world.report("滨江路2号", "人行道破损", limit="5 工作日")
    world.report("新桥大道1号", "垃圾桶满溢", limit="4 工作时", area="东澄区")
    world.report("听涛路1号", "暴露垃圾", unit="西岚区", limit="4 工作时", area="西岚区")
    world.sweep()
    world.bob.sends_back(back, "属住建局职责")
    world.bob.signs(more)
    world.bob.asks_for_more_time(more, "配件未到")
    for at in ("2026-10-12 15:00", "2026-10-13 15:00"):
        world.at(at).sweep()
    return world


def number(world: World, place: str) -> str:
    """The case at a place."""
    from models.case import Case

    return str(next(row.number for row in world.rows(Case) if row.place == place))


def come_in(page: Page, login: str) -> None:
    """Through the door, by password."""
    page.goto("/")
    page.get_by_label("用户名").fill(login)
    page.get_by_label("口令").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()


def card(page: Page, number: str) -> Any:
    """One matter on the board."""
    return page.locator(".card", has=page.get_by_role("link", name=number, exact=True))


def said(page: Page, text: str) -> None:
    """What the page says about what was just done."""
    expect(page.locator("main .notice").first).to_contain_text(text)


def test_a_supervisor_decides_what_waits_one_click_each(
    browser_portal: BrowserPortal, city: World
) -> None:
    nobodys, back, more = (number(city, p) for p in ("广场西侧", "滨江路1号", "滨江路2号"))
    page = browser_portal.pc()
    come_in(page, "carol")
    expect(page).to_have_url(f"{browser_portal.url}/board")
    card(page, nobodys).get_by_role("button", name="交办市城市管理局").click()
    said(page, f"{nobodys} 交办：已办理")

    card(page, back).get_by_role("link", name="改派其他单位").click()
    page.locator(".units input").fill("市住房和城乡建设局")
    page.get_by_role("button", name="确认").click()
    said(page, f"{back} 裁定")
    expect(page).to_have_url(f"{browser_portal.url}/board")

    card(page, more).get_by_role("button", name="准予延期").click()
    expect(card(page, more)).to_have_count(0)
    stands = [city.status(each) for each in (nobodys, back, more)]
    assert stands == ["dispatched", "dispatched", "in_progress"]
    city.now = city.now.replace(minute=5)
    city.sweep()
    assert city.hears("builder", back)
    assert city.case(more).extensions == 1


def test_a_return_is_refused_on_the_board_with_its_reason(
    browser_portal: BrowserPortal, city: World
) -> None:
    back = number(city, "滨江路1号")
    page = browser_portal.pc("carol")
    page.goto("/board")
    card(page, back).locator("summary", has_text="驳回退单").click()
    card(page, back).get_by_label("理由").fill("属贵单位职责")
    card(page, back).get_by_role("button", name="驳回退单").click()
    said(page, back)
    assert city.status(back) == "dispatched"
    assert "属贵单位职责" in city.thread(back).records[-1].words


def test_the_log_is_narrowed_read_and_answered(
    browser_portal: BrowserPortal, city: World, tmp_path: Path
) -> None:
    late = number(city, "新桥大道1号")
    page = browser_portal.pc("carol", accept_downloads=True)
    page.goto("/log")
    rows = page.locator("tbody tr")
    everything = rows.count()
    page.get_by_label("辖区").select_option(label="东澄区")
    page.get_by_role("button", name="查询").click()
    expect(rows.filter(has_text=late)).not_to_have_count(0)
    assert 0 < rows.count() < everything
    assert "area=" in page.url
    narrowed, shown = page.url, rows.filter(has_text=late).count()

    with page.expect_download() as arriving:
        page.get_by_role("link", name="导出 Excel").click()
    arriving.value.save_as(tmp_path / "log.xlsx")
    sheet = CalamineWorkbook.from_path(tmp_path / "log.xlsx").get_sheet_by_index(0).to_python()
    assert any("东澄区" in str(cell) for cell in sheet[1] + sheet[2] + sheet[3])
    assert sum(late in [str(cell) for cell in row] for row in sheet) == shown

    rows.filter(has_text=late).first.get_by_role("link", name="详情").click()
    expect(page.locator("main")).to_contain_text("案件的全过程")
    page.get_by_role("button", name="已阅").click()
    said(page, "已阅")
    page.get_by_label("写批注").fill("请区里今天答复")
    page.get_by_role("button", name="保存批注").click()
    expect(page.locator("#remarks")).to_contain_text("请区里今天答复")
    page.get_by_role("link", name="催办").click()
    page.get_by_label("理由").fill("媒体已经问到")
    page.get_by_role("button", name="确认").click()
    expect(page.locator("main")).to_contain_text("案件的全过程")
    city.now = city.now.replace(minute=5)
    city.sweep()
    assert city.hears("bob", "媒体已经问到")

    page.goto(narrowed)
    expect(rows.filter(has_text="请区里今天答复")).to_have_count(1)


def test_the_board_and_the_log_are_used_on_a_phone_as_well(
    browser_portal: BrowserPortal, city: World
) -> None:
    nobodys = number(city, "广场西侧")
    page = browser_portal.phone("carol")
    for address in ("/board", "/board?queue=undecided", "/log", "/cases", "/wall", "/running"):
        page.goto(address)
        assert page.evaluate(WIDER) <= 1, address
    page.locator(".tabbar").get_by_role("link", name="待我决定").tap()
    card(page, nobodys).get_by_role("button", name="交办市住房和城乡建设局").tap()
    said(page, nobodys)
    assert city.status(nobodys) == "dispatched"
    assert page.evaluate(WIDER) <= 1


def test_several_returns_are_refused_at_once(browser_portal: BrowserPortal, city: World) -> None:
    made = [city.report(f"江北路{n}号", "人行道破损") for n in (1, 2)]
    for each in made:
        city.bob.sends_back(each)
    page = browser_portal.pc("carol")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/board?queue=returned")
    expect(page.get_by_role("button", name="驳回所选退单")).to_be_disabled()
    for each in made:
        page.get_by_role("checkbox", name=each).check()
    page.get_by_label("驳回理由").fill("均属贵单位职责")
    page.get_by_role("button", name="驳回所选退单").click()
    said(page, "办了 2 件")
    assert {city.status(each) for each in made} == {"dispatched"}


def test_a_leader_reads_the_wall_drills_down_and_urges(
    browser_portal: BrowserPortal, city: World
) -> None:
    late = number(city, "新桥大道1号")
    page = browser_portal.pc()
    come_in(page, "leader")
    expect(page).to_have_url(f"{browser_portal.url}/log")
    nav = page.get_by_role("navigation", name="主导航").first
    assert nav.get_by_role("link").all_inner_texts() == ["督办日志", "全部案件", "挂图作战"]
    nav.get_by_role("link", name="挂图作战").click()
    expect(page.locator("canvas").first).to_be_visible()
    area = page.get_by_role("row", name="东澄区")
    area.get_by_role("cell").nth(1).get_by_role("link").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name=late).click()
    page.get_by_role("link", name="人工催办").click()
    page.get_by_label("理由").fill("今天必须整改")
    page.get_by_role("button", name="确认").click()
    said(page, late)
    city.now = city.now.replace(minute=5)
    city.sweep()
    assert city.hears("bob", "今天必须整改")
    assert page.goto("/board").status == 404  # type: ignore[union-attr]


def test_whoever_supervises_the_west_sees_and_decides_nothing_of_the_east(
    browser_portal: BrowserPortal, city: World
) -> None:
    page = browser_portal.pc("mallory")
    for address in ("/board", "/log?reminders=1", "/cases", "/wall"):
        page.goto(address)
        expect(page.locator("main")).not_to_contain_text("新桥大道")
        expect(page.locator("main")).not_to_contain_text("滨江路")
    page.goto("/log")
    expect(page.locator("tbody tr").first).to_contain_text("听涛路1号")
