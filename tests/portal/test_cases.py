"""全部案件: every case in scope, narrowed by what stands in the address."""

import re
from html import unescape
from urllib.parse import quote

import pytest

from documents.workbook import grids
from ledger import lists
from tests.portal.readers import Portal, Reader


@pytest.fixture
def city(portal: Portal) -> dict[str, str]:
    """Cases by what they are, as of Thursday 2026-09-24 15:00."""
    world = portal.world.at("2026-09-21 09:00")
    found = {
        "overdue": world.report("东湖路1号", "垃圾堆放未清理", limit="1 工作日", area="东澄区"),
        "west": world.report("西湖路2号", "路灯不亮", "西岚区", "9 工作日", area="西岚区"),
        "done": world.report("东湖路3号", "井盖破损下沉", area="东澄区"),
        "rework": world.report("东湖路4号", "路面坑洼", "住建局", "9 工作日", area="东澄区"),
    }
    world.bob.signs(found["done"])
    world.bob.submits(found["done"])
    world.alice.passes(found["done"])
    world.bob.signs(found["rework"])
    world.bob.submits(found["rework"])
    world.at("2026-09-24 09:00")
    world.alice.fails(found["rework"])
    found["today"] = world.report("东湖路5号", "共享单车乱停放", limit="4 工作时", area="东澄区")
    world.at("2026-09-24 15:00")
    return found


def shown(reader: Reader, city: dict[str, str], query: str = "") -> set[str]:
    """Which of the cases a page shows."""
    page = reader.text(f"/cases{query}")
    return {name for name, number in city.items() if f'href="/cases/{number}"' in page}


def test_open_cases_are_shown_first_and_closed_ones_when_asked_for(
    portal: Portal, city: dict[str, str]
) -> None:
    carol = portal.reader("carol")
    assert shown(carol, city) == {"overdue", "west", "rework", "today"}
    assert shown(carol, city, "?show=all") == set(city)
    assert shown(carol, city, "?show=all&status=closed") == {"done"}


def test_the_list_is_narrowed_by_every_filter(portal: Portal, city: dict[str, str]) -> None:
    carol = portal.reader("carol")
    for query, expected in (
        (f"unit={quote('西岚区人民政府')}", {"west"}),
        (f"unit={quote('住建局')}&leading=1", {"rework"}),
        ("due=overdue", {"overdue"}),
        ("due=today", {"today"}),
        ("due=week", {"today", "rework"}),
        ("reworked=1", {"rework"}),
        (f"q={quote('西湖路')}", {"west"}),
        (f"q={city['today']}", {"today"}),
        ("status=rework", {"rework"}),
        ("due=overdue&reworked=1", set()),
    ):
        assert shown(carol, city, f"?{query}") == expected, query


def test_a_search_through_everything_goes_so_far_a_page_and_says_how_far(
    portal: Portal, city: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "REACH", 2)
    carol, found = portal.reader("carol"), set()
    address = f"/cases?show=all&q={quote('东湖路')}"
    page = carol.text(address)
    assert "已经查到" in page
    assert "共 2+ 件" in page
    while following := re.search(r'href="(/cases\?[^"]*after=[^"]*)"', page):
        found |= {name for name, number in city.items() if f'href="/cases/{number}"' in page}
        page = carol.text(unescape(following[1]))
    found |= {name for name, number in city.items() if f'href="/cases/{number}"' in page}
    assert found == {"overdue", "done", "rework", "today"}
    assert "已经查到" not in page
    assert shown(carol, city, f"?show=all&q={city['overdue']}") == {"overdue"}


def test_an_empty_list_says_what_to_do(portal: Portal, city: dict[str, str]) -> None:
    page = portal.reader("carol").text(f"/cases?q={quote('没有这个地方')}")
    assert "没有符合条件的案件" in page
    assert "清除条件" in page


def test_mallory_sees_the_west_in_list_and_workbook(portal: Portal, city: dict[str, str]) -> None:
    mallory = portal.reader("mallory")
    assert shown(mallory, city, "?show=all") == {"west"}
    [sheet] = grids(mallory.get("/export/cases?show=all").content)
    text = "\n".join(cell for row in sheet.rows for cell in row)
    assert [name for name, number in city.items() if number in text] == ["west"]


def test_the_workbook_holds_what_is_shown_and_names_the_filter(
    portal: Portal, city: dict[str, str]
) -> None:
    carol = portal.reader("carol")
    answer = carol.get(f"/export/cases?unit={quote('城管局')}&due=overdue")
    assert "attachment" in answer.headers["content-disposition"]
    [sheet] = grids(answer.content)
    text = "\n".join(cell for row in sheet.rows for cell in row)
    for said in ("单位: 城管局", "到期: 已逾期", "逾期 1 个工作日", city["overdue"]):
        assert said in text
    assert city["today"] not in text


def test_for_units_and_inspectors_there_is_no_such_list(sqlite_portal: Portal) -> None:
    for who in ("alice", "bob", "head", "discipline"):
        reader = sqlite_portal.reader(who)
        assert reader.get("/cases").status_code == 404
        assert reader.get("/export/cases").status_code == 404


def test_nonsense_in_the_address_is_no_error(sqlite_portal: Portal) -> None:
    carol = sqlite_portal.reader("carol")
    for query in ("area=x", "area=-1", "due=never", "status=gone", "after=~~", "category=%00",
                  "unit=%F0%9F%98%80", "q=%25_"):  # fmt: skip
        assert carol.get(f"/cases?{query}").status_code == 200, query
