"""Who answers for what where: what Carol may rely on when no paper names a unit."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.category import Role
from rules.routing import Routed, RouteEntry, Undecided, route

CITY, DISTRICT, STREET, OTHER = "/1/", "/1/4/", "/1/4/9/", "/1/40/"
TODAY = date(2026, 9, 24)
LEAD, HELP = Role.LEAD, Role.ASSISTING


def entry(
    code: str,
    pattern: str = "*",
    area: str = "/",
    *units: tuple[int, Role],
    since: date | None = None,
    until: date | None = None,
) -> RouteEntry:
    return RouteEntry(code, pattern, area, since, until, units or ((sum(map(ord, code)), LEAD),))


def chosen(
    *routes: RouteEntry,
    category: str | None = "0103",
    area: str | None = STREET,
    on: date = TODAY,
) -> str:
    """The route that decides, by the reason it gives; the reason itself when none does."""
    found = route(category, area, on, routes)
    return found.reason.zh.removeprefix("按责任路由 ")


def test_the_route_says_lead_and_assisting_units_and_by_which_rule() -> None:
    units = ((7, LEAD), (3, Role.RESPONSIBLE), (5, HELP))
    found = route("0103", STREET, TODAY, [entry("灯", "01*", CITY, *units)])
    assert found == Routed(units, ("按责任路由 灯", "by route 灯"))


def test_the_exact_category_wins_over_the_group_and_the_group_over_everything() -> None:
    everything, group, one = entry("all"), entry("group", "01*"), entry("one", "0103")
    assert chosen(everything, group, one) == "one"
    assert chosen(everything, group) == "group"
    assert chosen(everything) == "all"


def test_a_fixed_number_of_characters_is_more_exact_than_any_number() -> None:
    assert chosen(entry("any", "01*"), entry("two more", "01??")) == "two more"
    assert chosen(entry("three fixed", "010*"), entry("two fixed", "01??")) == "three fixed"


def test_any_letter_is_a_fixed_character() -> None:
    assert chosen(entry("any", "?03*"), entry("X", "X03*"), category="X035") == "X"


def test_a_choice_in_brackets_is_one_character_and_no_more() -> None:
    # both fix two characters; a tie, not a win for whoever lists more digits
    assert "同等适用" in chosen(entry("a", "01[0-3]*"), entry("b", "01?*"))
    assert chosen(entry("choice", "01[0-3]*"), entry("fixed", "010*")) == "fixed"


def test_for_one_category_the_deeper_area_wins() -> None:
    assert chosen(entry("city", "01*", CITY), entry("street", "01*", STREET)) == "street"


def test_the_category_counts_before_the_area() -> None:
    assert chosen(entry("lamp", "0103", CITY), entry("street", "01*", STREET)) == "lamp"


def test_an_area_covers_all_below_it_and_nothing_beside_it() -> None:
    assert chosen(entry("district", "*", DISTRICT)) == "district"
    assert "没有适用" in chosen(entry("district", "*", DISTRICT), area=OTHER)
    assert "没有适用" in chosen(entry("street", "*", STREET), area=DISTRICT)


def test_where_the_area_is_not_known_only_routes_for_everywhere_count() -> None:
    assert chosen(entry("street", "*", STREET), entry("all"), area=None) == "all"
    assert "没有适用" in chosen(entry("street", "*", STREET), area=None)


def test_a_route_is_valid_from_its_first_day_up_to_but_not_including_its_last() -> None:
    old = entry("old", until=TODAY)
    new = entry("new", since=TODAY)
    assert chosen(old, new) == "new"
    assert chosen(old, new, on=date(2026, 9, 23)) == "old"


def test_no_route_leaves_the_case_undecided_and_says_for_which_category() -> None:
    found = route("0299", STREET, TODAY, [entry("lamp", "01*")])
    assert found == Undecided(
        ("没有适用于类别“0299”的责任路由", "no route covers category 0299"),
    )


def test_two_equal_routes_to_different_units_are_left_to_a_person_and_both_are_named() -> None:
    found = route("0103", STREET, TODAY, [entry("b", "01*", CITY), entry("a", "01*", CITY)])
    assert isinstance(found, Undecided)
    assert found.reason == ("多条责任路由同等适用：a、b", "several routes fit equally well: a、b")


def test_two_equal_routes_to_the_same_units_decide() -> None:
    assert chosen(entry("a", "01*", CITY, (7, LEAD)), entry("b", "01*", CITY, (7, LEAD))) == "a"


def test_a_reader_is_told_the_name_he_knows_the_category_by() -> None:
    found = route("0299", STREET, TODAY, [], called="道路破损")
    assert found == Undecided(
        ("没有适用于类别“道路破损”的责任路由", "no route covers category 道路破损"),
    )


def test_without_a_certain_category_nothing_is_guessed() -> None:
    assert route(None, STREET, TODAY, [entry("all")]) == Undecided(
        (
            "类别未定，无法按类别找责任单位",
            "the category is not certain, so no unit can be found by it",
        ),
    )


@pytest.mark.parametrize("category", ["010", "01030", "0104", ""])
def test_an_exact_route_covers_its_category_and_no_other(category: str) -> None:
    assert "没有适用" in chosen(entry("one", "0103"), category=category)


patterns = st.sampled_from(["*", "0*", "01*", "0103", "01??", "01[0-9]3", "02*"])
places = st.sampled_from(["/", CITY, DISTRICT, STREET, OTHER])
days = st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31))
entries = st.builds(
    lambda n, p, a, since, until: RouteEntry(f"r{n}", p, a, since, until, ((n, LEAD),)),
    st.integers(1, 5), patterns, places, days, days,
)  # fmt: skip


@given(st.lists(entries, max_size=8, unique_by=lambda e: e.code), st.randoms())
def test_the_order_in_which_routes_are_written_down_decides_nothing(routes, dice) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(routes)
    dice.shuffle(shuffled)
    assert route("0103", STREET, TODAY, shuffled) == route("0103", STREET, TODAY, routes)


@given(st.lists(entries, max_size=8, unique_by=lambda e: e.code))
def test_whoever_is_routed_stands_on_a_route_that_is_valid_here_and_today(routes) -> None:  # type: ignore[no-untyped-def]
    found = route("0103", STREET, TODAY, routes)
    if isinstance(found, Routed):
        own = next(r for r in routes if r.units == found.units)
        assert STREET.startswith(own.area_path)
        assert own.valid_from is None or own.valid_from <= TODAY
        assert own.valid_until is None or own.valid_until > TODAY
