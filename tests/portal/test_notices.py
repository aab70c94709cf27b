"""通知: a supervisor follows a notice from its cause to what came of it, and sends it again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from ledger.changes import table
from models.account import Act
from models.incoming import Incoming, IncomingKind
from models.notice import Notice, NoticeKind, NoticeState
from models.outlet import Outlet
from models.person import Channel, Person
from models.subscription import Subscription
from models.unit import Unit
from tests.portal.readers import Portal

Words = Callable[[str], str]


def row(portal: Portal, model: Any, **which: Any) -> Any:
    rows = table(model)
    return portal.world.rows(model, *(rows.c[name] == value for name, value in which.items()))[0]


def change(portal: Portal, model: Any, which: int, **values: Any) -> None:
    rows = table(model)
    with portal.world.ledger.transaction() as connection:
        connection.execute(sa.update(rows).where(rows.c.id == which).values(**values))


def test_the_list_and_the_page_tell_the_story_and_a_dead_one_is_sent_again(
    portal: Portal, words: Words
) -> None:
    case = portal.world.report("揽月路12号", "井盖缺失")
    portal.world.sweep()
    carol = portal.reader("carol")
    listed = words(carol.text("/notices"))
    for said in (
        "交办通知",
        case,
        "案件已交办，由该单位承办",
        "Bob（联络员）",
        "本机文件夹",
        "未读",
    ):
        assert said in listed
    assert "再发一次" not in carol.text("/notices/1")
    change(portal, Notice, 1, state=NoticeState.DEAD)
    assert "再发一次" in carol.text("/notices/1")
    assert case in words(carol.text("/notices?state=dead"))
    assert "没有符合条件的通知" in carol.text("/notices?state=capped")
    assert carol.post("/notices/1/again").status_code == 303
    assert row(portal, Notice, id=1).state is NoticeState.OWED
    again = words(carol.text("/notices/1"))
    assert "由Carol要求重发" in again
    carol.post("/notices/1/again")
    assert "还在发送途中" in carol.text("/notices/1")


def test_what_came_back_by_mail_stands_beside_its_notice(
    sqlite_portal: Portal, words: Words
) -> None:
    world = sqlite_portal.world
    case = world.report("揽月路12号", "井盖缺失")
    world.sweep()
    carol = sqlite_portal.reader("carol")
    assert "自动回复" not in words(carol.text("/notices/1"))
    back = {
        "message_id": "a" * 64, "kind": IncomingKind.AUTOMATIC, "sender": "bob@city.example",
        "subject": "", "text": "本人 <b>休假</b>，10 月 8 日返岗", "why": "邮件自称是自动回复",
        "notice_id": row(sqlite_portal, Notice, id=1).id, "photos": 0, "refused": 0,
        "received_at": world.now, "settled_by": "",
    }  # fmt: skip
    with world.ledger.transaction() as connection:
        connection.execute(sa.insert(table(Incoming)), [back])
    page = carol.text("/notices/1")
    for said in ("来信", "自动回复", "10 月 8 日返岗", "邮件自称是自动回复"):
        assert said in words(page)
    assert "<b>休假" not in page
    assert case in page


def test_what_is_not_in_sight_is_not_there(sqlite_portal: Portal) -> None:
    portal = sqlite_portal
    portal.world.report("东湖路1号", "垃圾堆放", area="东澄区")
    mallory = portal.reader("mallory")
    assert "东湖路1号" not in mallory.text("/notices")
    assert mallory.get("/notices/1").status_code == 404
    assert mallory.post("/notices/1/again").status_code == 404
    for who in ("bob", "leader", "discipline"):
        assert portal.reader(who).get("/notices").status_code == 404


def test_one_keeps_channels_language_and_time_on_ones_own_page(
    sqlite_portal: Portal, words: Words
) -> None:
    portal = sqlite_portal
    bob, who = portal.reader("bob"), row(portal, Person, code="bob").id
    only = row(portal, Channel, person_id=who).id
    here = "/account/notices"
    bob.post(f"{here}/channels/{only}", {"do": "off"})
    assert "至少要留一个渠道" in bob.text(here)
    assert bob.post(f"{here}/channels/{only}", {"do": "delete"}).status_code == 404
    foreign = row(portal, Channel, person_id=row(portal, Person, code="carol").id).id
    assert bob.post(f"{here}/channels/{foreign}", {"do": "off"}).status_code == 404
    bob.post(here, {"lang": "en", "at": "09:15"})
    kept = row(portal, Person, code="bob")
    assert (kept.lang, f"{kept.digest_at:%H:%M}") == ("en", "09:15")
    for wrong, said in (("23:00", "08:00–10:00"), ("soon", "读不出")):
        bob.post(here, {"lang": "en", "at": wrong})
        assert said in bob.text(here)
    assert "单位周报" not in bob.text(here)  # a contact has none to ask for
    acts = words(portal.reader("discipline").text("/admin/acts"))
    assert "本人设定通知" in acts
    assert "汇总时间" in acts


def test_one_reads_what_one_was_sent(sqlite_portal: Portal, words: Words) -> None:
    portal = sqlite_portal
    portal.world.report("揽月路12号", "井盖缺失")
    portal.world.sweep()
    mine = words(portal.reader("bob").text("/account/notices"))
    assert "揽月路12号：井盖缺失" in mine
    assert "答复“渠道已接收”" in mine
    assert "还没有发给您的通知" in portal.reader("head").text("/account/notices")


def test_a_head_asks_for_the_weekly_summary_and_pauses_it(sqlite_portal: Portal) -> None:
    portal, head = sqlite_portal, sqlite_portal.reader("head")
    here, unit = "/account/notices", row(sqlite_portal, Unit, code="csgl").id
    head.post(f"{here}/summaries", {"unit": unit, "weekday": "0", "at": "08:30"})
    made = row(portal, Subscription)
    assert (made.weekday, f"{made.at:%H:%M}", made.active) == (0, "08:30", True)
    assert "9月28日(周一)08:30" in head.text(here)
    foreign = row(portal, Unit, code="zjj").id
    asked = {"unit": foreign, "weekday": "0", "at": "08:30"}
    assert head.post(f"{here}/summaries", asked).status_code == 404
    assert (
        portal.reader("carol").post(f"{here}/summaries/{made.id}", {"do": "off"}).status_code == 404
    )
    head.post(f"{here}/summaries/{made.id}", {"do": "off"})
    assert not row(portal, Subscription).active
    assert "已暂停" in head.text(here)
    head.post(f"{here}/summaries", {"unit": "", "weekday": "0", "at": "08:30"})
    assert "请选择单位" in head.text(here)


def test_an_administrator_sets_delay_rate_and_use(sqlite_portal: Portal) -> None:
    portal, admin = sqlite_portal, sqlite_portal.reader("discipline")
    who = row(portal, Person, code="bob").id
    base = f"/admin/people/{who}"
    admin.post(f"{base}/channels", {"url": "dingtalk://abcdefgh"})
    way = next(c for c in portal.world.rows(Channel) if c.shown.startswith("dingtalk"))
    usual = row(portal, Outlet, digest=way.outlet).per_minute
    own = f"{base}/channels/{way.id}"
    admin.post(f"{own}/delay", {"minutes": "30"})
    admin.post(f"{own}/rate", {"per_minute": "7"})
    admin.post(f"{own}/switch", {"on": ""})
    kept = row(portal, Channel, id=way.id)
    assert (kept.delay, kept.active) == (30, False)
    assert row(portal, Outlet, digest=kept.outlet).per_minute == 7
    page = admin.text(base)
    for said in ("前面的渠道试过 30 分钟后才用", "每分钟最多 7 条", "恢复使用"):
        assert said in page
    admin.post(f"{own}/rate", {"per_minute": "0"})
    assert row(portal, Outlet, digest=kept.outlet).per_minute == usual
    admin.post(f"{own}/delay", {"minutes": "-1"})
    assert "不是整数" in admin.text(base)
    assert "abcdefgh" not in admin.text(base) + str(portal.world.rows(Act))


def test_the_running_page_tells_which_outlet_fails_and_how_fast_one_goes(
    sqlite_portal: Portal, words: Words
) -> None:
    portal, world = sqlite_portal, sqlite_portal.world
    for number in range(37):
        world.report(f"揽月路{number}号", "井盖缺失", area="东澄区")
    bob = row(portal, Person, code="bob").id
    outlet = {
        "digest": "d", "shown": "dingtalk://****@oapi.dingtalk.com/…", "per_minute": 20,
        "burst": 20, "tokens": 0, "filled_at": world.now, "failures": 6,
        "failing_since": world.now - timedelta(minutes=8), "answer": "310000 关键词不符",
        "closed_until": world.now + timedelta(minutes=4),
    }  # fmt: skip
    with world.ledger.transaction() as connection:
        connection.execute(sa.insert(table(Outlet)).values(**outlet))
    change(
        portal, Channel, row(portal, Channel, person_id=bob).id, outlet="d", shown="dingtalk://…"
    )
    said = "钉钉机器人：今天14:52 起发不出去：310000 关键词不符；下次试探 今天15:04"
    pace = "每分钟 20 条，已排队 37 条，约 2 分钟发完"
    for who in ("carol", "discipline"):
        page = words(portal.reader(who).text("/running"))
        assert f"{said}；{pace}" in page
    assert "关键词不符" not in portal.reader("mallory").text("/running")


def test_a_summary_does_not_break_a_page_that_reads_notices(sqlite_portal: Portal) -> None:
    portal, world = sqlite_portal, sqlite_portal.world
    case = world.report("揽月路12号", "井盖缺失")
    with world.ledger.transaction() as connection:
        for number, state in enumerate(NoticeState):
            connection.execute(
                sa.insert(table(Notice)).values(
                    key=f"summary:1:{number}", case_id=None, person_id=1, unit_id=1,
                    kind=NoticeKind.SUMMARY, owed_at=world.now, next_try_at=world.now,
                    attempts=0, lease_by="", forgiven=0, state=state, ended_at=world.now,
                    facts={"subject": {"zh": "周报一份", "en": "one"}, "lines": {}},
                )
            )  # fmt: skip
    carol, mallory = portal.reader("carol"), portal.reader("mallory")
    for page in ("/notices", "/running", "/board?queue=untold", "/log?ending=unread", "/log",
                 f"/cases/{case}", "/account/notices", "/api/v1/outbox"):  # fmt: skip
        assert carol.get(page).status_code == 200, page
        assert "周报一份" not in mallory.text(page) if "/cases/" not in page else True
    assert "周报一份" in carol.text("/notices")
