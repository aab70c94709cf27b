"""待我决定: what waits, why, and that one click decides it."""

from collections.abc import Callable
from typing import Any

import pytest

from ledger.changes import table
from ledger.suspicions import said_apart
from models.case import Case
from models.escalation import Escalation
from models.measure import Measure, Proposal, ProposalState
from models.record import Record
from tests.portal.readers import Portal, Reader

Words = Callable[[str], str]


def undecided(portal: Portal, place: str = "东湖路1号", area: str = "东澄区", **more: Any) -> str:
    """A case of which two routes say different things."""
    problem = more.pop("problem", "井盖破损下沉，行人易绊倒")
    return portal.world.report(place, problem, unit="", area=area, **more)


def ticked(portal: Portal, verb: str, *numbers: str) -> list[str]:
    return [f"{n}@{portal.world.case(n).version}@{verb}" for n in numbers]


def test_a_case_without_a_unit_waits_with_the_reason_and_the_units_in_question(
    portal: Portal, words: Words
) -> None:
    number = undecided(portal)
    page = words(portal.reader("carol").text("/board"))
    for said in (number, "多条责任路由同等适用", "交办市城市管理局", "责任路由 covers-1",
                 "交办市住房和城乡建设局"):  # fmt: skip
        assert said in page


def test_one_click_hands_it_to_a_unit_and_comes_back_to_the_board(sqlite_portal: Portal) -> None:
    number = undecided(sqlite_portal)
    carol, version = sqlite_portal.reader("carol"), sqlite_portal.world.case(number).version
    page = carol.text("/board")
    assert f'action="/cases/{number}/do/dispatch"' in page
    form = {"units": "市城市管理局", "version": version, "next": "/board"}
    answer = carol.post(f"/cases/{number}/do/dispatch", form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/board")
    assert sqlite_portal.world.status(number) == "dispatched"
    assert "这里没有要决定的" in carol.text("/board?queue=undecided")


def test_a_return_says_which_time_it_is_and_proposes_the_unit_its_reason_names(
    sqlite_portal: Portal, words: Words
) -> None:
    world = sqlite_portal.world
    number = world.report("东湖路2号", "路面破损", area="东澄区")
    world.bob.signs(number)
    world.bob.sends_back(number, "该路段属住建局养护")
    page = words(sqlite_portal.reader("carol").text("/board"))
    assert "第 1 次退单" in page
    assert "准予退单，改派市住房和城乡建设局 理由中提到" in page
    assert "改派市城市管理局" not in page
    world.carol.overrules(number)
    world.bob.sends_back(number, "仍非我单位职责")
    again = words(sqlite_portal.reader("carol").text("/board"))
    assert "第 2 次退单 本次裁定为终审" in again


def test_a_request_shows_its_reason_and_what_is_left(portal: Portal, words: Words) -> None:
    world = portal.world
    number = world.report("东湖路3号", "路灯不亮", area="东澄区", limit="3 工作日")
    world.bob.signs(number)
    world.bob.asks_for_more_time(number, "配件需从外地调运")
    page = words(portal.reader("carol").text("/board"))
    for said in ("配件需从外地调运", "已有 0 次，最多 2 次", "准予延期", "驳回申请"):
        assert said in page


def test_several_requests_are_granted_together_and_each_refusal_is_said(
    portal: Portal, words: Words
) -> None:
    world, carol = portal.world, portal.reader("carol")
    numbers = [
        world.report(f"东湖路{n}号", "路灯不亮", area="东澄区", limit="3 工作日") for n in (4, 5)
    ]
    for number in numbers:
        world.bob.signs(number)
        world.bob.asks_for_more_time(number)
    chosen = ticked(portal, "extend", *numbers)
    world.carol.turns_down(numbers[1])
    answer = carol.post("/board/do", {"queue": "requests", "case": chosen})
    assert answer.headers["location"] == "/board?queue=requests"
    assert world.case(numbers[0]).extensions == 1
    assert world.case(numbers[1]).extensions == 0
    said = words(carol.text("/board?queue=requests"))
    assert "办了 1 件，1 件没有办" in said
    assert numbers[1] in said


def test_a_whole_queue_goes_to_one_unit(sqlite_portal: Portal) -> None:
    world, carol = sqlite_portal.world, sqlite_portal.reader("carol")
    numbers = [undecided(sqlite_portal, f"东湖路{n}号") for n in range(3)]
    page = carol.text("/board?queue=undecided")
    chosen = ticked(sqlite_portal, "dispatch", *numbers)
    assert all(value in page for value in chosen)
    carol.post("/board/do", {"queue": "undecided", "case": chosen, "units": "城管局"})
    assert [world.status(number) for number in numbers] == ["dispatched"] * 3


def test_nothing_but_what_the_board_offers_is_done_by_its_address(sqlite_portal: Portal) -> None:
    number, carol = undecided(sqlite_portal), sqlite_portal.reader("carol")
    for value in (ticked(sqlite_portal, "cancel", number)[0], number, f"{number}@x@dispatch", "@"):
        carol.post("/board/do", {"case": value, "units": "城管局", "reason": "x"})
    assert sqlite_portal.world.status(number) == "undecided"


def test_two_open_cases_of_one_place_and_kind_are_laid_side_by_side(
    portal: Portal, words: Words
) -> None:
    first, second = alike(portal)
    carol = portal.reader("carol")
    page = words(carol.text("/board?queue=alike"))
    for said in ("疑似重复", first, second, "垃圾堆放未清理", f"并入 {first}"):
        assert said in page
    form = {"into": first, "version": portal.world.case(second).version}
    assert carol.post(f"/cases/{second}/do/merge", form).status_code == 303
    assert "这里没有要决定的" in carol.text("/board?queue=alike")


def alike(portal: Portal) -> tuple[str, str]:
    """Two cases that the engine did not dare to join."""
    kind, world = "S0128", portal.world
    first = world.report("滨河公园东门", "垃圾堆放未清理", area="东澄区", category=kind)
    world.at("2026-09-24 15:30")
    other = "纸屑果皮满地狼藉无人打扫，群众反映强烈"
    second = world.report("滨河公园东门", other, area="东澄区", category=kind)
    assert first != second
    return first, second


def test_a_pair_that_is_none_is_recorded_so_and_not_shown_again(sqlite_portal: Portal) -> None:
    first, second = alike(sqlite_portal)
    carol, world = sqlite_portal.reader("carol"), sqlite_portal.world
    assert f'value="{said_apart(first)}"' in carol.text("/board?queue=alike")
    form = {"text": said_apart(first), "version": world.case(second).version}
    assert carol.post(f"/cases/{second}/do/note", form).status_code == 303
    assert said_apart(first) in [row.words for row in world.rows(Record)]
    assert "这里没有要决定的" in carol.text("/board?queue=alike")


def test_a_relapse_is_shown_with_the_case_it_comes_back_from(
    sqlite_portal: Portal, words: Words
) -> None:
    world = sqlite_portal.world
    first = world.report("滨河公园西门", "垃圾堆放未清理", area="东澄区", category="S0128")
    world.bob.signs(first)
    world.bob.submits(first)
    world.alice.passes(first)
    world.at("2026-09-25 10:00")
    world.report("滨河公园西门", "垃圾又堆放未清理", area="东澄区", category="S0128")
    page = words(sqlite_portal.reader("carol").text("/board?queue=alike"))
    assert "反弹" in page
    assert first in page
    assert "知悉" in page


def test_an_uncertain_category_is_settled_by_one_click(sqlite_portal: Portal) -> None:
    world, carol = sqlite_portal.world, sqlite_portal.reader("carol")
    number = world.report("文化广场", "噪声扰民", area="东澄区")
    assert world.case(number).category_code is None
    page = carol.text("/board?queue=category")
    assert "把握" in page
    form = {"category": "S0128", "reason": "督办员核定类别", "version": world.case(number).version}
    assert carol.post(f"/cases/{number}/do/reclassify", form).status_code == 303
    assert world.case(number).category_code == "S0128"
    assert "这里没有要决定的" in carol.text("/board?queue=category")


def test_a_level_nobody_could_be_told_of_waits_until_somebody_has_seen_it(
    portal: Portal, words: Words
) -> None:
    world, carol = portal.world, portal.reader("carol")
    number = world.report("北坡路1号", "楼道堆放杂物", unit="北坡社区", area="西岚区")
    page = carol.text("/board?queue=untold")
    assert "无人在岗" in page
    assert number in words(page)
    [row] = world.rows(Escalation)
    carol.post(f"/log/{row.id}/remark", {"kind": "seen", "back": "/board"})
    assert "这里没有要决定的" in carol.text("/board?queue=untold")


# -- proposals ---------------------------------------------------------------------------------


@pytest.fixture
def proposal(sqlite_portal: Portal) -> int:
    """Three red cards in a row: an interview is proposed."""
    world = sqlite_portal.world.at("2026-09-14 09:00")
    for n in range(3):
        world.report(f"东湖路{n}号", "垃圾堆放未清理", limit="1 工作日", area="东澄区")
    for at in ("2026-09-15 18:00", "2026-09-16 18:00", "2026-09-18 18:00"):
        world.at(at).sweep()
    [row] = world.rows(Proposal)
    return int(row.id)


def test_a_proposal_is_recorded_under_its_document_number(
    sqlite_portal: Portal, proposal: int
) -> None:
    carol, world = sqlite_portal.reader("carol"), sqlite_portal.world
    assert "连续 3 次红牌" in carol.text("/board?queue=measures")
    form = {"kind": "interview", "document": "澄创督约〔2026〕3号", "reason": "三次红牌",
            "held_on": "2026-09-18"}  # fmt: skip
    carol.post(f"/board/proposals/{proposal}/record", form)
    assert [row.document for row in world.rows(Measure)] == ["澄创督约〔2026〕3号"]
    assert world.rows(Proposal)[0].state is ProposalState.RECORDED


def test_a_measure_without_a_document_is_refused_and_says_the_rule(
    sqlite_portal: Portal, proposal: int
) -> None:
    carol = sqlite_portal.reader("carol")
    carol.post(f"/board/proposals/{proposal}/record", {"reason": "x"})
    assert "请写明文号" in carol.text("/board?queue=measures")
    assert sqlite_portal.world.rows(Measure) == []


def test_a_proposal_is_dismissed_with_a_reason_and_only_within_scope(
    sqlite_portal: Portal, proposal: int
) -> None:
    world, address = sqlite_portal.world, f"/board/proposals/{proposal}/dismiss"
    mallory = sqlite_portal.reader("mallory")
    assert "红牌" not in mallory.text("/board?queue=measures")
    assert mallory.post(address, {"reason": "x"}).status_code == 404
    assert mallory.post("/board/proposals/987/dismiss", {"reason": "x"}).status_code == 404
    sqlite_portal.reader("carol").post(address, {"reason": "已口头约谈"})
    assert world.rows(Proposal)[0].state is ProposalState.DISMISSED


# -- who may not -------------------------------------------------------------------------------


def test_mallory_decides_in_the_west_and_sees_nothing_of_the_east(portal: Portal) -> None:
    east = undecided(portal)
    west = undecided(portal, "西湖路1号", "西岚区")
    mallory = portal.reader("mallory")
    page = mallory.text("/board")
    assert west in page
    assert east not in page
    both = ticked(portal, "dispatch", east, west)
    mallory.post("/board/do", {"queue": "undecided", "case": both, "units": "西岚区"})
    assert portal.world.status(east) == "undecided"
    assert portal.world.status(west) == "dispatched"


def test_counts_of_the_board_are_those_of_the_viewer(sqlite_portal: Portal, words: Words) -> None:
    alike(sqlite_portal)
    undecided(sqlite_portal)
    page = words(sqlite_portal.reader("mallory").text("/board"))
    assert "现在没有要您决定的事" in page


def test_only_supervisors_have_a_board(sqlite_portal: Portal) -> None:
    undecided(sqlite_portal)
    for who in ("alice", "bob", "leader", "discipline"):
        reader: Reader = sqlite_portal.reader(who)
        assert reader.get("/board").status_code == 404
        assert reader.post("/board/do", {"case": "x"}).status_code == 404


def test_pages_of_a_queue_follow_each_other(sqlite_portal: Portal) -> None:
    numbers = [undecided(sqlite_portal, f"东湖路{n}号") for n in range(22)]
    carol = sqlite_portal.reader("carol")
    first = carol.text("/board?queue=undecided")
    last = sqlite_portal.world.rows(Case, table(Case).c.number == numbers[19])[0].id
    assert f"after={last}" in first
    second = carol.text(f"/board?queue=undecided&after={last}")
    assert [n in first for n in numbers] == [True] * 20 + [False] * 2
    assert [n in second for n in numbers] == [False] * 20 + [True] * 2
