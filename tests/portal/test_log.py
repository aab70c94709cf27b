"""督办日志: what a supervisor reads there, and what a supervisor of another area does not."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from documents.workbook import grids
from ledger import logbook
from ledger.accounts import viewer_of
from ledger.changes import table
from models.escalation import Escalation, Outcome
from models.notice import Notice, NoticeState
from models.person import Channel, Duty, DutyKind
from models.remark import Remark
from models.unit import Area
from rules.permission import Viewer
from tests.portal.readers import Portal, Reader

Words = Callable[[str], str]


def escalated(portal: Portal, place: str = "东湖路1号", area: str = "东澄区", **more: Any) -> str:
    """A case that is overdue, and whose first level has been carried out."""
    world = portal.world.at("2026-09-21 09:00")
    number = world.report(place, "垃圾堆放未清理", limit="1 工作日", area=area, **more)
    world.at("2026-09-22 18:00").sweep()
    return number


def row_of(portal: Portal, number: str, level: int = 1) -> int:
    rows = table(Escalation)
    case = portal.world.case(number)
    [row] = portal.world.rows(Escalation, rows.c.case_id == case.id, rows.c.level == level)
    return int(row.id)


def rows_shown(reader: Reader, query: str = "") -> int:
    """How many rows of the log a page shows."""
    return reader.text(f"/log{query}").count('data-label="级别与依据"')


def test_a_row_says_rule_plan_deed_who_was_told_and_that_it_arrived(
    sqlite_portal: Portal, words: Words
) -> None:
    number = escalated(sqlite_portal)
    page = words(sqlite_portal.reader("carol").text("/log"))
    for said in (number, "整改到期", "1 级", "黄牌", "城管局负责人", "已发", "本机文件夹", "未读"):
        assert said in page


def test_whoever_was_told_and_then_signed_is_shown_to_have_read_and_answered(
    portal: Portal, words: Words
) -> None:
    number = escalated(portal)
    head = portal.reader("head")
    head.get(f"/cases/{number}")
    portal.world.at("2026-09-22 18:20")
    assert head.post(f"/cases/{number}/do/acknowledge").status_code == 303
    page = words(portal.reader("carol").text("/log"))
    assert "已读" in page
    assert "签收 今天18:20" in page


def test_a_level_nobody_was_on_duty_for_is_a_row_and_can_be_asked_for(
    sqlite_portal: Portal,
) -> None:
    """北坡社区 has neither contact nor head."""
    escalated(sqlite_portal, "北坡路1号", "西岚区", unit="北坡社区")
    carol = sqlite_portal.reader("carol")
    assert "无人在岗" in carol.text("/log?ending=nobody")
    assert rows_shown(carol, "?ending=skipped") == 0


def test_what_a_channel_refused_is_shown_with_its_answer(portal: Portal) -> None:
    rows, duties = table(Channel), table(Duty)
    with portal.world.ledger.transaction() as connection:
        head = sa.select(duties.c.person_id).where(duties.c.duty == DutyKind.HEAD)
        refusing = "json://127.0.0.1:9/hook"
        which = sa.update(rows).where(rows.c.person_id.in_(head))
        connection.execute(which.values(url=refusing))
    number = escalated(portal)
    carol = portal.reader("carol")
    page = carol.text("/log?ending=waiting")
    assert number in page
    assert "连接不上" in page
    with portal.world.ledger.transaction() as connection:
        notices = table(Notice)
        connection.execute(sa.update(notices).values(state=NoticeState.DEAD))
    assert number in carol.text("/log?ending=undelivered")
    assert number not in carol.text("/log?ending=waiting")


def test_reminders_are_shown_only_when_asked_for(sqlite_portal: Portal) -> None:
    number = escalated(sqlite_portal)
    carol = sqlite_portal.reader("carol")
    with_reminders = rows_shown(carol, f"?case={number}&reminders=1")
    assert with_reminders > rows_shown(carol, f"?case={number}") == 1


def test_the_log_is_narrowed_by_level_unit_area_category_and_period(portal: Portal) -> None:
    ours = escalated(portal, category="井盖")
    theirs = escalated(portal, "西湖路9号", "西岚区", unit="西岚区")
    carol = portal.reader("carol")
    west = next(a.id for a in portal.world.rows(Area) if a.code == "west")
    for query, shown, hidden in (
        (f"unit={quote('城管局')}", ours, theirs),
        (f"unit={quote('西岚区人民政府')}", theirs, ours),
        (f"area={west}", theirs, ours),
        ("level=1&since=2026-09-22&until=2026-09-22", ours, "—"),
    ):
        page = carol.text(f"/log?{query}")
        assert shown in page, query
        assert hidden == "—" or hidden not in page, query
    assert rows_shown(carol, "?until=2026-09-21") == 0
    assert rows_shown(carol, "?level=3") == 0


def test_a_unit_nobody_knows_is_said_and_does_not_narrow(sqlite_portal: Portal) -> None:
    number = escalated(sqlite_portal)
    page = sqlite_portal.reader("carol").text(f"/log?unit={quote('不存在的局')}")
    assert "单位名录里没有" in page
    assert number in page


def test_pages_follow_each_other_without_gap_or_repetition(portal: Portal) -> None:
    for n in range(5):
        escalated(portal, f"东湖路{n}号")
    ledger, viewer = portal.world.ledger, _carol(portal)
    seen, after = [], ""
    while True:
        leaf = logbook.page(ledger, viewer, logbook.Sought(reminders=True), after, size=2)
        seen += [line.id for line in leaf.lines]
        after = leaf.after
        if not after:
            break
    everything = [row.id for row in portal.world.rows(Escalation)]
    assert sorted(seen) == everything
    assert len(everything) > 5


def test_a_page_that_finds_little_says_how_far_it_has_read(
    sqlite_portal: Portal, monkeypatch: Any
) -> None:
    number = escalated(sqlite_portal)
    for n in range(2, 7):
        escalated(sqlite_portal, f"东湖路{n}号")
    monkeypatch.setattr(logbook, "REACH", 4)
    carol = sqlite_portal.reader("carol")
    page = carol.text(f"/log?case={number}")
    assert "已经查到" in page
    found = 0
    ledger, viewer, after = sqlite_portal.world.ledger, _carol(sqlite_portal), ""
    while True:
        leaf = logbook.page(ledger, viewer, logbook.Sought(case=number), after)
        found += len(leaf.lines)
        after = leaf.after
        if not after:
            break
    assert found == 1


# -- one row -----------------------------------------------------------------------------------


def test_a_row_opens_with_why_every_attempt_and_the_whole_case(
    sqlite_portal: Portal, words: Words
) -> None:
    number = escalated(sqlite_portal)
    page = words(sqlite_portal.reader("carol").text(f"/log/{row_of(sqlite_portal, number)}"))
    for said in ("督办办法规定", "folder://head", "交办市城市管理局", "提级办理", "催办"):
        assert said in page


def test_a_comment_is_kept_for_others_and_cannot_be_empty(portal: Portal) -> None:
    number = escalated(portal)
    row, carol, leader = row_of(portal, number), portal.reader("carol"), portal.reader("leader")
    carol.post(f"/log/{row}/remark", {"kind": "comment", "text": "请城管局今天到场"})
    leader.post(f"/log/{row}/remark", {"kind": "comment", "text": "  "})
    assert [r.text for r in portal.world.rows(Remark)] == ["请城管局今天到场"]
    assert "请城管局今天到场" in leader.text(f"/log/{row}")
    assert "请城管局今天到场" in leader.text("/log")


def test_seen_is_seen_once_and_leads_back_to_the_list(sqlite_portal: Portal) -> None:
    row, carol = row_of(sqlite_portal, escalated(sqlite_portal)), sqlite_portal.reader("carol")
    form = {"kind": "seen", "back": "/log?level=1"}
    for _ in range(2):
        assert carol.post(f"/log/{row}/remark", form).headers["location"] == "/log?level=1"
    assert len(sqlite_portal.world.rows(Remark)) == 1
    stranger = carol.post(f"/log/{row}/remark", {"kind": "seen", "back": "//evil.example/log"})
    assert stranger.headers["location"] == f"/log/{row}"


def test_a_leader_may_urge_but_not_take_over(sqlite_portal: Portal) -> None:
    row = row_of(sqlite_portal, escalated(sqlite_portal))
    page = sqlite_portal.reader("leader").text(f"/log/{row}")
    assert "/do/urge" in page
    assert "/do/take_over" not in page


# -- who may not -------------------------------------------------------------------------------


def test_mallory_sees_no_row_of_the_east_by_list_id_remark_or_workbook(
    portal: Portal, words: Words
) -> None:
    number = escalated(portal)
    row, mallory = row_of(portal, number), portal.reader("mallory")
    assert number not in mallory.text("/log?reminders=1")
    assert rows_shown(mallory, f"?case={number}&reminders=1") == 0
    there, nowhere = mallory.get(f"/log/{row}"), mallory.get("/log/987654")
    assert there.status_code == nowhere.status_code == 404
    assert words(there.text) == words(nowhere.text)
    assert mallory.post(f"/log/{row}/remark", {"kind": "seen"}).status_code == 404
    assert portal.world.rows(Remark) == []
    assert number not in workbook_text(mallory, "/export/log?reminders=1")


def test_mallory_sees_the_rows_of_the_west(sqlite_portal: Portal) -> None:
    number = escalated(sqlite_portal, "西湖路9号", "西岚区")
    assert number in sqlite_portal.reader("mallory").text("/log")


def test_for_units_and_inspectors_there_is_no_log(sqlite_portal: Portal) -> None:
    row = row_of(sqlite_portal, escalated(sqlite_portal))
    for who in ("alice", "bob", "head", "discipline"):
        reader = sqlite_portal.reader(who)
        for address in ("/log", f"/log/{row}", "/export/log"):
            assert reader.get(address).status_code == 404, (who, address)
        assert reader.post(f"/log/{row}/remark", {"kind": "seen"}).status_code == 404


def test_an_id_no_database_can_hold_is_simply_not_there(portal: Portal) -> None:
    carol = portal.reader("carol")
    assert carol.get(f"/log/{10**30}").status_code == 404
    assert carol.get("/log?after=nonsense&area=999999999&since=31.2.").status_code == 200


# -- the workbook ------------------------------------------------------------------------------


def workbook_text(reader: Reader, address: str) -> str:
    answer = reader.get(address)
    assert answer.status_code == 200
    [sheet] = grids(answer.content)
    return "\n".join(cell for row in sheet.rows for cell in row)


def test_the_workbook_holds_what_is_shown_and_names_the_filter(sqlite_portal: Portal) -> None:
    ours = escalated(sqlite_portal)
    theirs = escalated(sqlite_portal, "西湖路9号", "西岚区", unit="西岚区")
    carol = sqlite_portal.reader("carol")
    text = workbook_text(carol, f"/export/log?level=1&unit={quote('城管局')}")
    assert ours in text
    assert theirs not in text
    for said in ("单位: 城管局", "级别: 1", "Carol", "城管局负责人", "1 级"):
        assert said in text
    carol.client.cookies.set("duban-lang", "en")
    assert "Escalation log" in workbook_text(carol, "/export/log")


def test_a_negative_row_is_in_the_workbook_too(sqlite_portal: Portal) -> None:
    escalated(sqlite_portal, "北坡路1号", "西岚区", unit="北坡社区")
    assert Outcome.NOBODY.words.zh in workbook_text(sqlite_portal.reader("carol"), "/export/log")


def _carol(portal: Portal) -> Viewer:
    with portal.world.ledger.snapshot() as connection:
        viewer = viewer_of(connection, portal.accounts["carol"])
    assert viewer is not None
    return viewer
