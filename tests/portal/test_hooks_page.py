"""外发接口 at a browser, and the door at which SMS services report."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from ledger import tokens
from ledger.changes import table
from ledger.tokens import Scope
from models.account import Act
from models.delivery import Delivery
from models.hook import Hook, HookCall, HookState
from models.notice import Notice
from notices.hooks import new_secret
from tasks import calling
from tasks.keys import vault
from tests.hearing import Receiver, listening
from tests.portal.readers import Portal, Reader


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening(new_secret()) as opened:
        yield opened


@pytest.fixture
def admin(sqlite_portal: Portal) -> Reader:
    """The administrator at a browser, in a house whose own network may be called."""
    house = sqlite_portal.app.state.house
    house.settings = house.settings.model_copy(update={"hooks_private": True})
    return sqlite_portal.reader("discipline")


def add(admin: Reader, receiver: Receiver, **more: Any) -> str:
    """Make a hook, and let the receiver know its secret; gives its page's address."""
    answer = admin.post("/admin/hooks", {"name": "热线", "url": receiver.url, **more})
    assert answer.status_code == 200, answer.text[:500]
    receiver.secret = re.findall(r"data-secret>(\S+?)<", answer.text)[0].replace("&#43;", "+")
    return str(re.findall(r'href="(/admin/hooks/\d+)"', answer.text)[0])


def call(portal: Portal) -> dict[str, int]:
    house = portal.app.state.house
    world = portal.world
    return dict(
        calling.call_all(
            world.ledger, world.now, vault(house.settings.home), private=True,
            clock=lambda: world.now,
        )
    )  # fmt: skip


def test_a_hook_is_made_tested_and_called(
    sqlite_portal: Portal, admin: Reader, receiver: Receiver, words: Callable[[str], str]
) -> None:
    assert "没有外发接口" in admin.text("/admin/hooks")
    here = add(admin, receiver, verb=["dispatch", "submit"])
    tested = words(admin.post(f"{here}/test").text)
    assert "对方已接收测试事件" in tested
    assert "HTTP 204" in tested
    assert receiver.heard[0]["type"] == "duban.test"
    number = sqlite_portal.world.report("滨河路1号", "垃圾桶满溢")
    sqlite_portal.world.sweep()
    assert call(sqlite_portal) == {"called": 1}
    assert receiver.heard[1]["case"]["number"] == number
    page = words(admin.text(here))
    assert "已接收" in page
    assert receiver.heard[1]["id"][:12] in page
    assert number not in page  # an administrator sees no cases


def test_the_true_answer_is_shown_when_a_test_is_refused(
    admin: Reader, receiver: Receiver, words: Callable[[str], str]
) -> None:
    here = add(admin, receiver)
    receiver.says, receiver.words = lambda _: 403, "来源不在白名单".encode()
    page = words(admin.post(f"{here}/test").text)
    assert "测试事件没有被接收" in page
    assert "来源不在白名单" in page


def test_a_secret_is_shown_once_and_an_address_never(
    sqlite_portal: Portal, admin: Reader, receiver: Receiver
) -> None:
    here = add(admin, receiver)
    admin.post(f"{here}/test")
    pages = [admin.text(url) for url in (here, "/admin/hooks", "/admin/acts", "/admin")]
    bare = receiver.secret.removeprefix("whsec_")
    assert not [page for page in pages if bare in page or "a-key-in-the-path" in page]
    rows = f"{sqlite_portal.world.rows(Hook)}{sqlite_portal.world.rows(Act)}"
    assert bare not in rows
    assert "a-key-in-the-path" not in rows
    refused = admin.post("/admin/hooks", {"name": "热线", "url": receiver.url})
    assert refused.status_code == 422
    assert "a-key-in-the-path" not in refused.text


def test_what_was_given_up_is_sent_again_from_the_page(
    sqlite_portal: Portal, admin: Reader, receiver: Receiver
) -> None:
    here = add(admin, receiver, verb=["dispatch"])
    sqlite_portal.world.report("滨河路1号", "垃圾桶满溢")
    sqlite_portal.world.sweep()
    call(sqlite_portal)
    rows = table(HookCall)
    with sqlite_portal.world.ledger.transaction() as connection:
        connection.execute(sa.update(rows).values(state=HookState.DEAD))
    assert "重发" in admin.text(f"{here}?state=dead")
    [row] = sqlite_portal.world.rows(HookCall)
    assert admin.post(f"{here}/calls/{row.id}/again").status_code == 303
    assert call(sqlite_portal) == {"called": 1}
    assert len({said["id"] for said in receiver.heard}) == 1


