"""证据疑点: why a picture may not show what it was handed in to show.

These are doubts for whoever verifies, never verdicts: clocks go wrong, messengers strip what a
camera wrote. Nothing is refused because of them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt
from typing import Protocol

from models.columns import Labelled
from models.photo import PhotoPurpose
from models.words import Words

ALIKE = 10
"""Bits of 64 in which two pictures that look the same may differ. One picture compressed again,
halved, brightened or turned by two degrees differs in up to 9, two different ones nearly always in
19 or more: of half a million pairs the nearest differed in 12."""

FAR = 300.0
"""Metres from the site. A phone between tall buildings errs by some 50, a map shifted by the
national datum (GCJ-02) by 100 to 700: what is nearer than this says nothing."""

CLOCK_DRIFT = timedelta(minutes=5)
"""How far a phone's clock may run ahead before it is called wrong."""

FEWEST_BITS = 8
"""A print with fewer bits of either kind is of a wall, a night, a fog: all of them are alike."""

EARTH = 6_371_008.8
"""Mean radius in metres (IUGG)."""


class Variant(StrEnum):
    """Of what a print is: the picture, its mirror image, or the middle nine tenths of it."""

    PLAIN = "plain"
    MIRRORED = "mirrored"
    CROPPED = "cropped"


class Reason(Labelled):
    """Why a picture is in doubt, the gravest first."""

    SAME_FILE = "same_file", "重复使用", "used before"
    LOOKS_SAME = "looks_same", "与旧照片相似", "looks like an earlier one"
    TAKEN_BEFORE = "taken_before", "拍摄早于发现", "taken before the finding"
    TAKEN_LATER = "taken_later", "拍摄时间不可信", "taken later than it came"
    FAR_OFF = "far_off", "远离现场", "far from the site"
    NO_TIME = "no_time", "无拍摄时间", "no capture time"
    NO_POSITION = "no_position", "无拍摄位置", "no position"

    @property
    def grave(self) -> bool:
        """Whether it speaks against the picture; otherwise something is only not known."""
        return self not in (Reason.NO_TIME, Reason.NO_POSITION)


@dataclass(frozen=True, slots=True)
class Use:
    """An earlier use of a picture: of the `same` file, or of one that differs in `distance` bits.

    `number` may be empty: the case is not within the scope of whoever reads. `here` is an earlier
    record of the very same case.
    """

    photo_id: int
    case_id: int
    number: str
    at: datetime
    same: bool
    distance: int = 0
    here: bool = False


@dataclass(frozen=True, slots=True)
class Doubt:
    """One doubt about a picture: why, in a sentence, and the first earlier use if that is why."""

    reason: Reason
    words: Words
    use: Use | None = None


class PhotoFacts(Protocol):
    """What is asked of a picture. Positions are degrees of WGS 84."""

    @property
    def purpose(self) -> PhotoPurpose | None: ...
    @property
    def at(self) -> datetime: ...
    @property
    def taken_at(self) -> datetime | None: ...
    @property
    def lat(self) -> float | None: ...
    @property
    def lon(self) -> float | None: ...


class CaseFacts(Protocol):
    """What is asked of its case."""

    @property
    def reported_at(self) -> datetime: ...
    @property
    def lat(self) -> float | None: ...
    @property
    def lon(self) -> float | None: ...


def warnings(
    photo: PhotoFacts, case: CaseFacts, uses: Sequence[Use], zone: tzinfo
) -> tuple[Doubt, ...]:
    """Every doubt about a picture of a case, the gravest first; `zone` is the city's."""
    return tuple(doubt for rule in _RULES for doubt in rule(photo, case, uses, zone))


# -- used before -------------------------------------------------------------------------------


def distance(a: str, b: str) -> int:
    """In how many bits two prints differ (Hamming distance)."""
    return (int(a, 16) ^ int(b, 16)).bit_count()


def bands(bits: str) -> tuple[int, ...]:
    """The four words of 16 bits of a print. Prints that differ in 3 bits or fewer share one."""
    return tuple(int(bits[start : start + 4], 16) for start in (0, 4, 8, 12))


def tells(bits: str) -> bool:
    """Whether a print says enough of its picture to be compared."""
    return FEWEST_BITS <= int(bits, 16).bit_count() <= 64 - FEWEST_BITS


def _used(photo: PhotoFacts, case: CaseFacts, uses: Sequence[Use], zone: tzinfo) -> Iterator[Doubt]:
    for same in (True, False):
        found = sorted((use for use in uses if use.same is same), key=lambda use: use.at)
        if found:
            yield _used_in(found[0], len(found), zone)


def _used_in(first: Use, times: int, zone: tzinfo) -> Doubt:
    where = _case_of(first)
    when = _said(first.at, zone)
    more = (
        Words(f"，另有 {times - 1} 处", f", and {times - 1} more") if times > 1 else Words("", "")
    )
    if first.same:
        words = Words(
            f"同一张照片已用于{where.zh}（{when}{more.zh}）。请现场核对。",
            f"The same picture was used for {where.en} ({when}{more.en}). Check on site.",
        )
        return Doubt(Reason.SAME_FILE, words, first)
    words = Words(
        f"与{where.zh}的照片几乎相同（{when}{more.zh}；64 位指纹差 {first.distance} 位）。请比对。",
        f"It looks the same as a picture of {where.en} ({when}{more.en}; {first.distance} of 64 "
        "bits of the print differ). Compare the two.",
    )
    return Doubt(Reason.LOOKS_SAME, words, first)


