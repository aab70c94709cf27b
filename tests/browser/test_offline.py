"""没有信号: what an inspector tells a phone is kept by it, and taken by the portal once."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from models.case import Case
from models.photo import Photo
from tests.documents.hostile import exif, jpeg, scene
from tests.world import clock

KEPT = 'form[data-offline-ready="yes"]'


def _shot(colour: str, size: tuple[int, int] = (640, 480), **more: Any) -> bytes:
    """A picture as a camera might have taken it."""
    out = io.BytesIO()
    picture = Image.radial_gradient("L").resize(size).convert("RGB")
    picture.paste(colour, (40, 40, 300, 200))
    picture.save(out, "JPEG", **more)
    return out.getvalue()


def _take(page: Page, *pictures: bytes) -> None:
    files: Any = [
        {"name": f"IMG_{n}.jpg", "mimeType": "image/jpeg", "buffer": data}
        for n, data in enumerate(pictures)
    ]
    page.set_input_files("#f-album", files)
    expect(page.locator(".preview img")).to_have_count(len(pictures))


def _tell(page: Page, place: str, problem: str, *pictures: bytes) -> None:
    """Fill the form in and send it off."""
    if pictures:
        _take(page, *pictures)
    page.fill("#f-place", place)
    page.fill("#f-problem", problem)
    page.get_by_role("button", name="提交上报").click()
    expect(page.locator("#f-place")).to_have_value("")


def _items(page: Page, state: str = "") -> Any:
    wanted = f'[data-state="{state}"]' if state else ""
    return page.locator(f"[data-queue-list] > li{wanted}")


@pytest.fixture
def phone(browser_portal: Any) -> Page:
    """Alice's phone with the form open."""
    page: Page = browser_portal.phone("alice")
    page.goto("/hand-in")
    return page


def test_three_findings_told_without_a_network_become_three_cases(
    browser_portal: Any, phone: Page
) -> None:
    world = browser_portal.world
    phone.wait_for_selector(KEPT)
    phone.context.set_offline(True)
    for n, colour in enumerate(("red", "green", "blue"), start=1):
        _tell(phone, f"新桥大道{n}号", f"垃圾桶满溢{n}处", _shot(colour), _shot("white"))
    expect(_items(phone, "waiting")).to_have_count(3)
    browser_portal.server.stop()
    phone.reload()
    expect(_items(phone, "waiting")).to_have_count(3)
    expect(phone.locator("[data-queue-note]")).to_contain_text("连不上服务器")
    assert world.rows(Case) == []
    browser_portal.server.start()
    phone.context.set_offline(False)
    expect(_items(phone, "done")).to_have_count(3)
    phone.goto("/hand-in")
    phone.get_by_role("button", name="知道了").first.click()
    expect(_items(phone, "done")).to_have_count(2)
    assert sorted(case.place for case in world.rows(Case)) == [
        "新桥大道1号", "新桥大道2号", "新桥大道3号",
    ]  # fmt: skip
    assert [photo.case_id is not None for photo in world.rows(Photo)] == [True] * 6


@pytest.mark.parametrize("lost", ["**/hand-in", "**/photos"])
def test_an_answer_lost_on_its_way_makes_no_second_case(browser_portal: Any, lost: str) -> None:
    page = browser_portal.phone("alice", service_workers="block")
    page.goto("/hand-in")
    broken: list[int] = []

    def swallow(route: Route) -> None:
        if route.request.method != "POST" or broken:
            route.continue_()
            return
        broken.append(route.fetch().status)
        route.abort()

    page.route(lost, swallow)
    _tell(page, "新桥大道1号", "垃圾桶满溢", _shot("red"))
    expect(page.locator("[data-queue-note]")).to_contain_text("连不上服务器")
    page.get_by_role("button", name="立即发送").click()
    expect(_items(page, "done")).to_have_count(1)
    expect(_items(page, "done")).to_contain_text("已立案")
    assert broken == [200]
    [case] = browser_portal.world.rows(Case)
    assert case.reports == 1
    [photo] = browser_portal.world.rows(Photo)
    assert photo.case_id == case.id


def test_a_draft_is_there_again_after_a_reload_with_its_pictures(phone: Page) -> None:
    _take(phone, _shot("red"))
    phone.fill("#f-place", "云湖路")
    phone.fill("#f-problem", "路面积水")
    phone.wait_for_function("async () => (await queue.all()).some(one => one.problem)")
    phone.reload()
    expect(phone.locator("#f-place")).to_have_value("云湖路")
    expect(phone.locator("#f-problem")).to_have_value("路面积水")
    expect(phone.locator(".preview img")).to_have_count(1)


