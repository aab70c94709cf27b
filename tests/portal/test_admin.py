"""管理: the administrator's pages, as a browser sees them."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from ledger import accounts, links
from ledger.changes import table
from models.account import Act, Token
from models.finding import Draft
from models.person import Channel, Person
from models.policy import PolicyVersion
from models.unit import Unit, UnitAlias
from models.words import Words
from portal.pages.admin import router
from tests.portal.readers import Portal, Reader
from tests.world import instant

PLAIN = sorted(
    str(context.path)
    for context in iter_route_contexts(router.routes)
    if "GET" in (context.methods or ()) and "{" not in str(context.path)
)
assert len(PLAIN) > 15
SECRET = "json://user:topsecretpassword@127.0.0.1:9/path-is-a-key"
NEXT_YEAR = "date,workday,name,source\n2027-01-01,0,元旦,国办发明电〔2026〕9号\n"
OURS = "extends: chuangcheng\npolicy: ours\ntitle: 本市办法\nstages: {handle: {limit: 7 工作日}}\n"


@pytest.fixture
def admin(sqlite_portal: Portal) -> Reader:
    """The administrator at a browser."""
    return sqlite_portal.reader("discipline")


def key(portal: Portal, model: Any, code: str) -> int:
    [row] = portal.world.rows(model, table(model).c.code == code)
    return int(row.id)


def said(reader: Reader, answer: Any) -> str:
    """What the next page says of a form that was sent."""
    assert answer.status_code == 303, (answer.status_code, answer.text[:300])
    page = reader.text(answer.headers["location"])
    return " ".join(re.findall(r'data-message="\w+".*?<p>(.*?)</p>', page, re.DOTALL))


# -- who comes in ------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["alice", "bob", "carol", "leader", "mallory"])
def test_for_anybody_else_these_pages_do_not_exist(sqlite_portal: Portal, who: str) -> None:
    reader = sqlite_portal.reader(who)
    assert {reader.get(url).status_code for url in PLAIN} == {404}
    assert (
        reader.post("/admin/units", {"code": "x", "name": "x", "kind": "office"}).status_code == 404
    )
    assert len(sqlite_portal.world.rows(Unit)) == 5


def test_whoever_is_not_signed_in_is_sent_to_the_door(sqlite_portal: Portal) -> None:
    answer = sqlite_portal.reader().get("/admin/accounts")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/sign-in?next=/admin/accounts",
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_opens_in_both_languages(admin: Reader, lang: str) -> None:
    admin.client.cookies.set("duban-lang", lang)
    for url in PLAIN:
        page = admin.text(url)
        assert page.count("<h1>") == 1, url
        assert not re.search(r"\sstyle=|\son\w+=", page), url  # the browser would refuse it


def test_an_administrator_without_another_role_sees_no_case(
    sqlite_portal: Portal, admin: Reader
) -> None:
    world = sqlite_portal.world
    [answer] = world.hand_in(Draft("1", "滨河路1号", "垃圾桶满溢", units=("城管局",)))
    assert admin.get(f"/cases/{answer.case}").status_code == 404
    assert all("滨河路1号" not in admin.text(url) for url in PLAIN)


def test_the_overview_says_what_is_missing(admin: Reader, words: Callable[[str], str]) -> None:
    page = words(admin.text("/admin"))
    assert "2027 年的日历还没有装载" in page
    assert "全市没有人担任：检查员" in page
    assert re.search(r"单位没有人担任：联络员.*?市创城办 、 北坡社区居委会", page)


# -- units, people, channels -------------------------------------------------------------------


def test_a_unit_is_added_changed_and_removed(sqlite_portal: Portal, admin: Reader) -> None:
    form = {"code": "yl", "name": "市园林局", "kind": "department", "parent": "创城办"}
    form["parent"] = "市创城办"
    assert "单位已新增" in said(admin, admin.post("/admin/units", form))
    unit = key(sqlite_portal, Unit, "yl")
    url = f"/admin/units/{unit}"
    form |= {"name": "市园林绿化局"}
    assert "已保存" in said(admin, admin.post(url, form))
    assert "别名已新增" in said(admin, admin.post(f"{url}/aliases", {"name": "市园林局"}))
    assert "市园林局" in admin.text(url)
    assert "已删除" in said(admin, admin.post(f"{url}/remove"))
    assert admin.get(url).status_code == 404
    assert not sqlite_portal.world.rows(UnitAlias, table(UnitAlias).c.name == "市园林局")


def test_a_refused_form_keeps_what_was_typed_and_says_why(
    sqlite_portal: Portal, admin: Reader
) -> None:
    form = {"code": "csgl", "name": "另一个局", "kind": "department"}
    answer = admin.post("/admin/units", form)
    assert answer.status_code == 422
    assert "代码 csgl 已有单位在用" in answer.text
    assert 'value="另一个局"' in answer.text
    bare = admin.post("/admin/units", {"code": "x", "name": "某局", "kind": "none"})
    assert "请选择单位类型" in bare.text
    assert len(sqlite_portal.world.rows(Unit)) == 5


def test_a_unit_with_cases_stays_and_the_page_says_why(
    sqlite_portal: Portal, admin: Reader
) -> None:
    sqlite_portal.world.hand_in(Draft("1", "滨河路1号", "垃圾桶满溢", units=("城管局",)))
    unit = key(sqlite_portal, Unit, "csgl")
    refused = said(admin, admin.post(f"/admin/units/{unit}/remove"))
    assert "不能删除市城市管理局" in refused
    assert "记录要留存" in refused


def test_an_address_is_never_shown_again(sqlite_portal: Portal, admin: Reader) -> None:
    bob = key(sqlite_portal, Person, "bob")
    assert "渠道已新增" in said(admin, admin.post(f"/admin/people/{bob}/channels", {"url": SECRET}))
    pages = [admin.text(url) for url in (f"/admin/people/{bob}", "/admin/acts", "/admin/people")]
    assert all(word not in page for page in pages for word in ("topsecret", "path-is-a-key"))
    assert "127.0.0.1" in pages[0]  # which one it is can still be told


def test_an_address_that_cannot_be_read_is_refused_without_repeating_it(
    sqlite_portal: Portal, admin: Reader
) -> None:
    bob = key(sqlite_portal, Person, "bob")
    refused = said(admin, admin.post(f"/admin/people/{bob}/channels", {"url": "topsecret"}))
    assert "渠道地址无法识别" in refused
    assert "topsecret" not in refused


def test_a_test_message_really_arrives_and_a_dead_channel_says_its_true_answer(
    sqlite_portal: Portal, admin: Reader
) -> None:
    world, bob = sqlite_portal.world, key(sqlite_portal, Person, "bob")
    [channel] = world.rows(Channel, table(Channel).c.person_id == bob)
    url = f"/admin/people/{bob}/channels/{channel.id}/test"
    assert "渠道已接收" in admin.post(url).text
    home = sqlite_portal.app.state.house.settings.home
    assert "测试消息" in (home / "messages" / "bob.txt").read_text("utf-8")
    admin.post(f"/admin/people/{bob}/channels/{channel.id}", {"url": SECRET})
    fragment = admin.post(url, headers={"hx-request": "true"}).text
    assert "连接不上" in fragment
    assert "<html" not in fragment
    outcomes = [row.detail["after"].get("outcome") for row in world.rows(Act)]
    assert outcomes == ["sent", None, "temporary"]


def test_somebody_elses_channel_is_not_reached_by_way_of_another_person(
    sqlite_portal: Portal, admin: Reader
) -> None:
    world, alice = sqlite_portal.world, key(sqlite_portal, Person, "alice")
    bob = key(sqlite_portal, Person, "bob")
    [channel] = world.rows(Channel, table(Channel).c.person_id == bob)
    assert admin.post(f"/admin/people/{alice}/channels/{channel.id}/test").status_code == 404


def test_duties_absences_and_rotas_are_kept_by_forms(sqlite_portal: Portal, admin: Reader) -> None:
    alice = key(sqlite_portal, Person, "alice")
    form = {"unit": "城管局", "duty": "contact"}
    assert "职责已设定" in said(admin, admin.post(f"/admin/people/{alice}/duties", form))
    form = {"person": "Bob（bob）", "start": "2026-09-24T08:00", "until": "2026-10-09T08:00",
            "substitute": "alice"}  # fmt: skip
    assert "已登记" in said(admin, admin.post("/admin/absences", form))
    assert "Alice" in admin.text("/admin/absences")
    refused = said(admin, admin.post("/admin/absences", form | {"until": "2026-09-01T08:00"}))
    assert "止必须晚于起" in refused
    for beyond in ("0001-01-01T00:00", "9999-12-31T23:59", "someday"):
        refused = said(admin, admin.post("/admin/absences", form | {"until": beyond}))
        assert "读不出" in refused
    rota = {"unit": "市城管局", "duty": "contact", "first_monday": "2026-09-21",
            "people": "Bob\nalice"}  # fmt: skip
    assert "值班表已设定" in said(admin, admin.post("/admin/rotas", rota))
    assert re.search(r"<strong>Bob</strong>（本周）\s*→ Alice", admin.text("/admin/rotas"))
    refused = said(admin, admin.post("/admin/rotas", rota | {"first_monday": "2026-09-22"}))
    assert "请写 2026-09-21 或 2026-09-28" in refused


# -- accounts ----------------------------------------------------------------------------------


def shown(page: str) -> str:
    """The secret a page shows."""
    found = re.search(r"data-secret>([^<]+)<", page)
    assert found
    return found[1]


def test_a_new_account_signs_in_once_with_the_password_shown_and_must_change_it(
    sqlite_portal: Portal, admin: Reader
) -> None:
    admin.post("/admin/people", {"code": "dave", "name": "新督办员"})
    form = {"person": "新督办员", "login": "Dave", "role": "supervisor", "area": ""}
    answer = admin.post("/admin/accounts", form)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    door = sqlite_portal.reader()
    entered = door.post("/sign-in", {"login": "dave", "password": shown(answer.text)})
    assert entered.headers["location"] == "/password"
    assert shown(answer.text) not in str(sqlite_portal.world.rows(Act))
    again = admin.post("/admin/accounts", form)
    assert (again.status_code, "已经有账号" in again.text) == (422, True)


def test_a_reset_opens_the_lock_ends_the_sessions_and_shows_the_new_password(
    sqlite_portal: Portal, admin: Reader
) -> None:
    bob, account = sqlite_portal.reader("bob"), sqlite_portal.accounts["bob"]
    page = admin.post(f"/admin/accounts/{account}/reset").text
    assert bob.get("/account").status_code == 303
    ledger, now = sqlite_portal.world.ledger, sqlite_portal.world.now
    assert isinstance(accounts.sign_in(ledger, "bob", shown(page), now), accounts.Opened)


def test_a_role_holds_from_the_click_that_grants_it_to_the_click_that_withdraws_it(
    sqlite_portal: Portal, admin: Reader
) -> None:
    bob, account = sqlite_portal.reader("bob"), sqlite_portal.accounts["bob"]
    url = f"/admin/accounts/{account}"
    assert bob.get("/admin").status_code == 404
    assert "已授予" in said(admin, admin.post(f"{url}/roles", {"role": "administrator"}))
    assert bob.get("/admin").status_code == 200
    newest = max(int(found) for found in re.findall(r"/roles/(\d+)/remove", admin.text(url)))
    assert "已收回" in said(admin, admin.post(f"{url}/roles/{newest}/remove"))
    assert bob.get("/admin").status_code == 404


def test_a_closed_account_is_out_at_once_and_the_last_administrator_cannot_go(
    sqlite_portal: Portal, admin: Reader
) -> None:
    bob, made = sqlite_portal.reader("bob"), sqlite_portal.accounts
    assert "已停用" in said(admin, admin.post(f"/admin/accounts/{made['bob']}/close"))
    assert bob.get("/account").status_code == 303
    assert "已恢复" in said(admin, admin.post(f"/admin/accounts/{made['bob']}/reopen"))
    refused = said(admin, admin.post(f"/admin/accounts/{made['discipline']}/close"))
    assert "最后一个管理员" in refused


def test_a_locked_account_is_opened_by_hand(sqlite_portal: Portal, admin: Reader) -> None:
    world, account = sqlite_portal.world, sqlite_portal.accounts["bob"]
    for _ in range(5):
        accounts.sign_in(world.ledger, "bob", "wrong", world.now)
    assert "已锁定" in admin.text("/admin/accounts?q=bob")
    assert "锁定已解除" in said(admin, admin.post(f"/admin/accounts/{account}/unlock"))
    assert "已锁定" not in admin.text("/admin/accounts?q=bob")


def test_an_outside_account_is_linked_once_only(sqlite_portal: Portal, admin: Reader) -> None:
    made, form = sqlite_portal.accounts, {"issuer": "wecom:corp", "subject": "zhang"}
    url = f"/admin/accounts/{made['bob']}"
    assert "已绑定" in said(admin, admin.post(f"{url}/outside", form))
    refused = said(admin, admin.post(f"/admin/accounts/{made['alice']}/outside", form))
    assert "已绑定另一个账号" in refused
    [identity] = re.findall(r"/outside/(\d+)/remove", admin.text(url))
    assert "已解除" in said(admin, admin.post(f"{url}/outside/{identity}/remove"))


def test_a_token_is_shown_once_and_revoked_for_good(sqlite_portal: Portal, admin: Reader) -> None:
    form = {"login": "carol", "name": "热线平台", "scope": ["cases:read", "log:read"]}
    page = admin.post("/admin/tokens", form).text
    token = shown(page)
    listed = admin.text("/admin/tokens")
    assert token.startswith("duban_")
    assert token not in listed + admin.text("/admin/acts")
    [row] = sqlite_portal.world.rows(Token)
    assert "已收回" in said(admin, admin.post(f"/admin/tokens/{row.id}/revoke"))
    refused = admin.post("/admin/tokens", form | {"scope": []})
    assert (refused.status_code, 'value="热线平台"' in refused.text) == (422, True)


def test_links_of_a_person_or_a_case_open_nothing_once_revoked(
    sqlite_portal: Portal, admin: Reader
) -> None:
    world, bob = sqlite_portal.world, key(sqlite_portal, Person, "bob")
    [answer] = world.hand_in(Draft("1", "滨河路1号", "垃圾桶满溢", units=("城管局",)))
    unit, case = key(sqlite_portal, Unit, "csgl"), world.case(str(answer.case))

    def link() -> str:
        with world.ledger.transaction() as connection:
            return links.make(connection, case.id, bob, unit, world.now)

    first, second = link(), link()
    reader = sqlite_portal.reader()
    opened = links.use(world.ledger, second, world.now)
    assert not isinstance(opened, Words)
    reader.client.cookies.set("duban", opened[0])
    assert reader.get("/account").status_code == 200
    assert "收回" in said(admin, admin.post("/admin/links/person", {"person": "bob"}))
    assert sqlite_portal.reader().get(f"/l/{first}").status_code == 410
    assert reader.get("/account").status_code == 303
    third = link()
    assert "收回 1 个" in said(admin, admin.post("/admin/links/case", {"number": case.number}))
    assert sqlite_portal.reader().get(f"/l/{third}").status_code == 410


# -- rules -------------------------------------------------------------------------------------


def test_where_a_finding_would_go_is_told_in_words(
    sqlite_portal: Portal, admin: Reader, words: Callable[[str], str]
) -> None:
    url = "/admin/routes/try?problem=路灯不亮&place=滨河路3号"
    page = words(admin.text(url))
    for part in (
        "B0137-3 路灯（不亮）",
        "按责任路由 lamps",
        "市住房和城乡建设局",
        "住建局联络员",
        "3 工作日",
    ):
        assert part in page
    unclear = words(admin.text("/admin/routes/try?problem=有问题&place=滨河路3号"))
    assert "类别待定" in unclear
    assert "由督办员定责" in unclear
    bad = admin.get("/admin/routes/try?problem=路灯不亮&place=滨河路3号&units=城管局&limit=尽快")
    assert (bad.status_code, "尽快" in bad.text) == (422, True)
    assert sqlite_portal.world.rows(Act) == []


def test_a_route_is_added_and_ended_by_forms(sqlite_portal: Portal, admin: Reader) -> None:
    world = sqlite_portal.world
    [answer] = world.hand_in(Draft("1", "滨河路1号", "垃圾桶满溢"))
    form = {"code": "市容", "pattern": "S01*", "lead": "城管局", "assisting": "住建局、西岚区"}
    done = said(admin, admin.post("/admin/routes", form))
    assert "1 件现已交办" in done
    assert world.status(str(answer.case)) == "dispatched"
    refused = admin.post("/admin/routes", form | {"code": "又", "assisting": "某某局"})
    assert (refused.status_code, "没有叫“某某局”的单位" in refused.text) == (422, True)
    page = admin.text("/admin/routes?q=市容")
    [route] = re.findall(r"/admin/routes/(\d+)/end", page)
    assert "已终止" in said(admin, admin.post(f"/admin/routes/{route}/end", {"on": "2026-09-24"}))
    assert f"/admin/routes/{route}/end" not in admin.text("/admin/routes")


def test_a_calendar_is_shown_with_the_cases_it_changes_before_it_counts(
    sqlite_portal: Portal, admin: Reader
) -> None:
    world = sqlite_portal.world
    world.now = instant("2026-12-30 15:00")
    admin = sqlite_portal.reader("discipline")
    [answer] = world.hand_in(
        Draft("1", "滨河路1号", "垃圾桶满溢", units=("城管局",), limit="5 工作日")
    )
    number, before = str(answer.case), world.due(str(answer.case))
    file = {"file": ("日历.csv", NEXT_YEAR.encode("gb18030"), "text/csv")}
    page = admin.post("/admin/calendar", files=file).text
    assert "2027-01-01" in page
    assert number in page
    assert "滨河路1号" not in page
    assert (world.due(number), world.case(number).provisional) == (before, True)
    done = said(admin, admin.post("/admin/calendar", {"text": NEXT_YEAR, "sure": "1"}))
    assert "2027 年日历已启用" in done
    assert not world.case(number).provisional


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "请选择日历文件"),
        ("day,work\n2027-01-01,0\n", "缺少列"),
        (NEXT_YEAR.replace("2027-01-01", "2027-13-01"), "读不出"),
    ],
)
def test_a_calendar_that_cannot_be_read_says_why(admin: Reader, text: str, why: str) -> None:
    answer = admin.post("/admin/calendar", {"text": text})
    assert (answer.status_code, why in answer.text) == (422, True)


def test_a_policy_is_checked_while_it_is_typed(admin: Reader) -> None:
    good = admin.post("/admin/policies/check", {"text": OURS}).text
    assert "“本市办法”没有错误" in good
    wrong = admin.post("/admin/policies/check", {"text": OURS.replace("7 工作日", "sieben")}).text
    assert 'data-line="4"' in wrong
    assert "stages.handle.limit" in wrong
    english = {"duban-lang": "en"}
    admin.client.cookies.update(english)
    assert "line 1" in admin.post("/admin/policies/check", {"text": "- list"}).text


def test_the_form_of_common_values_writes_into_the_text(admin: Reader) -> None:
    form = {"text": OURS, "stages-sign-limit": "2 工作时", "hold_reminders": "false",
            "requests-extensions": "1"}  # fmt: skip
    page = admin.post("/admin/policies/fill", form).text
    for line in ("limit: 2 工作时", "hold_reminders: false", "extensions: 1", "limit: 7 工作日"):
        assert line in page
    assert "没有错误" in page
    for wrong in ("- a list", "stages: none", "policy: [", "x" * 200_000):
        assert "还不能启用" in admin.post("/admin/policies/fill", form | {"text": wrong}).text
    untouched = admin.post("/admin/policies/fill", {"text": OURS, "rework": "2 工作日"}).text
    assert "stages: {handle: {limit: 7 工作日}}" in untouched  # what it says already stays as it is


def test_a_policy_is_shown_on_open_cases_and_put_in_force_for_new_ones_or_all(
    sqlite_portal: Portal, admin: Reader
) -> None:
    world = sqlite_portal.world
    [answer] = world.hand_in(Draft("1", "滨河路1号", "垃圾桶满溢", units=("城管局",)))
    number, before = str(answer.case), world.due(str(answer.case))
    page = admin.post("/admin/policies/preview", {"text": OURS}).text
    assert number in page
    assert "在办案件仍按原办法" in page
    assert len(world.rows(PolicyVersion)) == 2
    done = said(admin, admin.post("/admin/policies/activate", {"text": OURS}))
    assert "在办案件仍按原办法" in done
    assert world.due(number) == before
    form = {"text": OURS, "reapply": "1"}
    assert "1 件在办案件" in said(admin, admin.post("/admin/policies/activate", form))
    assert world.due(number) != before
    refused = admin.post("/admin/policies/activate", {"text": "policy: x"})
    assert refused.status_code == 422
    assert len(world.rows(PolicyVersion)) == 3


def test_a_new_limit_of_a_category_is_shown_before_it_reaches_cases(
    sqlite_portal: Portal, admin: Reader
) -> None:
    world = sqlite_portal.world
    numbers = "extends: shuzi-chengguan\npolicy: numbers\ntitle: 数字城管\n"
    admin.post("/admin/policies/activate", {"text": numbers})
    [answer] = world.hand_in(Draft("1", "滨河路3号", "路灯不亮"))
    number, before = str(answer.case), world.due(str(answer.case))
    page = admin.text("/admin/categories/B0137-3")
    form = {"limit": "15 工作日", "keywords": "路灯、不亮"}
    asked = admin.post("/admin/categories/B0137-3", form)
    assert (asked.status_code, number in asked.text, "还没有保存" in asked.text) == (
        200,
        True,
        True,
    )
    assert world.due(number) == before
    done = said(admin, admin.post("/admin/categories/B0137-3", form | {"sure": "1"}))
    assert "重算了 1 件" in done
    assert world.due(number) != before
    refused = admin.post("/admin/categories/B0137-3", form | {"limit": "很快"})
    assert refused.status_code == 422
    assert "路灯" in page


def test_the_log_of_acts_tells_what_was_before_and_what_is_now(
    sqlite_portal: Portal, admin: Reader, words: Callable[[str], str]
) -> None:
    area = {"name": "东城区", "parent": "1"}
    admin.post("/admin/areas/2", area)
    page = words(admin.text("/admin/acts"))
    assert re.search(r"纪检监察员\s+修改辖区\s+东澄区.*名称\s+东澄区.*名称\s+东城区", page)
    assert "修改辖区" not in words(admin.text("/admin/acts?about=unit")).split("改后")[-1]
    admin.post("/admin/people/1/duties", {"unit": "城管局", "duty": "contact"})
    assert re.search(r"职责\s+联络员", words(admin.text("/admin/acts?about=duty")))
    sqlite_portal.world.now += timedelta(days=1)
    assert "昨天" in words(admin.text("/admin/acts"))
