"""挂图作战: what stands on the wall, and that every figure leads to its cases."""

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest

from models.unit import Area
from tests.portal.readers import Portal, Reader

Words = Callable[[str], str]


@pytest.fixture
def city(portal: Portal) -> dict[str, str]:
    """One case overdue and one due today in the east, one with time left in the west."""
    world = portal.world.at("2026-09-21 09:00")
    found = {
        "overdue": world.report("东湖路1号", "垃圾堆放未清理", limit="1 工作日", area="东澄区"),
        "west": world.report("西湖路2号", "路灯不亮", "西岚区", "9 工作日", area="西岚区"),
        "done": world.report("东湖路3号", "井盖破损下沉", area="东澄区"),
    }
    world.bob.signs(found["done"])
    world.bob.submits(found["done"])
    world.alice.passes(found["done"])
    world.at("2026-09-24 09:00")
    found["today"] = world.report("东湖路5号", "共享单车乱停放", limit="4 工作时", area="东澄区")
    world.at("2026-09-24 15:00")
    return found


def bars(reader: Reader, query: str = "") -> dict[str, Any]:
    """What the bars are drawn from: by name, the overdue, those due today, the others."""
    found = re.search(r'data-wall="([^"]*)"', reader.text(f"/wall{query}"))
    assert found is not None
    said = json.loads(unescape(found[1]))
    return {
        by: dict(zip(said[by]["names"], said[by]["values"], strict=True))
        for by in ("areas", "units")
    }


def area_id(portal: Portal, code: str) -> int:
    return int(next(a.id for a in portal.world.rows(Area) if a.code == code))


def test_the_wall_counts_overdue_and_due_today_by_area_and_unit(
    portal: Portal, city: dict[str, str]
) -> None:
    assert bars(portal.reader("carol")) == {
        "areas": {"东澄区": [1, 1, 0], "西岚区": [0, 0, 1]},
        "units": {"市城市管理局": [1, 1, 0], "西岚区人民政府": [0, 0, 1]},
    }


def test_the_worst_stand_on_top(portal: Portal, city: dict[str, str]) -> None:
    assert list(bars(portal.reader("carol"))["areas"]) == ["东澄区", "西岚区"]


def test_closed_on_time_is_a_share_of_what_was_closed_lately(
    portal: Portal, city: dict[str, str], words: Words
) -> None:
    page = words(portal.reader("carol").text("/wall"))
    assert "100% 按期率 1 / 1 件" in page


def test_every_figure_leads_to_its_cases(portal: Portal, city: dict[str, str]) -> None:
    carol = portal.reader("carol")
    page = carol.text("/wall")
    links = {unescape(link) for link in re.findall(r'href="(/cases[^"]*)"', page)}
    over = [link for link in links if "due=overdue" in link and "area=" in link]
    assert over == [f"/cases?area={area_id(portal, 'east')}&due=overdue"]
    listed = carol.text(over[0])
    assert f'href="/cases/{city["overdue"]}"' in listed
    assert f'href="/cases/{city["today"]}"' not in listed
    for link in links:
        assert carol.get(link).status_code == 200


def test_what_is_handed_in_is_no_longer_overdue(portal: Portal, city: dict[str, str]) -> None:
    portal.world.bob.signs(city["overdue"])
    portal.world.bob.submits(city["overdue"])
    assert bars(portal.reader("carol"))["areas"]["东澄区"] == [0, 1, 1]


def test_the_wall_of_a_district_is_its_own(portal: Portal, city: dict[str, str]) -> None:
    east = area_id(portal, "east")
    assert bars(portal.reader("carol"), f"?area={east}")["areas"] == {"东澄区": [1, 1, 0]}


def test_mallory_has_the_wall_of_the_west(portal: Portal, city: dict[str, str]) -> None:
    mallory = portal.reader("mallory")
    everything = {"areas": {"西岚区": [0, 0, 1]}, "units": {"西岚区人民政府": [0, 0, 1]}}
    assert bars(mallory) == everything
    assert bars(mallory, f"?area={area_id(portal, 'east')}")["areas"] == {}


def test_a_leader_sees_it_too_and_others_do_not(sqlite_portal: Portal) -> None:
    assert sqlite_portal.reader("leader").get("/wall?full=1").status_code == 200
    for who in ("alice", "bob", "discipline"):
        assert sqlite_portal.reader(who).get("/wall").status_code == 404


def test_a_wall_asked_for_again_at_once_is_not_reckoned_again(sqlite_portal: Portal) -> None:
    world, carol = sqlite_portal.world, sqlite_portal.reader("carol")
    assert bars(carol)["units"] == {}
    world.report("东湖路1号", "垃圾堆放未清理", area="东澄区")
    assert bars(carol)["units"] == {}
    world.at("2026-09-24 15:01")
    assert list(bars(carol)["units"]) == ["市城市管理局"]


def test_the_wall_needs_no_script_of_others_and_no_inline_one(sqlite_portal: Portal) -> None:
    page = sqlite_portal.reader("carol").text("/wall")
    sources = re.findall(r'<script[^>]* src="([^"]*)"', page)
    assert all(not urlsplit(source).netloc for source in sources)
    assert page.count("<script") == len(sources)
