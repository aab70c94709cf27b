"""搁置: what could not be judged is shown to those it concerns, and tried again when they ask."""

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa

from ledger import heartbeats, setting_aside
from ledger.changes import table
from models.account import Act
from models.case import Case
from models.set_aside import SetAside
from rules.set_aside import ALARM
from tests.portal.readers import Portal

Words = Callable[[str], str]
RAW = "KeyError: 'no such book'"


def put_aside(
    portal: Portal, number: str, error: Exception, tries: int = 1, work: str = "follow-up"
) -> None:
    world, cases = portal.world, table(Case)
    with world.ledger.transaction() as connection:
        query = sa.select(cases.c.id).where(cases.c.number == number)
        case_id = connection.execute(query).scalar_one()
        for _ in range(tries):
            setting_aside.add(connection, case_id, work, error, world.now)


def two(portal: Portal) -> tuple[str, str]:
    """A case in the east and one in the west, both set aside."""
    east = portal.world.report("东湖路1号", "垃圾堆放未清理", area="东澄区")
    west = portal.world.report("西湖路2号", "垃圾堆放未清理", "西岚区", area="西岚区")
    for number in (east, west):
        put_aside(portal, number, KeyError("no such book"))
    return east, west


def test_each_hears_of_the_cases_they_supervise_only(portal: Portal, words: Words) -> None:
    east, west = two(portal)
    carol = words(portal.reader("carol").text("/running"))
    assert east in carol
    assert west in carol
    assert "程序判断这件案件时出错，管理员能看到原因" in carol
    assert "no such book" not in carol
    mallory = words(portal.reader("mallory").text("/running"))
    assert west in mallory
    assert east not in mallory


def test_an_administrator_reads_the_error_and_of_no_case_what_it_is_about(
    sqlite_portal: Portal, words: Words
) -> None:
    east, _ = two(sqlite_portal)
    page = words(sqlite_portal.reader("discipline").text("/running"))
    assert "KeyError: &#39;no such book&#39;" in page
    assert "内部编号" in page
    assert east not in page
    assert "东湖路" not in page


def test_what_the_engine_itself_refused_is_said_in_its_words(
    sqlite_portal: Portal, words: Words
) -> None:
    number = sqlite_portal.world.report("东湖路1号", "垃圾堆放未清理", area="东澄区")
    put_aside(sqlite_portal, number, ValueError("时限“三生三世”读不懂"))
    page = words(sqlite_portal.reader("carol").text("/running"))
    assert "时限“三生三世”读不懂" in page
    assert "ValueError" not in page


def test_the_way_there_shows_how_many_wait(portal: Portal) -> None:
    way = 'href="/running"'

    def shown(who: str) -> str:
        page = portal.reader(who).text("/account")
        return page.partition(way)[2].partition("</a>")[0]

    assert "badge" not in shown("carol")
    east, _ = two(portal)
    put_aside(portal, east, KeyError("x"), work="deliver")
    assert '<span class="badge">2</span>' in shown("carol")
    assert '<span class="badge">1</span>' in shown("mallory")
    assert '<span class="badge">2</span>' in shown("discipline")
    assert '更多</span><span class="badge">2</span>' in portal.reader("carol").text("/account")
    assert way not in portal.reader("bob").text("/account")
    assert "更多</span></summary>" in portal.reader("bob").text("/account")


def test_where_nothing_is_set_aside_nothing_is_said(sqlite_portal: Portal) -> None:
    page = sqlite_portal.reader("carol").text("/running")
    assert "搁置的案件" not in page
    assert "各项巡查" not in page


def test_after_three_tries_it_stands_above_all(sqlite_portal: Portal, words: Words) -> None:
    number = sqlite_portal.world.report("东湖路1号", "垃圾堆放未清理", area="东澄区")
    put_aside(sqlite_portal, number, KeyError("x"), ALARM - 1)
    carol = sqlite_portal.reader("carol")
    assert "连续三次没有办成" not in carol.text("/running")
    put_aside(sqlite_portal, number, KeyError("x"))
    assert "有 1 件案件连续三次没有办成（最早自今天15:00起）" in words(carol.text("/running"))


def test_a_supervisor_has_it_tried_at_once_and_that_is_written_down(portal: Portal) -> None:
    east, west = two(portal)
    world, mallory = portal.world, portal.reader("mallory")
    world.now += timedelta(minutes=1)
    assert mallory.post(f"/cases/{east}/retry").status_code == 404
    assert mallory.post(f"/cases/{west}/retry").headers["location"] == "/running"
    assert "一分钟内再试" in mallory.text("/running")
    rows = {row.case_id: row.retry_at for row in world.rows(SetAside)}
    ids = {row.number: row.id for row in world.rows(Case)}
    assert rows[ids[west]] == world.now
    assert rows[ids[east]] > world.now
    [act] = [row for row in world.rows(Act) if row.act == "case.retry"]
    assert (act.actor, act.target) == ("Mallory", west)


def test_all_that_one_hears_of_is_tried_at_once(sqlite_portal: Portal) -> None:
    two(sqlite_portal)
    world = sqlite_portal.world
    assert sqlite_portal.reader("mallory").post("/running/retry").status_code == 303
    assert sorted(row.retry_at > world.now for row in world.rows(SetAside)) == [False, True]
    discipline = sqlite_portal.reader("discipline")
    discipline.post("/running/retry")
    assert not [row for row in world.rows(SetAside) if row.retry_at > world.now]
    assert "立即重试搁置的案件" in discipline.text("/admin/acts?about=case")


def test_a_case_that_was_done_meanwhile_is_said_to_be(sqlite_portal: Portal) -> None:
    number = sqlite_portal.world.report("东湖路1号", "垃圾堆放未清理", area="东澄区")
    carol = sqlite_portal.reader("carol")
    carol.post(f"/cases/{number}/retry")
    assert "没有搁置的案件了" in carol.text("/running")
    assert not [row for row in sqlite_portal.world.rows(Act) if row.act == "case.retry"]


def test_rounds_are_shown_with_what_they_did_and_those_that_fail(
    sqlite_portal: Portal, words: Words
) -> None:
    world = sqlite_portal.world.at("2026-09-24 10:00")
    heartbeats.beat(world.ledger, "sweep", world.now, 12.4, {"reminded": 3, "escalated": 0})
    heartbeats.beat(world.ledger, "audit", world.now, 0.2, {})
    shared = ["follow-up-1", "follow-up-2"]
    heartbeats.beat(world.ledger, "follow-up-2", world.now, 3.0, {"looked": 1}, shared)
    for _ in range(2):
        heartbeats.stumble(world.ledger, "audit", world.now, "the key is gone from /keys")
    world.at("2026-09-24 10:30")
    page = words(sqlite_portal.reader("carol").text("/running"))
    assert "一轮督办 久未来 今天10:00 12 秒 提醒 3" in page
    assert "自检 连续失败 2 次" in page
    assert "催办升级（第 2 份） 久未来 今天10:00 3 秒 巡查 1" in page
    assert "the key is gone" not in page
    assert "the key is gone" in sqlite_portal.reader("discipline").text("/running")
