"""我单位的案件: what waits for a unit, by the time left, and signing for several at once."""

import re
from collections.abc import Callable

import pytest

from tests.portal.readers import Portal
from tests.world import World

Words = Callable[[str], str]
_NUMBER = re.compile(r'href="/cases/(\d{4}-\d{6})"')
_TILE = re.compile(
    r'<a class="stat[^"]*" href="([^"]+)">\s*<span class="stat-number">(\d+)</span>\s*'
    r'<span class="stat-label">([^<]+)</span>'
)


def listed(html: str) -> list[str]:
    """The numbers of the cases of a page, in order, each once."""
    return list(dict.fromkeys(_NUMBER.findall(html)))


def tiles(html: str) -> dict[str, tuple[int, str]]:
    """The tiles of a page: how many, and where they lead."""
    return {
        label: (int(number), url.replace("&amp;", "&"))
        for url, number, label in _TILE.findall(html)
    }


def of_bob(world: World) -> dict[str, str]:
    """One case of each kind for 城管局, by what it is."""
    world.at("2026-09-21 09:00")
    kinds = ("late", "soon", "far", "unsigned", "submitted", "rework", "suspended")
    limits = {"late": "1 工作日", "soon": "3 工作日", "unsigned": "5 工作日"}
    made = {
        kind: world.report(f"{kind} 门前", "井盖缺失", limit=limits.get(kind, "9 工作日"))
        for kind in kinds
    }
    made["helped"] = world.report("路灯杆前", "路灯不亮", unit="住建局、城管局")
    made["others"] = world.report("幸福路", "路灯不亮", unit="住建局")
    world.sweep()
    world.at("2026-09-21 10:00")
    for kind in kinds:
        if kind != "unsigned":
            world.bob.signs(made[kind])
    world.bob.submits(made["submitted"])
    world.bob.submits(made["rework"])
    world.carol.fails(made["rework"])
    world.bob.asks_to_suspend(made["suspended"], "2026-11-30 18:00")
    world.carol.grants(made["suspended"])
    world.at("2026-09-24 15:00")
    return made


def test_what_waits_for_the_unit_is_listed_by_the_time_left(portal: Portal) -> None:
    made = of_bob(portal.world)
    shown = listed(portal.reader("bob").text("/mine"))
    # The rework limit of two working days has run out as well, after the first case.
    assert shown == [made[k] for k in ("late", "rework", "soon", "unsigned", "far")]


def test_cases_of_other_units_are_not_there(portal: Portal) -> None:
    made = of_bob(portal.world)
    for part in ("lead", "assist"):
        for state in ("open", "closed", "waiting"):
            page = portal.reader("bob").text(f"/mine?part={part}&state={state}")
            assert made["others"] not in page
    assert listed(portal.reader("mallory").text("/mine?state=open")) == []


def test_where_the_unit_only_assists_is_a_list_of_its_own(
    sqlite_portal: Portal, words: Words
) -> None:
    made = of_bob(sqlite_portal.world)
    page = sqlite_portal.reader("bob").text("/mine?part=assist")
    assert listed(page) == [made["helped"]]
    assert "牵头单位 市住房和城乡建设局" in words(page)
    assert "签收所选" not in words(page)
    sqlite_portal.world.bob.confirms_part(made["helped"], "城管局")
    assert "本单位已报告完成" in sqlite_portal.reader("bob").text("/mine?part=assist")


@pytest.mark.parametrize("part", ["lead", "assist"])
def test_every_tile_says_how_many_its_list_holds(portal: Portal, part: str) -> None:
    of_bob(portal.world)
    bob = portal.reader("bob")
    found = tiles(bob.text(f"/mine?part={part}"))
    assert set(found) == {"待签收", "整改中", "今天到期", "已逾期", "返工", "等待他人"}
    for label, (number, url) in found.items():
        assert len(listed(bob.text(url))) == number, label
    expected = {"lead": [1, 3, 1, 2, 1, 2], "assist": [1, 0, 1, 0, 0, 0]}[part]
    assert [number for number, _ in found.values()] == expected


def test_a_clock_is_green_then_yellow_from_80_percent_then_red(sqlite_portal: Portal) -> None:
    world, bob = sqlite_portal.world, sqlite_portal.reader("bob")
    world.at("2026-09-21 08:00")
    number = world.report("解放路1号", "井盖缺失", limit="8 工作时")
    world.sweep()
    world.bob.signs(number)
    colours = []
    for at in ("2026-09-21 15:00", "2026-09-21 16:24", "2026-09-21 18:01"):
        world.at(at)
        colours += re.findall(r'class="count count-(\w+)"', bob.text("/mine"))
    assert colours == ["green", "yellow", "red"]


def test_the_time_left_is_working_time_over_a_weekend(sqlite_portal: Portal, words: Words) -> None:
    world = sqlite_portal.world
    world.at("2026-09-11 17:00")
    number = world.report("解放路1号", "井盖缺失", limit="4 工作时")
    world.sweep()
    world.bob.signs(number)
    assert "还剩 4 个工作时" in words(sqlite_portal.reader("bob").text("/mine"))
    world.at("2026-09-13 12:00")
    assert "还剩 3 个工作时" in words(sqlite_portal.reader("bob").text("/mine"))


