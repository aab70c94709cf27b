"""上报与待核查: an inspector hands in, once; is told what became of it; finds what to see to."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from ledger.accounts import viewer_of
from ledger.changes import table
from ledger.hand_in import Become, handed_in
from ledger.loading import load_city, parse_city
from ledger.nearby import around
from ledger.to_verify import look_backs, to_verify
from models.case import Case
from models.finding import Finding
from models.unit import Area
from rules.permission import Viewer
from tests import inspecting
from tests.documents.hostile import jpeg
from tests.portal.readers import Portal, Reader
from tests.world import World

BY_SCRIPT = {"x-requested-with": "fetch"}


def _hands_in(reader: Reader, key: str = "k1", **more: Any) -> Any:
    """One finding as the queue of a phone sends it."""
    told = {"key": key, "place": "东澄区新桥大道1号", "problem": "垃圾桶满溢", **more}
    return reader.post("/hand-in", told, headers=BY_SCRIPT)


def _case(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.json()["case"])


def _viewer(portal: Portal, who: str) -> Viewer:
    with portal.world.ledger.transaction() as connection:
        viewer = viewer_of(connection, portal.accounts[who])
    assert viewer is not None
    return viewer


# -- handing in --------------------------------------------------------------------------------


def test_a_finding_becomes_a_case_and_whoever_handed_it_in_is_told_its_number(
    portal: Portal,
) -> None:
    alice, world = portal.reader("alice"), portal.world
    answer = _hands_in(alice, lat="30.01", lon="120.02", found="2026-09-24")
    number = _case(answer)
    assert f"案号 {number}" in answer.json()["said"]
    case = world.case(number)
    assert (case.place, case.lat, case.lon) == ("东澄区新桥大道1号", 30.01, 120.02)
    assert "由Alice现场上报立案" in world.thread(number).records[0].words
    assert number in alice.text("/handed-in")


def test_the_same_key_is_taken_once_and_answered_alike(portal: Portal) -> None:
    alice = portal.reader("alice")
    first, again = _hands_in(alice), _hands_in(alice)
    assert first.json() == again.json()
    assert len(portal.world.rows(Case)) == len(portal.world.rows(Finding)) == 1


def test_pictures_sent_again_with_their_finding_are_no_trouble(portal: Portal) -> None:
    alice = portal.reader("alice")
    photo = alice.post("/photos", files={"photo": ("a.jpg", jpeg(), "image/jpeg")}).json()["id"]
    first, again = _hands_in(alice, photo=photo), _hands_in(alice, photo=photo)
    assert first.json() == again.json()
    assert len(portal.world.rows(Case)) == 1


def test_a_key_is_of_one_account_only(sqlite_portal: Portal) -> None:
    _hands_in(sqlite_portal.reader("alice"))
    _hands_in(sqlite_portal.reader("mallory"), place="西岚区云湖路", problem="路面积水")
    assert len(sqlite_portal.world.rows(Case)) == 2


def test_without_scripts_the_form_hands_in_with_its_pictures(sqlite_portal: Portal) -> None:
    alice = sqlite_portal.reader("alice")
    key = re.search(r'name="key" value="([^"]+)"', alice.text("/hand-in"))
    assert key is not None
    told = {"key": key[1], "place": "新桥大道1号", "problem": "垃圾桶满溢", "fixed": "1"}
    pictures = {"photos": ("a.jpg", jpeg(), "image/jpeg")}
    answer = alice.post("/hand-in", told, files=pictures)
    assert answer.headers["location"] == "/handed-in"
    [case] = sqlite_portal.world.rows(Case)
    assert case.status == "closed"
    page = alice.text("/handed-in")
    assert f"案号 {case.number}：现场已整改，已销号。" in page


@pytest.mark.parametrize(
    ("lacking", "said"), [("place", "请写明地点"), ("problem", "请用一句话写明问题")]
)
def test_what_is_not_whole_is_refused_and_its_pictures_stay_in_the_form(
    sqlite_portal: Portal, lacking: str, said: str
) -> None:
    alice = sqlite_portal.reader("alice")
    told = {"key": "k", "place": "云湖路", "problem": "积水", lacking: " "}
    files = {"photos": ("a.jpg", jpeg(), "image/jpeg")}
    page = alice.post("/hand-in", told, files=files)
    assert page.status_code == 422
    assert said in page.text
    photo = re.search(r'name="photo" value="(\d+)"', page.text)
    assert photo is not None
    assert 'name="key" value="k"' not in page.text
    assert _case(_hands_in(alice, photo=photo[1]))
    assert len(sqlite_portal.world.rows(Finding)) == 1


def test_pictures_that_are_not_there_are_refused_and_nothing_is_written(
    sqlite_portal: Portal,
) -> None:
    alice, mallory = sqlite_portal.reader("alice"), sqlite_portal.reader("mallory")
    files = {"photo": ("a.jpg", jpeg(), "image/jpeg")}
    hers = mallory.post("/photos", files=files).json()["id"]
    for photo in (hers, 4711):
        answer = _hands_in(alice, photo=photo)
        assert answer.status_code == 422
        assert "照片不存在" in answer.json()["reason"]
    assert sqlite_portal.world.rows(Finding) == []


def test_a_phone_whose_clock_runs_ahead_has_found_it_today(sqlite_portal: Portal) -> None:
    _case(_hands_in(sqlite_portal.reader("alice"), found="2031-01-01"))
    [finding] = sqlite_portal.world.rows(Finding)
    assert finding.found_on.isoformat() == "2026-09-24"


def test_the_same_words_again_open_no_second_case_and_say_that_pictures_were_left_out(
    sqlite_portal: Portal,
) -> None:
    alice = sqlite_portal.reader("alice")
    number = _case(_hands_in(alice))
    photo = alice.post("/photos", files={"photo": ("a.jpg", jpeg(), "image/jpeg")}).json()["id"]
    again = _hands_in(alice, "k2", photo=photo)
    assert again.json()["outcome"] == "unchanged"
    assert number in again.json()["said"]
    assert "照片没有附上" in again.json()["said"]


# -- where it lies -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "area"),
    [
        ({"area": "西岚区", "place": "云湖路"}, "西岚区"),
        ({"place": "东澄区云湖路"}, "东澄区"),
        ({"place": "云湖路"}, "澄岚市"),
    ],
    ids=["as chosen", "as the place says", "else all of what the inspector sees to"],
)
def test_the_area_of_a_finding(sqlite_portal: Portal, told: dict[str, str], area: str) -> None:
    number = _case(_hands_in(sqlite_portal.reader("alice"), **told))
    world = sqlite_portal.world
    [lies] = world.rows(Area, table(Area).c.id == world.case(number).area_id)
    assert lies.name == area


def test_nobody_hands_in_for_an_area_that_is_not_theirs(sqlite_portal: Portal) -> None:
    answer = _hands_in(sqlite_portal.reader("mallory"), area="东澄区")
    assert answer.status_code == 422
    assert "不在您检查的辖区内" in answer.json()["reason"]
    assert sqlite_portal.world.rows(Case) == []


# -- what is nearby ----------------------------------------------------------------------------


def test_open_cases_nearby_are_shown_with_no_more_than_tells_them_apart(portal: Portal) -> None:
    world = portal.world
    near = world.report("云湖路3号", "路面积水", area="东澄区", lat=30.0, lon=120.0)
    world.report("云湖路9号", "护栏破损", area="东澄区", lat=30.01, lon=120.0)
    gone = world.report("云湖路4号", "树枝断落", area="东澄区", lat=30.0, lon=120.0)
    world.carol.cancels(gone)
    found = portal.reader("alice").get("/hand-in/nearby?lat=30.0009&lon=120").json()
    assert [case["number"] for case in found["cases"]] == [near]
    assert found["cases"][0].keys() == {
        "number", "place", "problem", "category", "reported", "metres",
    }  # fmt: skip
    assert (found["cases"][0]["metres"], found["cases"][0]["reported"]) == (100, "今天15:00")
    assert [site[:2] for site in found["sites"]] == [["云湖路3号", "东澄区"]]


def test_a_case_at_a_place_of_that_name_is_found_without_a_position(
    sqlite_portal: Portal,
) -> None:
    number = sqlite_portal.world.report("云湖路3号", "路面积水", area="东澄区")
    found = sqlite_portal.reader("alice").get("/hand-in/nearby?place=云湖路三号").json()
    assert [case["number"] for case in found["cases"]] == [number]


def test_what_lies_in_another_district_is_neither_shown_nor_joined(
    sqlite_portal: Portal,
) -> None:
    world, mallory = sqlite_portal.world, sqlite_portal.reader("mallory")
    number = world.report("云湖路3号", "路面积水", area="东澄区", lat=30.0, lon=120.0)
    found = mallory.get("/hand-in/nearby?lat=30&lon=120&place=云湖路3号").json()
    assert found == {"sites": [], "cases": []}
    answer = _hands_in(mallory, joins=number, place="西岚区云湖路")
    assert answer.status_code == 422
    assert world.case(number).reports == 1
    assert handed_in(world.ledger, _viewer(sqlite_portal, "mallory")).lines == []


def test_whoever_says_it_is_the_same_problem_joins_its_case(portal: Portal) -> None:
    world = portal.world
    number = world.report("云湖路3号", "路面积水", area="东澄区")
    answer = _hands_in(portal.reader("alice"), joins=number, problem="这里有个大水坑")
    assert answer.json()["outcome"] == "merged"
    assert f"并入在办案件 {number}" in answer.json()["said"]
    assert world.case(number).reports == 2
    assert _case(_hands_in(portal.reader("alice"), joins=number)) == number
    assert world.case(number).reports == 2


def test_places_used_lately_are_offered_each_once(sqlite_portal: Portal) -> None:
    alice = sqlite_portal.reader("alice")
    for n, place in enumerate(("东澄区一路", "东澄区二路", "东澄区 一路")):
        _hands_in(alice, f"k{n}", place=place, problem=f"第{n}处破损")
    setup = re.search(r'data-setup="([^"]+)"', alice.text("/hand-in"))
    assert setup is not None
    sites = json.loads(unescape(setup[1]))["sites"]
    assert [site[:2] for site in sites] == [["东澄区 一路", "东澄区"], ["东澄区二路", "东澄区"]]


def test_coordinates_that_are_none_find_nothing_and_break_nothing(sqlite_portal: Portal) -> None:
    alice = sqlite_portal.reader("alice")
    for lat, lon in (("x", "y"), ("91", "0"), ("nan", "0"), ("", "")):
        answer = alice.get("/hand-in/nearby", params={"lat": lat, "lon": lon})
        assert answer.json() == {"sites": [], "cases": []}
        assert alice.get("/verify", params={"lat": lat, "lon": lon}).status_code == 200


# -- categories --------------------------------------------------------------------------------


def test_the_directory_of_categories_is_sent_again_only_when_it_has_changed(
    sqlite_portal: Portal,
) -> None:
    alice, world = sqlite_portal.reader("alice"), sqlite_portal.world
    first = alice.get("/hand-in/catalogue.json")
    covers = next(one for one in first.json() if one["code"] == "B0101-1")
    assert (covers["initials"], covers["limit"]) == ("ssjgqsyw", "2 紧急工作时")
    known = {"if-none-match": first.headers["etag"]}
    assert alice.get("/hand-in/catalogue.json", headers=known).status_code == 304
    world.report("云湖路", "雨水井盖破损", category="B0103-2")
    later = alice.get("/hand-in/catalogue.json", headers=known)
    assert later.status_code == 200
    assert later.json()[0]["code"] == "B0103-2"


def test_a_sentence_is_answered_by_its_likely_categories(sqlite_portal: Portal) -> None:
    alice = sqlite_portal.reader("alice")
    found = alice.get("/hand-in/likely", params={"text": "污水井盖破损"}).json()
    assert found[0] == ["B0102-2", "污水井盖（破损）"]
    assert alice.get("/hand-in/likely", params={"text": "井"}).json() == []


# -- without a network -------------------------------------------------------------------------


def test_the_page_kept_for_no_network_says_nothing_of_anybody(sqlite_portal: Portal) -> None:
    alice = sqlite_portal.reader("alice")
    _hands_in(alice)
    answer = alice.get("/hand-in/offline")
    assert answer.status_code == 200
    for secret in ("Alice", "新桥大道1号", alice.csrf):
        assert secret not in answer.text
    assert "set-cookie" not in answer.headers
    assert "Hand in" in alice.get("/hand-in/offline", headers={"cookie": "duban-lang=en"}).text


def test_a_queue_asks_first_who_is_signed_in(sqlite_portal: Portal) -> None:
    alice = sqlite_portal.reader("alice")
    assert alice.get("/hand-in/state.json").json()["csrf"] == alice.csrf
    assert sqlite_portal.reader().get("/hand-in/state.json").status_code == 401
    assert sqlite_portal.reader("bob").get("/hand-in/state.json").status_code == 401


def test_the_worker_stands_at_the_root(sqlite_portal: Portal) -> None:
    answer = sqlite_portal.reader().get("/sw.js")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "page", ["/hand-in", "/hand-in/nearby", "/hand-in/likely", "/hand-in/catalogue.json",
             "/verify", "/handed-in"],
)  # fmt: skip
def test_for_whoever_does_not_inspect_these_pages_do_not_exist(
    sqlite_portal: Portal, page: str
) -> None:
    assert sqlite_portal.reader("bob").get(page).status_code == 404
    assert sqlite_portal.reader().get(page).status_code == 303


# -- what became of it -------------------------------------------------------------------------


def test_what_was_handed_in_is_listed_newest_first_with_how_it_stands(portal: Portal) -> None:
    alice, world = portal.reader("alice"), portal.world
    numbers = [
        _case(_hands_in(alice, f"k{n}", place=f"东澄区{n}路", problem="井盖破损")) for n in range(5)
    ]
    world.carol.cancels(numbers[0])
    _hands_in(portal.reader("mallory"), place="西岚区六路", problem="路面积水")
    viewer = _viewer(portal, "alice")
    found, after = [], ""
    for _ in range(3):
        page = handed_in(world.ledger, viewer, Become.ALL, after, size=2)
        found += [line.number for line in page.lines]
        after = page.after
    assert (found, after) == (numbers[::-1], "")
    ended = handed_in(world.ledger, viewer, Become.ENDED).lines
    assert [(line.number, line.status) for line in ended] == [(numbers[0], "cancelled")]
    assert numbers[1] in alice.text("/handed-in?become=open")
    assert "这一类还没有" in alice.text("/handed-in?become=refused")
    for after in ("x", "²", "9" * 30):
        assert alice.get("/handed-in", params={"after": after}).status_code == 200


# -- what is to be seen to ---------------------------------------------------------------------


def _submitted(world: World, *spots: tuple[str, float | None]) -> list[str]:
    """Cases whose rectification is handed in, an hour apart, so far north of 30°."""
    numbers = []
    for place, north in spots:
        world.now += timedelta(hours=1)
        lat = None if north is None else 30 + north
        number = world.report(place, "路面积水", area="东澄区", lat=lat, lon=lat and 120.0)
        world.bob.signs(number)
        world.bob.submits(number)
        numbers.append(number)
    return numbers


def test_what_waits_on_site_comes_by_distance_or_by_due_each_once(portal: Portal) -> None:
    world = portal.world.at("2026-09-21 08:00")
    far, near, nowhere, middle, outside = _submitted(
        world, ("一路", 0.1), ("二路", 0.001), ("三路", None), ("四路", 0.03), ("五路", 1.0)
    )
    viewer = _viewer(portal, "alice")
    by_due = [far, near, nowhere, middle, outside]
    assert _paged(world, viewer, None) == by_due
    assert _paged(world, viewer, (30.0, 120.0)) == [near, middle, far]
    assert to_verify(world.ledger, _viewer(portal, "mallory"), None).found == []
    for after in ("x~1", "9999-12-31T23:59:59-10:00~1", "nan~1", f"1~{9**30}", "²~²"):
        for here in (None, (30.0, 120.0)):
            to_verify(world.ledger, viewer, here, after)


def _paged(world: World, viewer: Viewer, here: tuple[float, float] | None) -> list[str]:
    found, after = [], "start"
    while after:
        page = to_verify(world.ledger, viewer, here, after, size=2)
        found += [one.line.number for one in page.found]
        after = page.after
    return found


def test_the_page_of_what_waits_says_how_far_each_is(sqlite_portal: Portal) -> None:
    world, alice = sqlite_portal.world.at("2026-09-21 08:00"), sqlite_portal.reader("alice")
    assert "没有待核查的案件" in alice.text("/verify")
    number, _ = _submitted(world, ("一路", 0.001), ("二路", 0.05))
    page = alice.text("/verify?lat=30&lon=120")
    assert page.index("111 米") < page.index("5.6 公里")
    assert f"/cases/{number}" in page
    assert "111 米" not in alice.text("/verify")
    assert "25 公里内没有" in alice.text("/verify?lat=50&lon=100")


def test_a_look_back_is_listed_for_whom_it_was_drawn_and_nobody_else(portal: Portal) -> None:
    world = inspecting.rate(portal.world, "100%")
    with world.ledger.transaction() as connection:
        load_city(connection, parse_city(_ALICE_INSPECTS, "检查员.yaml"))
    number = world.report("云湖路", "路面积水")
    inspecting.close(world, number, verifier="检查员甲")
    inspecting.draws(world.at("2026-09-25 09:00"))
    alice, mallory = _viewer(portal, "alice"), _viewer(portal, "mallory")
    assert [one.line.number for one in look_backs(world.ledger, alice, None)] == [number]
    assert look_backs(world.ledger, mallory, None) == []
    assert "抽中由我回头看" in portal.reader("alice").text("/verify")
    world.alice.looks_back(number)
    assert look_backs(world.ledger, alice, None) == []


_ALICE_INSPECTS = """
city: {name: 澄岚市}
people:
  - {code: alice, name: Alice, channels: ["folder://alice"],
     duties: [{unit: office, duty: inspector}]}
"""


def test_around_a_place_only_so_many_are_shown_the_nearest_first(sqlite_portal: Portal) -> None:
    world, viewer = sqlite_portal.world, _viewer(sqlite_portal, "alice")
    for n in range(9, 0, -1):
        world.report(f"云湖路{n}号", "路面积水", area="东澄区", lat=30 + n / 10_000, lon=120.0)
    found = around(world.ledger, viewer, (30.0, 120.0))
    assert [near.place for near in found.cases] == [f"云湖路{n}号" for n in range(1, 7)]
    assert [round(near.metres or 0) for near in found.cases[:2]] == [11, 22]


def test_a_key_that_is_missing_is_refused(sqlite_portal: Portal) -> None:
    answer = _hands_in(sqlite_portal.reader("alice"), key="")
    assert answer.status_code == 422
    assert "请刷新页面" in answer.json()["reason"]
