"""单位的一天: from the message on the phone to what was handed in, in a real browser."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tasks import sending
from tests.documents.hostile import jpeg, textured
from tests.world import World

PICTURE = {"name": "井盖.jpg", "mimeType": "image/jpeg", "buffer": jpeg(textured(3))}
NO_PICTURE = {"name": "说明.jpg", "mimeType": "image/jpeg", "buffer": b"<svg></svg>"}


def given(world: World, *places: str) -> list[str]:
    """Cases that wait for 城管局 to sign."""
    world.at("2026-09-21 09:00")
    numbers = [world.report(place, "井盖缺失", limit="3 工作日") for place in places]
    world.sweep()
    return numbers


def fits(page: Page) -> bool:
    """Whether nothing of the page lies beside the screen."""
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return bool(wide <= 0)


def test_two_taps_lead_from_the_message_to_a_signed_case_on_a_phone(browser_portal: Any) -> None:
    world = browser_portal.world
    world.at("2026-09-21 09:00")
    number = world.report("解放路1号", "井盖缺失", limit="3 工作日")
    sending.deliver(world.ledger, world.now, world.folder, portal=browser_portal.url)
    [message] = world.told("bob")
    [link] = re.findall(r"打开办理：(http://\S+/l/[\w-]+)", message.body)

    page = browser_portal.phone()
    page.goto(link)  # the first tap
    page.get_by_role("button", name="签收并查看").tap()
    expect(page).to_have_url(f"{browser_portal.url}/cases/{number}")
    expect(page.get_by_text("已签收。")).to_be_visible()
    assert world.status(number) == "in_progress"
    expect(page.get_by_role("link", name="整改反馈")).to_be_visible()
    assert page.locator("nav").count() == 0
    assert fits(page)

    page.goto(link)
    expect(page.get_by_text("链接已经用过")).to_be_visible()


def test_what_was_done_is_handed_in_with_a_picture_on_a_phone(browser_portal: Any) -> None:
    world = browser_portal.world
    [number] = given(world, "解放路1号")
    page = browser_portal.phone("bob")
    page.goto("/mine")
    page.get_by_role("link", name=number).tap()
    page.get_by_role("button", name="签收", exact=True).tap()
    page.get_by_role("link", name="整改反馈").tap()
    page.fill("#f-text", "井盖已换好")
    page.set_input_files("#f-files", [PICTURE, NO_PICTURE])
    expect(page.locator(".preview img")).to_have_count(2)
    page.get_by_role("button", name="确认整改反馈").tap()

    expect(page.get_by_text("有照片没有收下")).to_be_visible()
    expect(page.locator("#f-text")).to_have_value("井盖已换好")
    expect(page.get_by_role("checkbox", name="已上传的照片 1")).to_be_checked()
    assert world.status(number) == "in_progress"
    page.get_by_role("button", name="确认整改反馈").tap()
    expect(page.get_by_text("案件现为“待核查”")).to_be_visible()
    assert world.status(number) == "submitted"
    shown = page.locator(".compare [data-photo] img").first
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth > 0)")
    assert fits(page)


def test_several_are_ticked_and_signed_for_on_a_pc(browser_portal: Any) -> None:
    world = browser_portal.world
    numbers = given(world, "解放路1号", "解放路2号", "解放路3号")
    page = browser_portal.pc("bob")
    page.goto("/mine")
    sign = page.get_by_role("button", name="签收所选")
    expect(sign).to_be_disabled()
    page.get_by_role("checkbox", name=numbers[0]).check()
    page.get_by_role("checkbox", name=numbers[2]).check()
    sign.click()
    expect(page.get_by_text("签收了 2 件。")).to_be_visible()
    assert [world.status(number) for number in numbers] == [
        "in_progress", "dispatched", "in_progress",
    ]  # fmt: skip
    page.get_by_role("link", name="1 待签收").click()
    expect(page.get_by_role("link", name=numbers[1])).to_be_visible()
    expect(page.get_by_role("link", name=numbers[0])).to_have_count(0)


def test_two_browsers_on_one_case_the_second_hears_what_happened(browser_portal: Any) -> None:
    world = browser_portal.world
    [number] = given(world, "解放路1号")
    bob, head = browser_portal.pc("bob"), browser_portal.phone("head")
    for page in (bob, head):
        page.goto(f"/cases/{number}")
    bob.get_by_role("button", name="签收", exact=True).click()
    expect(bob.get_by_text("案件现为“整改中”")).to_be_visible()
    records = len(world.thread(number).records)
    head.get_by_role("button", name="签收", exact=True).tap()
    expect(head.get_by_text("案件已被他人处理，本次没有写入")).to_be_visible()
    expect(head.get_by_text("Bob 签收")).to_be_visible()
    expect(head.get_by_role("link", name="整改反馈")).to_be_visible()
    assert len(world.thread(number).records) == records


def test_more_time_is_asked_for_after_the_rules_were_read(browser_portal: Any) -> None:
    world = browser_portal.world
    [number] = given(world, "解放路1号")
    world.bob.signs(number)
    page = browser_portal.phone("bob")
    page.goto(f"/cases/{number}")
    page.get_by_text("更多办法").tap()
    page.get_by_role("link", name="申请延期").tap()
    expect(page.get_by_text("本案已用 0 次，还剩 2 次")).to_be_visible()
    page.fill("#f-reason", "配件未到")
    page.get_by_role("button", name="确认申请延期").tap()
    expect(page.get_by_text("配件未到").first).to_be_visible()
    [asked] = world.thread(number).requests
    assert asked.reason == "配件未到"


def test_units_are_added_one_by_one_with_a_keyboard_and_the_first_leads(
    browser_portal: Any,
) -> None:
    world = browser_portal.world
    [number] = given(world, "解放路1号")
    page = browser_portal.pc("carol")
    page.goto(f"/cases/{number}/do/transfer")
    page.get_by_label("责任单位（第一个牵头）").first.fill("住建局")
    page.get_by_role("button", name="再加一个单位").press("Enter")
    page.keyboard.type("城管局")
    page.fill("#f-reason", "职责划转")
    page.get_by_role("button", name="确认改派").click()
    expect(page.get_by_text("案件现为“待签收”")).to_be_visible()
    parts = [part for part in world.thread(number).parts if part.ended_at is None]
    assert [(part.name, part.role.value) for part in parts] == [
        ("市住房和城乡建设局", "lead"), ("市城市管理局", "assisting"),
    ]  # fmt: skip


def test_everything_works_without_script(browser_portal: Any) -> None:
    world = browser_portal.world
    [first, second] = given(world, "解放路1号", "解放路2号")
    page = browser_portal.phone("bob", java_script_enabled=False)
    page.goto("/mine")
    page.locator("tr", has_text=first).get_by_role("button", name="签收", exact=True).tap()
    expect(page.get_by_text("签收了 1 件。")).to_be_visible()
    assert world.status(first) == "in_progress"
    page.goto(f"/cases/{second}")
    page.get_by_role("button", name="签收", exact=True).tap()
    page.get_by_role("link", name="整改反馈").tap()
    page.fill("#f-text", "已整改")
    page.set_input_files("#f-files", [PICTURE])
    page.get_by_role("button", name="确认整改反馈").tap()
    expect(page.get_by_text("案件现为“待核查”")).to_be_visible()
    assert world.status(second) == "submitted"