def test_until_it_is_signed_the_limit_for_signing_is_shown_too(
    sqlite_portal: Portal, words: Words
) -> None:
    world, bob = sqlite_portal.world, sqlite_portal.reader("bob")
    world.at("2026-09-21 09:00")
    number = world.report("解放路1号", "井盖缺失", limit="5 工作日")
    world.sweep()
    assert "签收 还剩 1 个工作日" in words(bob.text("/mine"))
    world.bob.signs(number)
    assert "签收 还剩" not in words(bob.text("/mine"))


def test_several_are_signed_for_at_once_and_each_is_answered(portal: Portal, words: Words) -> None:
    made = of_bob(portal.world)
    unsigned = [made["unsigned"]]
    portal.world.report("新华路9号", "路面积水")
    portal.world.sweep()
    unsigned += [
        n for n in listed(portal.reader("bob").text("/mine?state=sign")) if n != unsigned[0]
    ]
    ticked = [*unsigned, made["soon"], made["others"], "2026-999999"]
    answer = portal.reader("bob").post("/mine/sign", {"case": ticked})
    assert answer.status_code == 200
    said = words(answer.text)
    assert "签收了 2 件，3 件没有签收" in said
    assert all(f"{number}：已签收" in said for number in unsigned)
    assert f"{made['soon']}：案件现为“整改中”，不能签收" in said
    assert f"{made['others']}：没有编号为 {made['others']} 的案件" in said
    assert all(portal.world.status(number) == "in_progress" for number in unsigned)
    assert portal.world.status(made["others"]) == "dispatched"


def test_the_button_of_a_row_signs_for_that_row_only(sqlite_portal: Portal) -> None:
    world = sqlite_portal.world
    numbers = [world.report(f"解放路{n}号", "井盖缺失") for n in range(2)]
    world.sweep()
    sqlite_portal.reader("bob").post("/mine/sign", {"case": numbers, "only": numbers[1]})
    assert [world.status(number) for number in numbers] == ["dispatched", "in_progress"]


def test_signing_keeps_the_filter_of_the_list(sqlite_portal: Portal) -> None:
    made = of_bob(sqlite_portal.world)
    bob = sqlite_portal.reader("bob")
    answer = bob.post("/mine/sign?state=rework", {"case": [made["unsigned"]]})
    assert listed(answer.text) == [made["rework"]]
    assert bob.get("/mine/sign?state=rework").headers["location"] == "/mine?state=rework"


def test_a_list_goes_on_page_by_page_and_keeps_its_filter(sqlite_portal: Portal) -> None:
    world, bob = sqlite_portal.world, sqlite_portal.reader("bob")
    for n in range(53):
        world.report(f"解放路{n}号", "井盖缺失")
    world.sweep()
    first = bob.text("/mine?state=sign")
    [onward] = re.findall(r'href="([^"]+)" rel="next"', first)
    rest = bob.text(onward.replace("&amp;", "&"))
    assert "state=sign" in onward
    assert len(listed(first)) == 50
    assert len(listed(rest)) == 3
    assert not set(listed(first)) & set(listed(rest))


def test_the_list_is_narrowed_by_words_by_number_and_by_unit(sqlite_portal: Portal) -> None:
    made = of_bob(sqlite_portal.world)
    bob, head = sqlite_portal.reader("bob"), sqlite_portal.reader("head")
    assert listed(bob.text("/mine?q=soon")) == [made["soon"]]
    assert listed(head.text(f"/mine?q={made['far']}")) == [made["far"]]
    whole = listed(bob.text("/mine"))
    assert listed(bob.text("/mine?unit=1")) == whole, "a unit that is not theirs narrows nothing"
    assert listed(bob.text("/mine?unit=none&due=never&state=odd&after=~~~")) == whole


def test_an_empty_list_says_what_to_do(sqlite_portal: Portal, words: Words) -> None:
    bob = sqlite_portal.reader("bob")
    assert "现在没有待办的案件" in words(bob.text("/mine"))
    assert "清除后看全部待办" in words(bob.text("/mine?q=nothing"))


def test_the_page_is_for_people_of_units_and_for_nobody_else(sqlite_portal: Portal) -> None:
    for who in ("alice", "carol", "leader", "discipline"):
        assert sqlite_portal.reader(who).get("/mine").status_code == 404
        assert sqlite_portal.reader(who).post("/mine/sign").status_code == 404
    assert sqlite_portal.reader().get("/mine").headers["location"].startswith("/sign-in")


def test_the_page_speaks_english_too(sqlite_portal: Portal, words: Words) -> None:
    of_bob(sqlite_portal.world)
    bob = sqlite_portal.reader("bob")
    bob.client.cookies.set("duban-lang", "en")
    said = words(bob.text("/mine"))
    assert "Our cases" in said
    assert "Waiting for others" in said
    assert "working days left" in said
