"""The administrator's day: a new unit, a new person who is reached and signs in, a new policy."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from models.case import Case
from models.policy import PolicyVersion
from tasks.keys import vault
from tests.browser.conftest import BrowserPortal
from tests.browser.looking import judge
from tests.world import World

MINE = "an even longer sentence of my own"


@pytest.fixture
def city(browser_portal: BrowserPortal) -> World:
    """A Monday morning with one case in hand."""
    world = browser_portal.world.at("2026-10-12 09:00")
    world.report("云湖路1号", "井盖破损", limit="5 工作日")
    return world


@pytest.fixture
def page(browser_portal: BrowserPortal, city: World) -> Page:
    """The administrator's PC. What is asked once more is confirmed."""
    page = browser_portal.pc("discipline")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/admin")
    return page


def said(page: Page, text: str) -> None:
    """What the page says about what was just done."""
    expect(page.locator("main .notice").first).to_contain_text(text)


def add_person(page: Page) -> None:
    """A new person, by the pages."""
    page.goto("/admin/people/new")
    page.get_by_label("姓名").fill("园林局联络员")
    page.get_by_label("代码").fill("yuanlin1")
    page.get_by_role("button", name="新增人员").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("园林局联络员")


def open_account(page: Page, unit: str) -> str:
    """An account for them as contact of a unit; gives the password that is shown once."""
    page.get_by_role("link", name="开通账号").click()
    page.get_by_label("角色").select_option(label="单位联络员")
    page.locator("#f-unit").fill(unit)
    page.get_by_role("button", name="开通账号").click()
    return page.locator("[data-secret]").inner_text()


def test_a_new_unit_gets_a_contact_who_is_reached(page: Page, city: World, tmp_path: Path) -> None:
    page.get_by_role("link", name="单位", exact=True).click()
    page.get_by_role("link", name="新增单位").click()
    page.get_by_label("名称").fill("市园林绿化局")
    page.get_by_label("代码").fill("ylj")
    page.get_by_label("类型").select_option(index=1)
    page.get_by_label("上级单位").fill("市创城办")
    page.get_by_role("button", name="新增单位").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("市园林绿化局")

    add_person(page)
    page.get_by_label("单位").fill("市园林绿化局")
    page.get_by_label("职责").select_option(label="联络员")
    page.get_by_role("button", name="设定职责").click()
    expect(page.get_by_role("row", name="市园林绿化局")).to_be_visible()

    page.locator("#f-new-url").fill("folder://yuanlin1")
    page.get_by_role("button", name="新增渠道").click()
    page.get_by_role("button", name="发测试消息").click()
    expect(page.locator("[id^=answer-] .notice")).to_be_visible()
    case = city.report("公园路1号", "绿化带缺株", unit="市园林绿化局", limit="5 工作日")
    city.now = city.now.replace(minute=5)
    city.vault = vault(tmp_path / "home")
    city.sweep()
    assert city.hears("yuanlin1", case)


def test_a_new_account_changes_its_password_before_anything_else(
    browser_portal: BrowserPortal, page: Page, city: World
) -> None:
    add_person(page)
    given = open_account(page, "市城市管理局")
    assert judge(page) == []
    page.reload()
    expect(page.locator("main")).not_to_contain_text(given)

    phone = browser_portal.phone()
    phone.goto("/mine")
    phone.get_by_label("用户名").fill("yuanlin1")
    phone.get_by_label("口令").fill(given)
    phone.get_by_role("button", name="登录", exact=True).tap()
    expect(phone).to_have_url(re.compile("/password$"))
    phone.goto("/mine")
    expect(phone).to_have_url(re.compile("/password"))
    phone.get_by_label("原口令").fill(given)
    phone.locator("#f-new").fill(MINE)
    phone.locator("#f-again").fill(MINE)
    phone.get_by_role("button", name="修改口令").tap()
    said(phone, "口令已修改")
    phone.goto("/mine")
    expect(phone.locator("main")).to_contain_text("云湖路1号")


def test_a_session_that_is_revoked_ends_at_once(browser_portal: BrowserPortal, page: Page) -> None:
    phone = browser_portal.phone("bob")
    phone.goto("/mine")
    page.get_by_role("link", name="账号", exact=True).click()
    page.get_by_role("link", name="Bob", exact=True).click()
    page.get_by_role("button", name="结束全部会话").click()
    expect(page.locator("main")).to_contain_text("现在没有登录")
    phone.get_by_role("link", name="云湖路").or_(phone.locator("tbody a")).first.tap()
    expect(phone.get_by_label("用户名")).to_be_visible()


def test_a_policy_is_checked_while_typing_and_previewed_before_it_is_put_in_force(
    page: Page, city: World
) -> None:
    before = [row.id for row in city.rows(PolicyVersion)]
    page.get_by_role("navigation", name="管理栏目").get_by_role("link", name="办法").click()
    page.get_by_role("link", name="修改成新版").first.click()
    text = page.locator("#f-text")
    good = text.input_value()
    text.fill(good + "\nnonsense: 3\n")
    expect(page.locator("#policy-check")).to_contain_text("还不能启用")
    text.fill(good)
    expect(page.locator("#policy-check")).to_contain_text("没有错误")
    page.get_by_role("button", name="看会改变什么").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("之前")
    assert judge(page) == []
    assert [row.id for row in city.rows(PolicyVersion)] == before
    pinned = city.rows(Case)[0].policy_id
    page.get_by_role("button", name="只对新案启用").click()
    said(page, "启用")
    assert len(city.rows(PolicyVersion)) >= len(before)
    assert city.rows(Case)[0].policy_id == pinned


def test_what_an_administrator_did_stands_in_the_acts_and_never_a_secret(
    page: Page, city: World
) -> None:
    add_person(page)
    given = open_account(page, "市城市管理局")
    page.goto("/admin/acts")
    expect(page.locator("main")).to_contain_text("yuanlin1")
    assert given not in page.content()
    assert page.goto("/cases").status == 404  # type: ignore[union-attr]
