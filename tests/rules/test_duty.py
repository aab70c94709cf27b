"""Who is told: what a supervisor may rely on when people are away, or nobody was named."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.person import DutyKind
from models.unit import UnitKind
from rules.duty import Away, Directory, UnitEntry

CONTACT, HEAD, LEADER = DutyKind.CONTACT, DutyKind.HEAD, DutyKind.LEADER
OFFICE, DISCIPLINE = DutyKind.OFFICE, DutyKind.DISCIPLINE
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
    assert (bob.person, bob.unit, bob.duty) == ("Bob", "城管局", CONTACT)


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
    away, holders, parents, duty, day
) -> None:  # type: ignore[no-untyped-def]
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
