"""In by the door of another house: WeCom, DingTalk, Feishu and OpenID Connect alike."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from ledger.changes import table
from models.account import Account
from portal.pages import outside
from tests.portal.doors import HOUSES, Door, opened, unhurried
from tests.portal.standin_apps import DingTalk, Feishu, WeCom
from tests.portal.standins import SECRET, House, Reply, running


@pytest.fixture(autouse=True)
def patient() -> Iterator[None]:
    """All these sign-ins come from one address."""
    with unhurried():
        yield


@pytest.fixture(params=HOUSES, ids=lambda kind: kind.kind)
def door(request: pytest.FixtureRequest, sqlite_portal: Any, tmp_path: Path) -> Iterator[Door]:
    """Each house in turn, and Alice before its page."""
    house = request.param()
    world = sqlite_portal.world
    house.now = lambda: world.now.timestamp()  # noqa: PLW0108 - the clock moves
    with running(house):
        house.is_before("Alice", "a11ce")
        yield opened(sqlite_portal, house, tmp_path)


# -- in ----------------------------------------------------------------------------------------


def test_whoever_the_house_vouches_for_is_signed_in(door: Door) -> None:
    door.linked()
    answer = door.signs_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert door.inside
    assert "Alice" in door.browser.text("/password")


def test_the_page_that_was_wanted_comes_next(door: Door) -> None:
    door.linked()
    answer = door.signs_in(next="/handed-in?page=2")
    onward = door.browser.get(answer.headers["location"])
    assert onward.headers["location"] == "/handed-in?page=2"


def test_nobody_is_sent_on_to_a_stranger(door: Door) -> None:
    door.linked()
    answer = door.signs_in(next="//mallory.example/")
    onward = door.browser.get(answer.headers["location"])
    assert onward.headers["location"].startswith("/")
    assert not onward.headers["location"].startswith("//")


def test_the_way_back_is_ours_whatever_host_the_browser_names(door: Door) -> None:
    answer = door.browser.get(f"/sign-in/{door.name}", headers={"host": "mallory.example"})
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["redirect_uri"] == [f"http://127.0.0.1:8000/sign-in/{door.name}/callback"]


def test_what_ties_the_way_back_to_the_browser_stays_there(door: Door) -> None:
    there = door.leaves()
    cookie = door.browser.client.cookies["duban-journey"]
    answer = door.browser.get(f"/sign-in/{door.name}")
    kept = answer.headers["set-cookie"].lower()
    assert all(word in kept for word in ("httponly", "samesite=lax", "max-age=600"))
    assert cookie not in there
    assert SECRET not in there


def test_the_door_offers_the_house_by_its_name(door: Door) -> None:
    page = door.browser.text("/sign-in")
    assert f'href="/sign-in/{door.name}"' in page


# -- not in ------------------------------------------------------------------------------------


def stays_out(door: Door, answer: Any, *words: str) -> None:
    """Nobody was let in, and the page that is shown in the end says why."""
    assert answer.status_code == 303, answer.text
    answer = door.browser.get(answer.headers["location"])
    assert [word for word in words if word not in answer.text] == [], answer.text
    assert not door.inside
    assert door.sessions() == 0
    for secret in (SECRET, "eyJhbGci", *hidden(door.house), *door.house.codes):
        assert secret not in answer.text


def hidden(house: House) -> set[str]:
    """The tokens a house has given us."""
    return {*house.tokens, *getattr(house, "apps", ())}


def test_somebody_nobody_has_linked_is_told_what_to_do_and_gets_no_account(door: Door) -> None:
    before = len(door.portal.world.rows(Account))
    answer = door.signs_in()
    stays_out(door, answer, "a11ce", door.house.issuer, "还没有绑定", "管理员")
    assert len(door.portal.world.rows(Account)) == before


def test_a_link_to_another_person_does_not_let_this_one_in(door: Door) -> None:
    door.linked("somebody else")
    stays_out(door, door.signs_in(), "还没有绑定")


def test_a_closed_account_stays_closed(door: Door) -> None:
    door.linked()
    with door.portal.world.ledger.transaction() as connection:
        connection.execute(sa.update(table(Account)).values(active=False))
    stays_out(door, door.signs_in(), "账号已停用")


def test_an_account_that_rests_after_wrong_passwords_rests_here_too(door: Door) -> None:
    door.linked()
    until = door.portal.world.now + timedelta(minutes=5)
    with door.portal.world.ledger.transaction() as connection:
        connection.execute(sa.update(table(Account)).values(locked_until=until))
    stays_out(door, door.signs_in(), "已锁定")


def test_whoever_does_not_agree_is_not_signed_in(door: Door) -> None:
    door.linked()
    door.house.declines = True
    stays_out(door, door.signs_in(), "没有同意")


def test_a_code_the_house_does_not_know_opens_nothing(door: Door) -> None:
    door.linked()
    there = door.leaves()
    state = parse_qs(urlsplit(there).query)["state"][0]
    back = f"/sign-in/{door.name}/callback?code=made-up&authCode=made-up&state={state}"
    stays_out(door, door.returns(back), "登录码")


def test_a_code_older_than_the_house_allows_opens_nothing(door: Door) -> None:
    door.linked()
    back = door.house.agree(door.leaves())
    door.house.grow_old()
    stays_out(door, door.returns(back), "登录码")


def test_a_code_opens_once(door: Door) -> None:
    door.linked()
    back = door.house.agree(door.leaves())
    code = parse_qs(urlsplit(back).query)["code"][0]
    door.house.codes[code].used = True
    stays_out(door, door.returns(back), "登录码")


def test_with_the_wrong_secret_the_administrator_is_told(door: Door) -> None:
    door.linked()
    door.house.secret = "another"
    stays_out(door, door.signs_in(), "对接设置", "管理员")


def test_a_busy_house_is_asked_again_later(door: Door) -> None:
    door.linked()
    back = door.house.agree(door.leaves())
    door.house.busy = True
    stays_out(door, door.returns(back), "过一两分钟再试")


def test_a_house_that_is_down_is_said_to_be_in_plain_words(door: Door) -> None:
    door.linked()
    back = door.house.agree(door.leaves())
    door.house.stop()
    stays_out(door, door.returns(back), "连不上对方", "口令登录")


def test_what_the_house_says_is_shown_as_text(door: Door) -> None:
    back = door.house.agree(door.leaves())
    said = "<script>x</script>"
    refusal = {"errcode": 1, "code": "1", "error": "1", "error_description": said}
    door.house.instead = Reply(400, refusal | {"errmsg": said, "message": said})
    stays_out(door, door.returns(back), "&lt;script&gt;x")


def test_no_secret_reaches_the_log(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # as the portal leaves it
    door.linked()
    answer = door.signs_in()
    assert answer.status_code == 303
    door.house.secret = "another"
    getattr(door.house, "apps", set()).clear()
    assert "对接设置" in refusal(door.browser, door.house.agree(door.leaves()))
    for secret in (SECRET, *hidden(door.house)):
        assert secret not in caplog.text


# -- there and back, once ----------------------------------------------------------------------


def test_the_same_way_back_does_not_open_twice(door: Door) -> None:
    door.linked()
    there = door.leaves()
    cookie = door.browser.client.cookies["duban-journey"]
    back = door.house.agree(there)
    assert door.returns(back).status_code == 303
    sessions = door.sessions()
    assert "认不出" in refusal(door.browser, back)
    door.browser.client.cookies.set("duban-journey", cookie, path="/sign-in")
    assert "已经用过" in refusal(door.browser, back)
    assert door.sessions() == sessions == 1


def refusal(browser: Any, back: str) -> str:
    """What somebody at a browser is told who comes back and is not let in."""
    answer = browser.get(back)
    assert (answer.status_code, answer.headers["location"]) in [
        (303, "/sign-in"), (303, "/account/outside"),
    ]  # fmt: skip
    return str(browser.text(answer.headers["location"]))


def test_a_way_back_that_another_browser_began_opens_nothing(door: Door) -> None:
    door.linked("mallory", "mallory")
    door.house.is_before("Mallory", "mallory")
    back = door.house.agree(door.leaves())
    victim = door.portal.reader()
    assert "认不出" in refusal(victim, back)
    victim.get(f"/sign-in/{door.name}")
    assert "不是从本浏览器最近一次发起的" in refusal(victim, back)
    assert door.sessions() == 0


def test_a_cookie_that_was_tampered_with_opens_nothing(door: Door) -> None:
    door.linked()
    back = door.house.agree(door.leaves())
    cookie = door.browser.client.cookies["duban-journey"]
    door.browser.client.cookies.clear()
    door.browser.client.cookies.set("duban-journey", f"e{cookie}", path="/sign-in")
    stays_out(door, door.returns(back), "认不出")


def test_whoever_is_away_for_more_than_ten_minutes_starts_again(door: Door) -> None:
    door.linked()
    back = door.house.agree(door.leaves())
    door.portal.world.now += timedelta(minutes=10)
    stays_out(door, door.returns(back), "超过了 10 分钟")


def test_a_house_that_is_not_in_the_settings_is_no_page(door: Door) -> None:
    assert door.browser.get("/sign-in/github").status_code == 404
    assert door.browser.get("/sign-in/github/callback?code=x&state=y").status_code == 404


def test_sign_ins_without_end_from_one_address_are_slowed_down(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside._tries, "hit", lambda *_: False)
    for path in ("", "/callback"):
        assert "过一分钟再试" in refusal(door.browser, f"/sign-in/{door.name}{path}")
    assert door.house.asked == []


def test_refusals_are_in_the_language_of_the_reader(door: Door) -> None:
    door.browser.client.headers["accept-language"] = "en"
    page = refusal(door.browser, f"/sign-in/{door.name}/callback?state=x")
    assert "was not begun by this browser" in page
    stays_out(door, door.signs_in(), "is not linked yet", "knows you as")


# -- what is particular to one -----------------------------------------------------------------


@pytest.fixture
def at(sqlite_portal: Any, tmp_path: Path) -> Iterator[Any]:
    """Opens the door of one house: `at(WeCom)`."""
    with ExitStack() as stack:

        def open_(kind: type[House]) -> Door:
            house = stack.enter_context(running(kind()))
            house.is_before("Alice", "a11ce")
            door = opened(sqlite_portal, house, tmp_path)
            door.linked()
            return door

        yield open_


def test_wecom_is_not_asked_for_the_apps_token_at_every_sign_in(at: Any) -> None:
    door = at(WeCom)
    assert [door.signs_in().status_code for _ in range(3)] == [303, 303, 303]
    assert len(door.house.on("/cgi-bin/gettoken")) == 1


def test_wecom_may_forget_the_apps_token_before_its_time(at: Any) -> None:
    door = at(WeCom)
    assert door.signs_in().status_code == 303
    door.house.apps.clear()
    assert door.signs_in().status_code == 303


def test_inside_wecom_nobody_has_to_scan_a_code(at: Any) -> None:
    door = at(WeCom)
    door.browser.client.headers["user-agent"] = "Mozilla/5.0 wxwork/4.1 MicroMessenger/7.0"
    there = door.leaves()
    assert there.startswith(f"{door.house.url}/connect/oauth2/authorize?")
    assert there.endswith("#wechat_redirect")
    assert door.returns(door.house.agree(there)).status_code == 303


def test_a_wechat_user_from_outside_the_company_is_nobody(at: Any) -> None:
    door = at(WeCom)
    door.house.person = {"openid": "a11ce", "external_userid": "a11ce"}
    stays_out(door, door.signs_in(), "不允许这个账号登录")


def test_an_app_of_dingtalk_without_the_permission_says_which(at: Any) -> None:
    door = at(DingTalk)
    door.house.permitted = False
    stays_out(door, door.signs_in(), "对接设置", "Contact.User.Read")


def test_somebody_who_left_the_organisation_in_feishu_is_not_let_in(at: Any) -> None:
    door = at(Feishu)
    door.house.resigned = True
    stays_out(door, door.signs_in(), "不允许这个账号登录", "User resigned")


def test_a_code_stolen_on_its_way_is_no_use_in_another_browser(at: Any) -> None:
    door = at(Feishu)
    stolen = parse_qs(urlsplit(door.house.agree(door.leaves())).query)["code"][0]
    thief = door.portal.reader()
    there = thief.get(f"/sign-in/{door.name}").headers["location"]
    state = parse_qs(urlsplit(there).query)["state"][0]
    assert "PKCE" in refusal(thief, f"/sign-in/{door.name}/callback?code={stolen}&state={state}")
    assert door.sessions() == 0
