"""Doubts about pictures: what is said to the verifier, and what is not."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import pi
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.photo import PhotoPurpose
from rules.evidence import (
    ALIKE,
    CLOCK_DRIFT,
    EARTH,
    FAR,
    Doubt,
    Reason,
    Use,
    bands,
    distance,
    metres,
    tells,
    warnings,
)

ZONE = ZoneInfo("Asia/Shanghai")
REPORTED = datetime(2026, 9, 24, 15, 0, tzinfo=ZONE)
UPLOADED = REPORTED + timedelta(days=2)
SITE = (31.2304, 121.4737)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Photo:
    purpose: PhotoPurpose | None = PhotoPurpose.SUBMISSION
    at: datetime = UPLOADED
    taken_at: datetime | None = UPLOADED - timedelta(hours=1)
    lat: float | None = SITE[0]
    lon: float | None = SITE[1]


@dataclass(frozen=True)
class Case:
    reported_at: datetime = REPORTED
    lat: float | None = SITE[0]
    lon: float | None = SITE[1]


GOOD = Photo()


def doubts(photo: Photo = GOOD, *uses: Use, case: Case | None = None) -> tuple[Doubt, ...]:
    return warnings(photo, case or Case(), uses, ZONE)


def reasons(photo: Photo = GOOD, *uses: Use, case: Case | None = None) -> list[Reason]:
    return [doubt.reason for doubt in doubts(photo, *uses, case=case)]


def used(number: str = "CL20260901-0001", days: int = 30, **more: object) -> Use:
    use = Use(7, 7, number, REPORTED - timedelta(days=days), same=True)
    return replace(use, **more)  # type: ignore[arg-type]


def test_a_picture_taken_on_site_after_the_finding_is_not_doubted() -> None:
    assert reasons() == []


# -- when --------------------------------------------------------------------------------------


def test_a_picture_of_the_rectification_taken_before_the_finding_is_doubted() -> None:
    assert reasons(replace(GOOD, taken_at=REPORTED)) == []
    [doubt] = doubts(replace(GOOD, taken_at=REPORTED - SECOND))
    assert doubt.reason is Reason.TAKEN_BEFORE
    assert "2026-09-24 14:59" in doubt.words.zh
    assert "2026-09-24 15:00" in doubt.words.en


@pytest.mark.parametrize("purpose", PhotoPurpose)
def test_only_the_finding_itself_is_photographed_before_it_is_reported(
    purpose: PhotoPurpose,
) -> None:
    found = reasons(replace(GOOD, purpose=purpose, taken_at=REPORTED - timedelta(hours=1)))
    assert found == ([] if purpose is PhotoPurpose.FINDING else [Reason.TAKEN_BEFORE])


def test_a_picture_taken_after_it_was_uploaded_has_a_wrong_clock() -> None:
    assert reasons(replace(GOOD, taken_at=UPLOADED + CLOCK_DRIFT)) == []
    assert reasons(replace(GOOD, taken_at=UPLOADED + CLOCK_DRIFT + SECOND)) == [Reason.TAKEN_LATER]


def test_times_are_compared_as_instants_whatever_their_zone() -> None:
    taken = (REPORTED + SECOND).astimezone(ZoneInfo("America/New_York"))
    assert reasons(replace(GOOD, taken_at=taken)) == []


def test_a_picture_without_a_time_is_said_to_have_none_and_nothing_worse() -> None:
    [doubt] = doubts(replace(GOOD, taken_at=None))
    assert doubt.reason is Reason.NO_TIME
    assert not doubt.reason.grave


# -- where -------------------------------------------------------------------------------------


def north(by: float) -> float:
    """The latitude so many metres to the north of the site."""
    return SITE[0] + by / (EARTH * pi / 180)


def test_a_picture_taken_more_than_300_metres_off_is_doubted() -> None:
    assert reasons(replace(GOOD, lat=north(FAR - 1))) == []
    [doubt] = doubts(replace(GOOD, lat=north(FAR + 1)))
    assert doubt.reason is Reason.FAR_OFF
    assert "301 米" in doubt.words.zh
    assert "42.0 km" in doubts(replace(GOOD, lat=north(42_000)))[0].words.en


def test_where_one_of_the_two_positions_is_not_known_nothing_is_far() -> None:
    assert reasons(replace(GOOD, lat=0.0, lon=0.0), case=Case(lat=None, lon=None)) == []


def test_a_missing_position_is_mentioned_only_where_there_is_one_to_compare_with() -> None:
    nowhere = replace(GOOD, lat=None, lon=None)
    assert reasons(nowhere) == [Reason.NO_POSITION]
    assert reasons(nowhere, case=Case(lat=None, lon=None)) == []


# -- used before -------------------------------------------------------------------------------


def test_a_picture_used_before_names_the_case_and_the_day() -> None:
    [doubt] = doubts(GOOD, used())
    assert doubt.reason is Reason.SAME_FILE
    assert doubt.use == used()
    assert "CL20260901-0001" in doubt.words.zh
    assert "2026-08-25" in doubt.words.zh
    assert "case CL20260901-0001" in doubt.words.en


def test_a_picture_that_looks_the_same_says_by_how_much() -> None:
    [doubt] = doubts(GOOD, used(same=False, distance=4))
    assert doubt.reason is Reason.LOOKS_SAME
    assert "差 4 位" in doubt.words.zh


def test_many_uses_are_one_doubt_that_names_the_first() -> None:
    [doubt] = doubts(GOOD, used("B", 10), used("A", 20), used("C", 5))
    assert "案件 A" in doubt.words.zh
    assert "另有 2 处" in doubt.words.zh


def test_a_use_in_the_same_case_is_called_that() -> None:
    [doubt] = doubts(GOOD, used(here=True))
    assert "本案此前" in doubt.words.zh


def test_the_number_of_a_case_out_of_scope_is_not_said() -> None:
    [doubt] = doubts(GOOD, used(""))
    assert "范围外" in doubt.words.zh
    assert "outside your scope" in doubt.words.en


def test_doubts_come_with_the_gravest_first_and_in_two_languages() -> None:
    worst = Photo(taken_at=UPLOADED + timedelta(days=1), lat=0.0, lon=0.0)
    found = doubts(worst, used(same=False, distance=9), used())
    assert [doubt.reason for doubt in found] == [
        Reason.SAME_FILE, Reason.LOOKS_SAME, Reason.TAKEN_LATER, Reason.FAR_OFF,
    ]  # fmt: skip
    assert all(doubt.reason.grave and doubt.words.zh and doubt.words.en for doubt in found)
    assert list(Reason).index(Reason.NO_TIME) > max(list(Reason).index(d.reason) for d in found)


# -- the haversine formula ---------------------------------------------------------------------

places = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(places, places)
def test_there_and_back_is_equally_far(a: tuple[float, float], b: tuple[float, float]) -> None:
    assert metres(*a, *b) == metres(*b, *a)
    assert 0 <= metres(*a, *b) <= EARTH * pi
    assert metres(*a, *a) == 0


@given(places, places, places)
def test_no_detour_is_shorter(
    a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]
) -> None:
    # Near the far side of the globe the formula itself is good to about a metre.
    assert metres(*a, *c) <= metres(*a, *b) + metres(*b, *c) + 2


@given(places, st.floats(-90, 90))
def test_along_a_meridian_it_is_the_arc(place: tuple[float, float], to: float) -> None:
    lat, lon = place
    assert metres(lat, lon, to, lon) == pytest.approx(EARTH * abs(to - lat) * pi / 180, abs=2)


def test_a_known_distance() -> None:
    # Beijing, Tian'anmen, to Shanghai, People's Square: 1,066 km on the ellipsoid.
    assert metres(39.9087, 116.3975, 31.2304, 121.4737) == pytest.approx(1_066_000, rel=0.006)


# -- prints ------------------------------------------------------------------------------------

prints = st.integers(0, 2**64 - 1).map(lambda number: f"{number:016x}")


@given(prints, prints)
def test_prints_differ_by_as_many_bits_either_way(a: str, b: str) -> None:
    assert distance(a, b) == distance(b, a)
    assert (distance(a, b) == 0) == (a == b)
    assert sum(x != y for x, y in zip(bands(a), bands(b), strict=True)) <= distance(a, b)


@given(prints, st.sets(st.integers(0, 63), max_size=7))
def test_of_prints_that_differ_in_seven_bits_one_word_differs_in_one_at_most(
    bits: str, changed: set[int]
) -> None:
    other = f"{int(bits, 16) ^ sum(1 << place for place in changed):016x}"
    assert distance(bits, other) == len(changed) < ALIKE
    apart = [(a ^ b).bit_count() for a, b in zip(bands(bits), bands(other), strict=True)]
    assert min(apart) <= 1


def test_a_picture_of_nothing_says_nothing() -> None:
    assert not tells("0" * 16)
    assert not tells("f" * 16)
    assert not tells("000000000000007f")
    assert tells("00000000000000ff")