def _case_of(use: Use) -> Words:
    if use.here:
        return Words("本案此前", "this very case before")
    if not use.number:
        return Words("您范围外的另一案件", "another case, outside your scope")
    return Words(f"案件 {use.number}", f"case {use.number}")


# -- when --------------------------------------------------------------------------------------

_AFTERWARDS = {PhotoPurpose.SUBMISSION, PhotoPurpose.VERIFICATION, PhotoPurpose.LOOK_BACK}
"""What cannot have been taken before anybody had found the problem."""


def _before(photo: PhotoFacts, case: CaseFacts, _: Sequence[Use], zone: tzinfo) -> Iterator[Doubt]:
    taken = photo.taken_at
    if photo.purpose not in _AFTERWARDS or taken is None or taken >= case.reported_at:
        return
    shot, found = _said(taken, zone), _said(case.reported_at, zone)
    words = Words(
        f"拍摄于 {shot}，早于问题上报（{found}），不能证明整改结果。",
        f"Taken on {shot}, before the problem was reported ({found}): it cannot show what was "
        "done about it.",
    )
    yield Doubt(Reason.TAKEN_BEFORE, words)


def _later(photo: PhotoFacts, _: CaseFacts, __: Sequence[Use], zone: tzinfo) -> Iterator[Doubt]:
    taken = photo.taken_at
    if taken is None or taken <= photo.at + CLOCK_DRIFT:
        return
    shot, came = _said(taken, zone), _said(photo.at, zone)
    words = Words(
        f"照片自称拍摄于 {shot}，晚于上传（{came}）：拍摄设备时间不准，拍摄时间不可信。",
        f"It claims to be taken on {shot}, after it came in ({came}): the clock of the camera is "
        "wrong, and so is its time.",
    )
    yield Doubt(Reason.TAKEN_LATER, words)


def _timeless(photo: PhotoFacts, _: CaseFacts, __: Sequence[Use], ___: tzinfo) -> Iterator[Doubt]:
    if photo.taken_at is None:
        yield Doubt(Reason.NO_TIME, _NO_TIME)


_NO_TIME = Words(
    "照片里没有拍摄时间（截图或经聊天软件转发会丢失），无从判断何时拍摄。",
    "The picture holds no capture time (screenshots and messengers lose it): when it was taken "
    "is not known.",
)

# -- where -------------------------------------------------------------------------------------


def metres(lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    """The distance in metres between two places in degrees, along a great circle of a sphere.

    The haversine formula, d = 2 R asin sqrt(sin²(Δφ/2) + cos φ₁ cos φ₂ sin²(Δλ/2)), after
    R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68 (2), 1984, p. 159, with the
    mean radius of the Earth: within 0.6 % of the ellipsoid.
    """
    north, east = radians(to_lat - lat), radians(to_lon - lon)
    h = sin(north / 2) ** 2 + cos(radians(lat)) * cos(radians(to_lat)) * sin(east / 2) ** 2
    return 2 * EARTH * asin(sqrt(min(1.0, h)))


def _far(photo: PhotoFacts, case: CaseFacts, _: Sequence[Use], __: tzinfo) -> Iterator[Doubt]:
    if photo.lat is None or photo.lon is None or case.lat is None or case.lon is None:
        return
    off = metres(photo.lat, photo.lon, case.lat, case.lon)
    if off <= FAR:
        return
    zh, en = (f"{off:.0f} 米", f"{off:.0f} m") if off < 1000 else _kilometres(off)
    words = Words(
        f"拍摄位置距点位 {zh}（超过 {FAR:.0f} 米）。请核对是否拍的是该点位。",
        f"Taken {en} from the site (more than {FAR:.0f} m). Check that it shows this site.",
    )
    yield Doubt(Reason.FAR_OFF, words)


def _kilometres(off: float) -> tuple[str, str]:
    return f"{off / 1000:.1f} 公里", f"{off / 1000:.1f} km"


def _placeless(photo: PhotoFacts, case: CaseFacts, _: Sequence[Use], __: tzinfo) -> Iterator[Doubt]:
    known = case.lat is not None and case.lon is not None
    if known and (photo.lat is None or photo.lon is None):
        yield Doubt(Reason.NO_POSITION, _NO_POSITION)


_NO_POSITION = Words(
    "照片里没有拍摄位置（手机未开启相机定位，或经转发丢失），无法与点位比对。",
    "The picture holds no position (the camera was not allowed it, or a messenger lost it): it "
    "cannot be compared with the site.",
)


def _said(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


_Rule = Callable[[PhotoFacts, CaseFacts, Sequence[Use], tzinfo], Iterator[Doubt]]
_RULES: tuple[_Rule, ...] = (_used, _before, _later, _far, _timeless, _placeless)
