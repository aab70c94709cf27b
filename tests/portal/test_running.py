"""运行情况: in plain words, whether the rounds go and which channel refuses since when."""

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa

from ledger.changes import insert, table
from models.delivery import Delivery, DeliveryOutcome
from models.journal import Checkpoint
from models.notice import Notice, NoticeState
from tests.portal.readers import Portal

Words = Callable[[str], str]


def attempt(portal: Portal, notice: int, n: int, outcome: DeliveryOutcome, answer: str) -> None:
    """One attempt over a robot, at the clock of the world."""
    row = {"notice_id": notice, "attempt": n, "position": 0, "channel": "dingtalk://****@****/…",
           "at": portal.world.now, "outcome": outcome, "answer": answer, "receipt": "",
           "message": ""}  # fmt: skip
    with portal.world.ledger.transaction() as connection:
        insert(connection, Delivery, [row])


def notice_of(
    portal: Portal, place: str = "东湖路1号", area: str = "东澄区", unit: str = "城管局"
) -> int:
    """A notice about a new case; to Bob about one of the east, if nothing else is said."""
    portal.world.report(place, "垃圾堆放未清理", unit, area=area)
    return int(portal.world.rows(Notice)[-1].id)


def test_a_robot_that_refuses_is_named_with_since_when_and_its_answer(
    portal: Portal, words: Words
) -> None:
    world = portal.world.at("2026-09-24 08:30")
    notice = notice_of(portal)
    attempt(portal, notice, 1, DeliveryOutcome.SENT, "ok")
    for n, at in enumerate(("2026-09-24 09:12", "2026-09-24 09:40"), start=2):
        world.at(at)
        attempt(portal, notice, n, DeliveryOutcome.PERMANENT, "310000 keywords not in content")
    page = words(portal.reader("carol").text("/running"))
    said = "市城市管理局的钉钉机器人自今天09:12起拒收：310000 keywords not in content"
    assert said in page
    assert "上次成功 今天08:30" in page
    carol = portal.reader("carol")
    carol.client.cookies.set("duban-lang", "en")
    assert "The DingTalk robot of 市城市管理局 refuses since today 09:12" in carol.text("/running")


def test_a_robot_that_works_again_is_no_longer_complained_of(portal: Portal) -> None:
    notice = notice_of(portal)
    attempt(portal, notice, 1, DeliveryOutcome.PERMANENT, "310000 keywords not in content")
    attempt(portal, notice, 2, DeliveryOutcome.SENT, "ok")
    page = portal.reader("carol").text("/running")
    assert "310000" not in page
    assert "钉钉机器人" in page


def test_rounds_that_stand_still_are_said_to_be_behind(portal: Portal, words: Words) -> None:
    world, carol = portal.world, portal.reader("carol")
    world.report("东湖路1号", "垃圾堆放未清理", area="东澄区", limit="1 工作日")
    world.sweep()
    assert "巡查正常" in carol.text("/running")
    world.now += timedelta(days=5)
    assert "巡查落后" in words(carol.text("/running"))


def test_notices_waiting_stuck_dead_and_held_back_are_counted(portal: Portal, words: Words) -> None:
    first = notice_of(portal)
    for n in (2, 3):
        notice_of(portal, f"东湖路{n}号")
    rows = table(Notice)
    with portal.world.ledger.transaction() as connection:
        for notice, state in ((first, NoticeState.DEAD), (first + 1, NoticeState.CAPPED)):
            which = sa.update(rows).where(rows.c.id == notice)
            connection.execute(which.values(state=state, ended_at=portal.world.now))
    portal.world.now += timedelta(hours=2)
    page = words(portal.reader("carol").text("/running"))
    for said in ("1 通知待发", "1 积压一小时以上", "1 近期未送达", "1 近期超上限未发", "Bob 1"):
        assert said in page


def test_a_calendar_about_to_end_and_the_last_seal_are_said(
    sqlite_portal: Portal, words: Words
) -> None:
    world, carol = sqlite_portal.world, sqlite_portal.reader("carol")
    assert "还没有签封过" in carol.text("/running")
    seal = {"position": 0, "hash": "0" * 64, "at": world.now, "key": "0" * 64,
            "signature": "0" * 128}  # fmt: skip
    with world.ledger.transaction() as connection:
        insert(connection, Checkpoint, [seal])
    assert "最近签封 今天15:00" in words(carol.text("/running"))
    assert "放假安排还没有装载" not in carol.text("/running")
    world.at("2026-11-20 09:00")
    assert "2027 年的放假安排还没有装载" in sqlite_portal.reader("carol").text("/running")


def test_mallory_hears_of_the_channels_of_the_west_only(portal: Portal) -> None:
    attempt(portal, notice_of(portal), 1, DeliveryOutcome.PERMANENT, "east refuses")
    west = notice_of(portal, "西湖路2号", "西岚区", "西岚区")
    attempt(portal, west, 1, DeliveryOutcome.PERMANENT, "west refuses")
    page = portal.reader("mallory").text("/running")
    assert "west refuses" in page
    assert "east refuses" not in page
    assert "east refuses" in portal.reader("discipline").text("/running")


def test_only_supervisors_and_administrators_have_the_page(sqlite_portal: Portal) -> None:
    for who in ("alice", "bob", "leader"):
        assert sqlite_portal.reader(who).get("/running").status_code == 404
