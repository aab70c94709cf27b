"""Who is told: what a supervisor may rely on when people are away, or nobody was named."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.person import DutyKind
from models.unit import UnitKind
from rules.duty import Away, Directory, Recipient, Roster, UnitEntry, circle

CONTACT, HEAD, LEADER = DutyKind.CONTACT, DutyKind.HEAD, DutyKind.LEADER
OFFICE, DISCIPLINE = DutyKind.OFFICE, DutyKind.DISCIPLINE
HANDLER, INSPECTOR = DutyKind.HANDLER, DutyKind.INSPECTOR
NOW = datetime(2026, 9, 30, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)

ALICE, BOB, CAROL, MALLORY = 1, 2, 3, 4
PEOPLE = {ALICE: "Alice", BOB: "Bob", CAROL: "Carol", MALLORY: "Mallory"}
CITY_HALL, CREATION, STREETS, TEAM, ELSEWHERE = 10, 11, 20, 21, 30
UNITS = {
    unit.id: unit
    for unit in (
        UnitEntry(CITY_HALL, "市政府", UnitKind.TERRITORY, None),
        UnitEntry(CREATION, "创城办", UnitKind.OFFICE, CITY_HALL),
        UnitEntry(STREETS, "城管局", UnitKind.DEPARTMENT, CITY_HALL),
        UnitEntry(TEAM, "城管局一中队", UnitKind.DEPARTMENT, STREETS),
        UnitEntry(ELSEWHERE, "外区", UnitKind.TERRITORY, None),
    )
}


def directory(
    duties: dict[tuple[int, DutyKind], list[int]], *absences: Away, units: object = None
) -> Directory:
    return Directory(units or UNITS, PEOPLE, duties, absences)  # type: ignore[arg-type]


def away(person: int, substitute: int | None = None, start: datetime = NOW - DAY) -> Away:
    return Away(person, start, NOW + DAY, substitute)


def told(book: Directory, unit: int | None, duty: DutyKind, at: datetime = NOW) -> list[str]:
    return [recipient.person for recipient in book.who(unit, duty, at)]


# -- the unit and those above it ---------------------------------------------------------------


def test_the_contact_of_the_unit_is_told_by_name_unit_and_duty() -> None:
    (bob,) = directory({(STREETS, CONTACT): [BOB]}).who(STREETS, CONTACT, NOW)
    assert bob == Recipient(BOB, "Bob", STREETS, "城管局", CONTACT)


def test_all_who_share_a_duty_are_told() -> None:
    assert told(directory({(STREETS, CONTACT): [BOB, ALICE]}), STREETS, CONTACT) == ["Bob", "Alice"]


def test_a_missing_contact_is_not_looked_for_in_other_units() -> None:
    book = directory({(STREETS, CONTACT): [BOB], (ELSEWHERE, CONTACT): [MALLORY]})
    assert told(book, TEAM, CONTACT) == []


def test_the_leader_in_charge_is_found_in_the_unit_above() -> None:
    book = directory({(CITY_HALL, LEADER): [CAROL]})
    (carol,) = book.who(TEAM, LEADER, NOW)
    assert (carol.person, carol.unit) == ("Carol", "市政府")


def test_the_nearest_leader_is_told_not_the_highest() -> None:
    book = directory({(CITY_HALL, LEADER): [CAROL], (STREETS, LEADER): [ALICE]})
    assert told(book, TEAM, LEADER) == ["Alice"]


def test_a_leader_who_is_away_leaves_it_to_the_next_leader_up() -> None:
    book = directory({(CITY_HALL, LEADER): [CAROL], (STREETS, LEADER): [ALICE]}, away(ALICE))
    assert told(book, TEAM, LEADER) == ["Carol"]


def test_the_supervising_office_is_told_whichever_unit_is_late() -> None:
    book = directory({(CREATION, OFFICE): [CAROL]})
    assert told(book, TEAM, OFFICE) == told(book, ELSEWHERE, OFFICE) == ["Carol"]


def test_who_speaks_for_the_office_in_the_unit_itself_does_not_supervise_it() -> None:
    book = directory({(STREETS, OFFICE): [BOB], (CREATION, OFFICE): [CAROL]})
    assert told(book, STREETS, OFFICE) == ["Carol"]


def test_no_unit_means_the_supervising_office() -> None:
    assert told(directory({(CREATION, OFFICE): [CAROL]}), None, OFFICE) == ["Carol"]


def test_of_two_offices_the_one_above_the_unit_is_told() -> None:
    units = UNITS | {31: UnitEntry(31, "外区创城办", UnitKind.OFFICE, None)}
    units[32] = UnitEntry(32, "外区街道", UnitKind.TERRITORY, 31)
    book = directory({(CREATION, OFFICE): [CAROL], (31, OFFICE): [MALLORY]}, units=units)
    assert told(book, 32, OFFICE) == ["Mallory"]


def test_nobody_from_another_district_is_ever_told() -> None:
    book = directory({(ELSEWHERE, duty): [MALLORY] for duty in (CONTACT, HEAD, LEADER, DISCIPLINE)})
    assert [told(book, TEAM, duty) for duty in (CONTACT, HEAD, LEADER, DISCIPLINE)] == [[]] * 4


def test_the_inspector_of_the_unit_itself_goes_before_the_one_above_and_the_offices() -> None:
    everywhere = {(unit, INSPECTOR): [n] for n, unit in enumerate((TEAM, STREETS, CREATION), 1)}
    told_by = []
    while everywhere:
        told_by += told(directory(everywhere), TEAM, INSPECTOR)
        everywhere.pop(next(iter(everywhere)))
    assert told_by == ["Alice", "Bob", "Carol"]


def test_an_inspector_of_a_district_with_an_office_is_not_sought_in_another_district() -> None:
    units = UNITS | {31: UnitEntry(31, "外区创城办", UnitKind.OFFICE, None)}
    units[32] = UnitEntry(32, "外区街道", UnitKind.TERRITORY, 31)
    book = directory({(CREATION, INSPECTOR): [CAROL]}, units=units)
    assert told(book, 32, INSPECTOR) == []
    assert told(book, None, INSPECTOR) == told(book, TEAM, INSPECTOR) == ["Carol"]


def test_a_handler_is_of_the_unit_itself_only() -> None:
    book = directory({(STREETS, HANDLER): [BOB]})
    assert (told(book, STREETS, HANDLER), told(book, TEAM, HANDLER)) == (["Bob"], [])


def test_the_line_of_a_unit_leads_from_it_upwards() -> None:
    book = directory({})
    assert [unit.id for unit in book.line(TEAM)] == [TEAM, STREETS, CITY_HALL]
    assert book.line(None) == book.line(99) == []


def test_units_that_are_each_others_parents_are_not_followed_for_ever() -> None:
    units = {
        1: UnitEntry(1, "甲", UnitKind.DEPARTMENT, 2),
        2: UnitEntry(2, "乙", UnitKind.DEPARTMENT, 1),
    }
    assert told(directory({}, units=units), 1, LEADER) == []
    assert told(directory({(2, LEADER): [CAROL]}, units=units), 1, LEADER) == ["Carol"]


# -- substitutes -------------------------------------------------------------------------------


def test_the_substitute_of_somebody_away_is_told_and_the_substitutes_substitute() -> None:
    duties = {(STREETS, CONTACT): [BOB]}
    assert told(directory(duties, away(BOB, ALICE)), STREETS, CONTACT) == ["Alice"]
    chain = directory(duties, away(BOB, ALICE), away(ALICE, CAROL))
    assert told(chain, STREETS, CONTACT) == ["Carol"]


def test_an_absence_begins_at_its_first_instant_and_is_over_at_its_last() -> None:
    book = directory({(STREETS, CONTACT): [BOB]}, Away(BOB, NOW, NOW + DAY, ALICE))
    moments = (NOW - timedelta.resolution, NOW, NOW + DAY - timedelta.resolution, NOW + DAY)
    assert [told(book, STREETS, CONTACT, at)[0] for at in moments] == [
        "Bob", "Alice", "Alice", "Bob",
    ]  # fmt: skip


def test_away_without_a_substitute_is_nobody() -> None:
    assert told(directory({(STREETS, CONTACT): [BOB]}, away(BOB)), STREETS, CONTACT) == []


def test_a_circle_of_substitutes_is_nobody() -> None:
    book = directory({(STREETS, CONTACT): [BOB]}, away(BOB, ALICE), away(ALICE, BOB))
    assert told(book, STREETS, CONTACT) == []
    assert told(directory({(STREETS, HEAD): [BOB]}, away(BOB, BOB)), STREETS, HEAD) == []


def test_a_substitute_who_shares_the_duty_is_told_once() -> None:
    book = directory({(STREETS, CONTACT): [BOB, ALICE]}, away(BOB, ALICE))
    assert told(book, STREETS, CONTACT) == ["Alice"]


def test_somebody_no_longer_in_the_directory_is_nobody() -> None:
    assert told(directory({(STREETS, CONTACT): [99]}), STREETS, CONTACT) == []
    assert told(directory({(STREETS, CONTACT): [BOB]}, away(BOB, 99)), STREETS, CONTACT) == []


def test_who_wears_several_hats_is_told_once_under_the_first() -> None:
    book = directory({(STREETS, HEAD): [BOB], (STREETS, CONTACT): [BOB, ALICE]})
    found = book.everyone(STREETS, (HEAD, CONTACT), NOW)
    assert [(r.person, r.duty) for r in found] == [("Bob", HEAD), ("Alice", CONTACT)]


def test_of_several_duties_those_present_at_that_moment_are_told() -> None:
    book = directory({(STREETS, HEAD): [BOB], (STREETS, CONTACT): [ALICE]}, away(BOB, CAROL))
    found = {at: book.everyone(STREETS, (HEAD, CONTACT), at) for at in (NOW, NOW + DAY)}
    assert [[r.person for r in who] for who in found.values()] == [
        ["Carol", "Alice"], ["Bob", "Alice"],
    ]  # fmt: skip


def test_the_nearest_are_all_who_hold_the_first_duty_that_anybody_holds() -> None:
    book = directory(
        {
            (STREETS, CONTACT): [BOB],
            (STREETS, HEAD): [ALICE, CAROL],
            (CITY_HALL, LEADER): [MALLORY],
        },
        away(BOB),
    )
    upwards = (CONTACT, HEAD, LEADER)
    asked = [(STREETS, NOW), (STREETS, NOW + DAY), (TEAM, NOW)]
    assert [[r.person for r in book.nearest(unit, upwards, at)] for unit, at in asked] == [
        ["Alice", "Carol"], ["Bob"], ["Mallory"],
    ]  # fmt: skip
    assert book.nearest(ELSEWHERE, upwards, NOW) == ()


def test_of_two_absences_at_once_the_one_that_began_last_counts_and_then_the_other_again() -> None:
    long = Away(BOB, NOW - DAY, NOW + 3 * DAY, ALICE)
    short = Away(BOB, NOW, NOW + DAY, CAROL)
    for absences in ((long, short), (short, long)):
        book = directory({(STREETS, CONTACT): [BOB]}, *absences)
        moments = (NOW - DAY, NOW, NOW + DAY, NOW + 3 * DAY)
        names = [told(book, STREETS, CONTACT, at)[0] for at in moments]
        assert names == ["Alice", "Carol", "Alice", "Bob"]


def test_of_two_absences_that_began_together_the_one_entered_last_counts() -> None:
    book = directory({(STREETS, CONTACT): [BOB]}, away(BOB, ALICE), away(BOB, CAROL))
    assert told(book, STREETS, CONTACT) == ["Carol"]


def test_who_stands_for_a_person_is_the_person_the_last_of_the_chain_or_nobody() -> None:
    book = directory({}, away(BOB, ALICE), away(ALICE, CAROL), away(MALLORY))
    asked = (CAROL, BOB, MALLORY, 99)
    assert [book.present(person, NOW) for person in asked] == [CAROL, CAROL, None, None]


# -- the rota ----------------------------------------------------------------------------------

MONDAY = date(2026, 9, 28)
SHANGHAI = ZoneInfo("Asia/Shanghai")
ROTA = Roster(MONDAY, (ALICE, BOB, CAROL))


def on_rota(*absences: Away, zone: ZoneInfo = SHANGHAI, duty: DutyKind = CONTACT) -> Directory:
    holders = {(STREETS, duty): [MALLORY], (CITY_HALL, duty): [MALLORY]}
    rotas = {(STREETS, duty): ROTA}
    return Directory(UNITS, PEOPLE, holders, absences, rotas, zone=zone)


def monday(week: int, time: timedelta = timedelta(0)) -> datetime:
    return datetime(2026, 9, 28, tzinfo=SHANGHAI) + week * timedelta(7) + time


def test_each_has_a_week_in_turn_and_the_weeks_before_are_counted_backwards() -> None:
    weeks = range(-4, 5)
    names = [told(on_rota(), STREETS, CONTACT, monday(week))[0] for week in weeks]
    assert names == ["Carol", "Alice", "Bob", "Carol", "Alice", "Bob", "Carol", "Alice", "Bob"]


def test_the_rota_changes_hands_on_monday_at_midnight_of_the_citys_clocks() -> None:
    book = on_rota()
    last = monday(1) - timedelta.resolution
    assert [told(book, STREETS, CONTACT, at) for at in (last, monday(1))] == [["Alice"], ["Bob"]]
    # The same instant is still Sunday in London.
    abroad = on_rota(zone=ZoneInfo("Europe/London"))
    assert told(abroad, STREETS, CONTACT, monday(1)) == ["Alice"]


def test_a_week_in_which_the_clocks_change_is_a_week_like_any_other() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    book = on_rota(zone=berlin)
    for day, name in ((26, "Bob"), (25, "Alice")):  # summer time ends on Sunday the 25th
        at = datetime(2026, 10, day, tzinfo=berlin)
        assert told(book, STREETS, CONTACT, at) == [name]


def test_others_who_hold_the_duty_are_not_told_while_there_is_a_rota() -> None:
    away_all = [Away(p, monday(0), monday(1), None) for p in ROTA.people]
    assert told(on_rota(), STREETS, CONTACT, monday(0)) == ["Alice"]
    assert told(on_rota(*away_all), STREETS, CONTACT, monday(0)) == []


def test_the_substitute_stands_in_before_the_next_of_the_rota() -> None:
    book = on_rota(Away(ALICE, monday(0), monday(1), MALLORY))
    assert told(book, STREETS, CONTACT, monday(0)) == ["Mallory"]


def test_without_a_substitute_the_next_present_one_stands_in_and_the_weeks_after_stay() -> None:
    gone = [Away(person, monday(0), monday(5), None) for person in (ALICE, BOB)]
    names = [told(on_rota(*gone), STREETS, CONTACT, monday(week))[0] for week in range(7)]
    assert names == [*["Carol"] * 6, "Alice"]
    names = [told(on_rota(gone[0]), STREETS, CONTACT, monday(week))[0] for week in range(6)]
    assert names == ["Bob", "Bob", "Carol", "Bob", "Bob", "Carol"]


def test_a_leader_whose_whole_rota_is_away_leaves_it_to_the_next_leader_up() -> None:
    gone = [Away(person, monday(0), monday(1), None) for person in ROTA.people]
    book = on_rota(*gone, duty=LEADER)
    assert [told(book, TEAM, LEADER, monday(w)) for w in (0, 1)] == [["Mallory"], ["Bob"]]


def test_an_answer_kept_from_one_week_is_not_given_in_the_next() -> None:
    book = on_rota()
    asked = [book.who(STREETS, CONTACT, monday(week)) for week in (0, 1, 0)]
    assert [who.person for (who,) in asked] == ["Alice", "Bob", "Alice"]


# -- people by name ----------------------------------------------------------------------------


def namesakes() -> Directory:
    return Directory(
        UNITS,
        PEOPLE | {5: "Bob"},
        {(STREETS, HEAD): [BOB, ALICE], (TEAM, CONTACT): [BOB, 99], (ELSEWHERE, CONTACT): [5]},
        rotas={(TEAM, HANDLER): Roster(MONDAY, (CAROL,))},
        codes={"bob": BOB, "bob-2": 5, "Carol": MALLORY},
    )


def test_the_members_of_a_unit_are_those_of_the_units_below_it_too() -> None:
    book = namesakes()
    assert book.members(STREETS) == (BOB, ALICE, CAROL)
    assert (book.members(TEAM), book.members(CREATION)) == ((BOB, CAROL), ())


@pytest.mark.parametrize(
    ("text", "unit", "meant"),
    [
        ("bob", None, (BOB,)),
        (" bob-2 ", None, (5,)),
        ("Bob", None, (BOB, 5)),
        ("Bob", TEAM, (BOB,)),
        ("Bob", ELSEWHERE, (5,)),
        ("bob-2", STREETS, ()),
        ("Carol", None, (MALLORY,)),
        ("Carol", STREETS, (CAROL,)),
        ("nobody", None, ()),
    ],
)
def test_a_code_means_one_person_and_a_name_all_who_bear_it_within_the_unit(
    text: str, unit: int | None, meant: tuple[int, ...]
) -> None:
    assert namesakes().find(text, unit) == meant


# -- circles -----------------------------------------------------------------------------------


def test_a_circle_is_named_in_its_order() -> None:
    chain = (away(BOB, ALICE), away(ALICE, CAROL), away(MALLORY, BOB))
    assert circle(chain) == ()
    assert circle((*chain, away(CAROL, BOB))) == (CAROL, BOB, ALICE, CAROL)
    assert circle([away(BOB, BOB)]) == (BOB, BOB)


def test_substitutes_of_each_other_one_after_the_other_are_no_circle() -> None:
    first, second = Away(BOB, NOW, NOW + DAY, ALICE), Away(ALICE, NOW + DAY, NOW + 2 * DAY, BOB)
    assert circle([first, second]) == ()
    longer = Away(BOB, NOW, NOW + DAY + timedelta.resolution, ALICE)
    assert circle([longer, second]) == (ALICE, BOB, ALICE)


persons = st.integers(1, 6)
absences = st.builds(
    lambda who, first, days, other: Away(who, NOW + first * DAY, NOW + (first + days) * DAY, other),
    persons, st.integers(-3, 3), st.integers(1, 4), st.none() | persons,
)  # fmt: skip


@given(
    st.lists(absences, max_size=12),
    st.lists(persons, max_size=4),
    st.dictionaries(st.integers(1, 5), st.none() | st.integers(1, 5), min_size=1),
    st.sampled_from(DutyKind),
    st.integers(-4, 8),
)
def test_whatever_the_circles_of_people_and_units_the_answer_comes_and_is_somebody_present(
    away: list[Away],
    holders: list[int],
    parents: dict[int, int | None],
    duty: DutyKind,
    day: int,
) -> None:
    units = {n: UnitEntry(n, f"{n}", UnitKind.DEPARTMENT, up) for n, up in parents.items()}
    people = {n: f"{n}" for n in range(1, 5)}  # 5 and 6 have left
    at = NOW + day * DAY
    book = Directory(units, people, {(n, duty): holders for n in units}, away)
    for found in (book.who(n, duty, at) for n in units):
        ids = [recipient.person_id for recipient in found]
        assert len(ids) == len(set(ids))
        assert set(ids) <= set(people)
        gone = {a.person_id for a in away if a.start <= at < a.until}
        assert gone.isdisjoint(ids)


@given(st.lists(absences, max_size=8))
def test_a_circle_is_found_exactly_when_people_stand_for_each_other_on_one_day(
    everybodys: list[Away],
) -> None:
    def goes_round(at: datetime) -> bool:
        stands = {(a.person_id, a.substitute_id) for a in everybodys if a.start <= at < a.until}
        for _ in range(3):  # one step, two, four, eight
            stands |= {(a, d) for a, b in stands for c, d in stands if b == c}
        return any(person == substitute for person, substitute in stands)

    found = circle(everybodys)
    assert bool(found) == any(goes_round(NOW + day * DAY) for day in range(-3, 8))
    links = {(a.person_id, a.substitute_id) for a in everybodys}
    assert set(pairwise(found)) <= links
    assert found[:1] == found[-1:]
