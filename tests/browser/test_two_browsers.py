"""Two people at one case, and links that open once: whoever comes second is told what happened."""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ledger import links
from ledger.changes import table
from models.person import Person
from models.unit import Unit
from tests.browser.conftest import BrowserPortal
from tests.world import World


@pytest.fixture
def city(browser_portal: BrowserPortal) -> World:
    """The small city on a Monday morning."""
    return browser_portal.world.at("2026-10-12 09:00")


@pytest.fixture
def sent_back(city: World) -> str:
    """A case that waits for a ruling."""
    case = city.report("滨江路1号", "人行道破损", limit="5 工作日")
    city.bob.sends_back(case, "属住建局职责")
    return case


def opened(page: Page, address: str) -> Page:
    """The page at an address."""
    page.goto(address)
    return page


def verbs(world: World, number: str) -> list[str]:
    """What was done to a case, in order."""
    return [record.verb for record in world.thread(number).records]


def test_the_second_to_rule_hears_what_the_first_has_ruled(
    browser_portal: BrowserPortal, city: World, sent_back: str
) -> None:
    form = f"/cases/{sent_back}/do/refuse_return"
    one, other = (opened(browser_portal.pc("carol"), form) for _ in range(2))
    one.get_by_label("理由").fill("属贵单位职责")
    other.get_by_label("理由").fill("两家共管，仍由城管局办")
    one.get_by_role("button", name="确认").click()
    expect(one.locator("main .notice").first).to_contain_text(sent_back)
    before = verbs(city, sent_back)
    other.get_by_role("button", name="确认").click()
    expect(other.locator("main .notice").first).to_contain_text("已被他人处理，本次没有写入")
    expect(other.locator("main .notice").first).to_contain_text("属贵单位职责")
    assert verbs(city, sent_back) == before
    assert city.proven()


def test_two_who_ask_for_different_things_do_not_undo_each_other(
    browser_portal: BrowserPortal, city: World
) -> None:
    case = city.report("云湖路1号", "井盖破损", limit="5 工作日")
    city.bob.signs(case)
    unit = opened(browser_portal.phone("bob"), f"/cases/{case}/do/submit")
    office = opened(browser_portal.pc("carol"), f"/cases/{case}/do/transfer")
    office.locator(".units input").fill("市住房和城乡建设局")
    office.get_by_label("理由").fill("职责划转")
    unit.get_by_label("整改情况").fill("已换井盖")
    office.get_by_role("button", name="确认").click()
    expect(office.locator("main .notice").first).to_contain_text(case)
    unit.get_by_role("button", name="确认").tap()
    expect(unit.locator("main")).to_contain_text("不在您的范围内")
    assert city.status(case) == "dispatched"
    assert "submit" not in verbs(city, case)


def test_a_form_sent_twice_by_an_impatient_thumb_is_written_once(
    browser_portal: BrowserPortal, city: World
) -> None:
    case = city.report("云湖路2号", "井盖破损", limit="5 工作日")
    city.bob.signs(case)
    page = opened(browser_portal.phone("bob"), f"/cases/{case}/do/note")
    page.get_by_label("备注").fill("已到现场")
    page.get_by_role("button", name="确认").evaluate(
        "button => { button.click(); button.click(); }"
    )
    expect(page.locator("main .notice").first).to_contain_text(case)
    page.go_back()
    page.go_forward()
    assert verbs(city, case).count("note") == 1


def test_a_case_signed_by_a_colleague_is_signed_once(
    browser_portal: BrowserPortal, city: World
) -> None:
    case = city.report("云湖路3号", "井盖破损", limit="5 工作日")
    contact, head = (opened(browser_portal.phone(who), "/mine") for who in ("bob", "head"))
    contact.get_by_role("button", name="签收", exact=True).tap()
    expect(contact.locator("main .notice").first).to_contain_text("签收了 1 件")
    head.get_by_role("button", name="签收", exact=True).tap()
    expect(head.locator("main .notice").first).to_contain_text("1 件没有签收")
    assert verbs(city, case).count("acknowledge") == 1


# -- links -------------------------------------------------------------------------------------


def link_of(world: World, number: str) -> str:
    """The address a notice to Bob would hold."""
    bob = world.rows(Person, table(Person).c.code == "bob")[0].id
    unit = world.rows(Unit, table(Unit).c.code == "csgl")[0].id
    case = world.case(number).id
    with world.ledger.transaction() as connection:
        return "/l/" + links.make(connection, case, bob, unit, world.now)


def test_from_the_notice_to_the_signed_case_it_is_two_taps(
    browser_portal: BrowserPortal, city: World
) -> None:
    case = city.report("云湖路4号", "井盖破损", limit="5 工作日")
    page = opened(browser_portal.phone(), link_of(city, case))
    page.get_by_role("button", name="签收并查看").tap()
    expect(page).to_have_url(re.compile(f"/cases/{case}$"))
    expect(page.locator("main")).to_contain_text("已签收")
    assert city.status(case) == "in_progress"


def test_a_used_link_opens_nothing_in_another_browser_and_says_what_to_do(
    browser_portal: BrowserPortal, city: World
) -> None:
    case = city.report("云湖路5号", "井盖破损")
    other = city.report("云湖路6号", "井盖破损")
    address = link_of(city, case)
    page = opened(browser_portal.phone(), address)
    page.get_by_role("button", name="只查看").tap()
    expect(page).to_have_url(re.compile(f"/cases/{case}$"))
    assert page.goto(f"/cases/{other}").status == 404  # type: ignore[union-attr]
    stranger = browser_portal.phone()
    _refused(stranger, address, "已经用过")
    stranger.goto(f"/cases/{case}")
    expect(stranger).to_have_url(re.compile(r"/sign-in\?next="))


def test_an_expired_link_opens_nothing_and_says_what_to_do(
    browser_portal: BrowserPortal, city: World
) -> None:
    case = city.report("云湖路7号", "井盖破损")
    address = link_of(city, case)
    city.now += links.VALID + timedelta(minutes=1)
    page = browser_portal.phone()
    _refused(page, address, "已过期")
    page.get_by_role("link", name="去登录").tap()
    expect(page.get_by_label("用户名")).to_be_visible()
    assert city.status(case) == "dispatched"


def _refused(page: Page, address: str, why: str) -> None:
    answer: Any = page.goto(address)
    assert answer.status == 410
    expect(page.get_by_role("heading", name="链接打不开")).to_be_visible()
    expect(page.locator("main")).to_contain_text(why)
    expect(page.locator("main")).to_contain_text("请用账号登录")