def test_a_hook_is_switched_off_and_on_and_removed_and_each_is_an_act(
    sqlite_portal: Portal, admin: Reader, receiver: Receiver
) -> None:
    here = add(admin, receiver)
    for what in ("off", "on", "remove"):
        assert admin.post(f"{here}/{what}").status_code == 303
    assert admin.get(here).status_code == 404
    acts = [row.act for row in sqlite_portal.world.rows(Act)]
    assert acts == ["hook.add", "hook.off", "hook.on", "hook.remove"]
    assert "删除外发接口" in admin.text("/admin/acts?about=hook")


def test_a_receiver_that_fails_is_on_the_overview_and_says_since_when(
    sqlite_portal: Portal, admin: Reader, receiver: Receiver
) -> None:
    here = add(admin, receiver)
    receiver.die()
    sqlite_portal.world.report("滨河路1号", "垃圾桶满溢")
    call(sqlite_portal)
    assert "外发接口调用失败：热线" in admin.text("/admin")
    assert "失败中" in admin.text("/admin/hooks")
    assert "连接不上" in admin.text(here)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"url": "https://hotline.example.cn/"}, "请填写名称"),
        ({"name": "热线", "url": "hotline"}, "地址无法识别"),
        ({"name": "热线", "url": "https://x.cn/", "verb": ["fly"]}, "动作无效"),
        ({"name": "热线", "url": "https://x.cn/", "area": "999"}, "没有这个辖区"),
    ],
)
def test_what_cannot_be_is_refused_with_words(
    admin: Reader, form: dict[str, Any], words: str
) -> None:
    answer = admin.post("/admin/hooks", form)
    assert answer.status_code in (404, 422)
    assert words in answer.text


# -- reports of SMS services -------------------------------------------------------------------


def token(portal: Portal, *scopes: Scope) -> str:
    with portal.world.ledger.transaction() as connection:
        account, now = portal.accounts["carol"], portal.world.now
        return tokens.make(connection, account, "sms", scopes, now)[1]


REPORTS = {
    "aliyun": [
        {
            "phone_number": "1381111****", "send_time": "2026-09-24 14:59:00",
            "report_time": "2026-09-24 14:59:30", "success": True, "err_code": "DELIVERED",
            "err_msg": "用户接收成功", "sms_size": "1", "biz_id": "5000:1", "out_id": "67890",
        }
    ],
    "tencent": [
        {
            "user_receive_time": "2026-09-24 14:59:30", "nationcode": "86",
            "mobile": "13xxxxxxxxx", "report_status": "SUCCESS", "errmsg": "DELIVRD",
            "description": "用户短信送达成功", "sid": "5000:1",
        }
    ],
}  # fmt: skip
"""As they are published: see portal/receiving.py."""
THANKS = {"aliyun": {"code": 0, "msg": "接收成功"}, "tencent": {"result": 0, "errmsg": "OK"}}


@pytest.mark.parametrize("service", ["aliyun", "tencent"])
def test_a_report_of_the_published_form_marks_the_notice_as_arrived(
    sqlite_portal: Portal, service: str
) -> None:
    world = sqlite_portal.world
    world.report("滨河路1号", "垃圾桶满溢")
    world.sweep()
    with world.ledger.transaction() as connection:
        said = {"receipt": "5000:1", "channel": f"{service}sms://****@x/…"}
        connection.execute(sa.update(table(Delivery)).values(said))
    url = f"/hooks-in/sms/{service}?token={token(sqlite_portal, Scope.RECEIPTS_WRITE)}"
    answer = sqlite_portal.reader().client.post(url, json=REPORTS[service])
    assert (answer.status_code, answer.json()) == (200, THANKS[service])
    at = {row.arrived_at and row.arrived_at.isoformat() for row in world.rows(Notice)}
    assert at == {"2026-09-24T06:59:30+00:00"}


@pytest.mark.parametrize("body", [{}, [1], "x", None])
def test_what_is_no_list_of_reports_is_refused(sqlite_portal: Portal, body: Any) -> None:
    secret = token(sqlite_portal, Scope.RECEIPTS_WRITE)
    client = sqlite_portal.reader().client
    headers = {"Authorization": f"Bearer {secret}"}
    answer = client.post("/hooks-in/sms/aliyun", json=body, headers=headers)
    assert answer.status_code == 422


def test_without_a_token_that_may_report_nothing_is_read(sqlite_portal: Portal) -> None:
    client = sqlite_portal.reader().client
    other = token(sqlite_portal, Scope.CASES_READ)
    for query, status in (("", 401), ("?token=duban_x", 401), (f"?token={other}", 403)):
        answer = client.post(f"/hooks-in/sms/tencent{query}", content=b"not JSON")
        assert answer.status_code == status