def test_what_waits_stays_when_the_session_has_ended(browser_portal: Any) -> None:
    page = browser_portal.phone("alice", service_workers="block")
    page.goto("/hand-in")
    page.context.clear_cookies()
    _tell(page, "新桥大道1号", "垃圾桶满溢")
    expect(page.locator("[data-queue-note]")).to_contain_text("登录已过期")
    expect(_items(page, "waiting")).to_have_count(1)
    browser_portal.sign_in(page, "mallory")
    page.goto("/verify")
    page.goto("/hand-in")
    expect(page.locator("[data-queue-note]")).to_contain_text("另一账号")
    assert browser_portal.world.rows(Case) == []
    browser_portal.sign_in(page, "alice")
    page.goto("/hand-in")
    expect(_items(page, "done")).to_have_count(1)
    assert len(browser_portal.world.rows(Case)) == 1


def test_a_finding_that_is_refused_says_why_and_can_be_mended(
    browser_portal: Any, phone: Page
) -> None:
    world = browser_portal.world
    number = world.report("云湖路", "路面积水", area="东澄区")
    phone.fill("#f-place", "云湖路")
    phone.locator(f'label[data-joins="{number}"]').click()
    world.carol.cancels(number)
    _tell(phone, "云湖路", "积水很深", _shot("green"))
    expect(_items(phone, "refused")).to_contain_text("已经办结")
    slow: list[Route] = []

    def unanswered(route: Route) -> None:
        slow.append(route)

    phone.context.route("**/hand-in/nearby?*", unanswered)
    phone.get_by_role("button", name="继续填写").click()
    expect(phone.locator("#f-problem")).to_have_value("积水很深")
    phone.get_by_role("button", name="提交上报").click()
    expect(_items(phone, "done")).to_have_count(1)
    assert [case.problem for case in world.rows(Case)] == ["路面积水", "积水很深"]
    [photo] = world.rows(Photo)
    assert photo.case_id == world.rows(Case)[1].id
    assert slow, "what lies around was never asked for again"


def test_a_large_picture_is_sent_smaller_with_what_the_camera_wrote(
    browser_portal: Any, phone: Page
) -> None:
    picture = jpeg(scene(1, (2000, 1500)), exif=exif(orientation=6))
    large = picture + bytes(4_000_000)
    _tell(phone, "新桥大道1号", "垃圾桶满溢", large)
    expect(_items(phone, "done")).to_have_count(1)
    [photo] = browser_portal.world.rows(Photo)
    assert (photo.width, photo.height) == (1200, 1600)
    assert clock(photo.taken_at) == "2026-09-24 15:00"
    assert (photo.lat, photo.lon) == (31.21, 121.5)


def test_a_browser_without_scripts_hands_in_all_the_same(browser_portal: Any) -> None:
    page = browser_portal.phone("alice", java_script_enabled=False)
    page.goto("/hand-in")
    picture: Any = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": _shot("red")}
    page.set_input_files("#f-photos", picture)
    page.fill("#f-place", "新桥大道1号")
    page.fill("#f-problem", "垃圾桶满溢")
    page.get_by_role("button", name="提交上报").click()
    [case] = browser_portal.world.rows(Case)
    expect(page.locator("main")).to_contain_text(f"案号 {case.number}")
    [photo] = browser_portal.world.rows(Photo)
    assert photo.case_id == case.id


def test_an_open_case_nearby_is_joined_by_one_tap(browser_portal: Any) -> None:
    world = browser_portal.world
    number = world.report("云湖路3号", "路面积水", area="东澄区", lat=30.0, lon=120.0)
    spot = {"latitude": 30.0005, "longitude": 120.0, "accuracy": 20}
    page = browser_portal.phone("alice", geolocation=spot, permissions=["geolocation"])
    page.goto("/hand-in")
    page.locator("[data-sites] .chip", has_text="云湖路3号").click()
    page.fill("#f-problem", "这里积水")
    page.locator(f'label[data-joins="{number}"]').click()
    page.get_by_role("button", name="提交上报").click()
    expect(_items(page, "done")).to_contain_text(f"并入在办案件 {number}")
    assert world.case(number).reports == 2


def test_a_category_is_found_by_the_first_letters_of_its_pinyin(
    browser_portal: Any, phone: Page
) -> None:
    phone.fill("#f-place", "云湖路3号")
    phone.fill("#f-problem", "盖子碎了")
    category = phone.locator("#f-category")
    expect(phone.locator("[data-category-said]")).to_have_text("")
    _until(phone, lambda: category.press_sequentially("wsjg"), "[role=option]")
    phone.locator("[role=option]", has_text="污水井盖（破损）").click()
    expect(category).to_have_value("污水井盖（破损）")
    phone.get_by_role("button", name="提交上报").click()
    expect(_items(phone, "done")).to_have_count(1)
    [case] = browser_portal.world.rows(Case)
    assert case.category_code == "B0102-2"


def _until(page: Page, type_: Callable[[], None], shows: str) -> None:
    """Type once the directory has come."""
    page.wait_for_load_state("networkidle")
    type_()
    page.wait_for_selector(shows)
