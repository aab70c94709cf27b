"""演示照片: pictures of streets, drawn from a seed, as a phone would hand them over.

The same shot always gives the same bytes. A picture shows one problem at one place; taken again
later it has other light, other clouds and another point of view, and the problem may be gone.
"""

import io
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

from PIL import Image, ImageChops, ImageDraw
from PIL.ExifTags import GPS, IFD, Base

from duban.demo_subjects import Colour, Spot, painter_of

WIDTH, HEIGHT = 1024, 768
_PLAY = 58
"""By how many pixels the point of view differs from one shot to the next."""
_CANVAS = WIDTH + _PLAY, HEIGHT + _PLAY
_FLOOR = 456
"""Where the walls stand on the pavement."""
_SKYLINE = 200
"""What the lowest house reaches up to."""
_GRAIN = 4
_QUALITY = 88

Position = tuple[float, float]
"""Latitude and longitude in degrees of WGS 84."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: of what, where, whether it is put right by then, and what tells it from other
    pictures of the same."""

    place: str
    problem: str
    right: bool
    salt: str
    close: bool = False
    """Taken from near by."""


def can_show(problem: str) -> bool:
    """Whether a picture of a street can show the problem: an expired permit it cannot."""
    return painter_of(problem) is not None


def draw(shot: Shot) -> Image.Image:
    """The picture of a shot."""
    street = Random(f"{shot.place} {shot.problem}")
    moment = Random(f"{shot.place} {shot.problem} {shot.salt}")
    canvas = _sky(moment)
    pen = ImageDraw.Draw(canvas)
    _clouds(pen, moment)
    _houses(pen, street)
    _pavement(pen, street)
    _trees(pen, street)
    _shadows(pen, moment)
    foot = street.uniform(416, _CANVAS[0] - 416), street.uniform(616, 680)
    _paint(shot, Spot(pen, Random(f"{shot.problem} {shot.place}"), *foot))
    return _lit(_seen(canvas, foot, moment, close=shot.close), moment)


def jpeg(
    picture: Image.Image, taken_at: datetime | None = None, position: Position | None = None
) -> bytes:
    """The file a phone makes of it: with the local time and the position, where it knows them."""
    hidden = Image.Exif()
    hidden[Base.Orientation] = 1
    if taken_at is not None:
        hidden.get_ifd(IFD.Exif).update(_time(taken_at))
    if position is not None:
        hidden.get_ifd(IFD.GPSInfo).update(_place(*position))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY, exif=hidden)
    return out.getvalue()


def _time(at: datetime) -> dict[int, Any]:
    offset = f"{at:%z}"
    return {
        Base.DateTimeOriginal: f"{at:%Y:%m:%d %H:%M:%S}",
        Base.OffsetTimeOriginal: f"{offset[:3]}:{offset[3:5]}",
    }


def _place(lat: float, lon: float) -> dict[int, Any]:
    return {
        GPS.GPSLatitudeRef: "N" if lat >= 0 else "S",
        GPS.GPSLatitude: _sexagesimal(abs(lat)),
        GPS.GPSLongitudeRef: "E" if lon >= 0 else "W",
        GPS.GPSLongitude: _sexagesimal(abs(lon)),
    }


def _sexagesimal(degrees: float) -> tuple[float, float, float]:
    minutes = degrees % 1 * 60
    return float(int(degrees)), float(int(minutes)), round(minutes % 1 * 60, 3)


# -- the street --------------------------------------------------------------------------------

_WALLS: tuple[Colour, ...] = (
    (214, 200, 172), (178, 112, 88), (196, 196, 190), (226, 216, 196), (150, 158, 160),
    (164, 140, 116), (120, 128, 138), (206, 178, 140), (188, 204, 200), (134, 96, 84),
)  # fmt: skip
_SIGNS: tuple[Colour, ...] = (
    (178, 40, 36), (36, 84, 140), (40, 112, 76), (222, 160, 40), (96, 52, 110), (236, 232, 224),
)  # fmt: skip


def _sky(moment: Random) -> Image.Image:
    """The canvas with the sky on it, lighter on one side."""
    top = moment.choice(((110, 158, 206), (150, 176, 200), (182, 190, 198), (128, 170, 214)))
    side = moment.uniform(-26, 26)
    corners = Image.new("RGB", (2, 2))
    for n, (lift, slope) in enumerate(((0, -side), (0, side), (30, side), (30, -side))):
        corners.putpixel((n % 2, n // 2), _toned(top, lift + slope))
    canvas = Image.new("RGB", _CANVAS)
    canvas.paste(corners.resize((_CANVAS[0], _SKYLINE), Image.Resampling.BILINEAR))
    return canvas


def _toned(colour: Colour, lift: float) -> Colour:
    red, green, blue = (max(0, min(255, round(tone + lift))) for tone in colour)
    return red, green, blue


def _clouds(pen: ImageDraw.ImageDraw, moment: Random) -> None:
    for _ in range(moment.randint(2, 5)):
        x, y, size = moment.uniform(0, _CANVAS[0]), moment.uniform(0, 128), moment.uniform(32, 72)
        white = _toned((236, 238, 240), moment.uniform(-30, 8))
        for dx, grow in ((-1.4, 0.7), (0, 1), (1.3, 0.8), (2.2, 0.5)):
            reach = size * grow
            left, top = x + dx * size - reach * 1.3, y - reach * 0.6
            pen.ellipse((left, top, left + reach * 2.6, top + reach * 1.2), fill=white)


def _houses(pen: ImageDraw.ImageDraw, street: Random) -> None:
    left = -street.uniform(0, 160)
    while left < _CANVAS[0]:
        right = left + street.uniform(136, 320)
        _house(pen, street, left, right)
        left = right


def _house(pen: ImageDraw.ImageDraw, street: Random, left: float, right: float) -> None:
    wall = _toned(street.choice(_WALLS), street.uniform(-44, 30))
    top = street.uniform(24, _SKYLINE)
    pen.rectangle((left, top, right, _FLOOR), fill=wall)
    pen.rectangle((left, top, right, top + 10), fill=_toned(wall, -30))
    _windows(pen, street, (left, top + 27, right), wall)
    _shop(pen, street, left, right)


def _windows(
    pen: ImageDraw.ImageDraw,
    street: Random,
    where: tuple[float, float, float],
    wall: Colour,
) -> None:
    left, top, right = where
    step, pane = street.uniform(56, 88), street.uniform(27, 46)
    glass = street.choice(((70, 88, 104), (168, 190, 204), (54, 60, 70), (120, 140, 152)))
    x = left + 18
    while x + pane < right - 8:
        y = top
        while y + 51 < _FLOOR - 168:
            pen.rectangle((x - 4, y - 4, x + pane + 4, y + 52), fill=_toned(wall, 22))
            pen.rectangle((x, y, x + pane, y + 48), fill=_toned(glass, street.uniform(-22, 22)))
            y += 77
        x += step


def _shop(pen: ImageDraw.ImageDraw, street: Random, left: float, right: float) -> None:
    sign = _toned(street.choice(_SIGNS), street.uniform(-20, 20))
    pen.rectangle((left + 6, _FLOOR - 152, right - 6, _FLOOR - 106), fill=sign)
    ink = (246, 240, 220) if sum(sign) < 420 else (60, 30, 30)
    for n in range(int((right - left - 48) // 38)):
        _letter(pen, street, left + 27 + n * 38, _FLOOR - 144, ink)
    if street.random() < 0.25:
        _shutter(pen, left + 11, right - 11)
    else:
        _window(pen, street, left + 11, right - 11)


def _letter(pen: ImageDraw.ImageDraw, street: Random, x: float, y: float, ink: Colour) -> None:
    """Something that looks like a written character from across the street."""
    for dy in (3, 14, 26):
        if street.random() < 0.8:
            pen.line((x, y + dy, x + street.uniform(16, 27), y + dy), fill=ink, width=3)
    for dx in (6, 19):
        if street.random() < 0.7:
            pen.line((x + dx, y, x + dx, y + street.uniform(18, 30)), fill=ink, width=3)


def _shutter(pen: ImageDraw.ImageDraw, left: float, right: float) -> None:
    pen.rectangle((left, _FLOOR - 101, right, _FLOOR), fill=(160, 164, 168))
    for y in range(_FLOOR - 94, _FLOOR, 11):
        pen.line((left, y, right, y), fill=(132, 136, 140), width=2)


def _window(pen: ImageDraw.ImageDraw, street: Random, left: float, right: float) -> None:
    """The shop's window, and its door beside it."""
    lit = _toned((150, 150, 140), street.uniform(-70, 60))
    middle = left + (right - left) * street.uniform(0.4, 0.7)
    pen.rectangle((left, _FLOOR - 101, right, _FLOOR), fill=(58, 60, 66))
    pen.rectangle((left + 8, _FLOOR - 93, middle, _FLOOR - 18), fill=lit)
    pen.rectangle((middle + 11, _FLOOR - 93, right - 6, _FLOOR), fill=_toned(lit, -40))


def _pavement(pen: ImageDraw.ImageDraw, street: Random) -> None:
    """Large slabs that grow towards whoever looks, each of its own shade."""
    stone = _toned(street.choice(((168, 164, 156), (186, 176, 160), (150, 152, 156))), 0)
    rows = [_FLOOR, 485, 525, 581, 658, 760, _CANVAS[1] + 10]
    middle = _CANVAS[0] / 2 + street.uniform(-130, 130)
    for far, near in pairwise(rows):
        for n in range(-9, 9):
            tone = _toned(stone, street.uniform(-30, 30))
            slab = [_vanishing(middle, n, far), _vanishing(middle, n + 1, far),
                    _vanishing(middle, n + 1, near), _vanishing(middle, n, near)]  # fmt: skip
            pen.polygon(slab, fill=tone, outline=_toned(stone, -50))


def _vanishing(middle: float, n: int, y: float) -> tuple[float, float]:
    """Where the nth joint between slabs is at a height: all meet above the walls' foot."""
    return middle + n * (y - 200) * 0.36, y


def _trees(pen: ImageDraw.ImageDraw, street: Random) -> None:
    """Trees along the kerb, now and then."""
    for _ in range(street.randint(0, 3)):
        x, foot, size = street.uniform(0, _CANVAS[0]), _FLOOR + 24, street.uniform(56, 110)
        leaf = _toned(street.choice(((64, 104, 58), (92, 124, 62), (48, 84, 60))), 0)
        top = foot - size * 3
        pen.rectangle((x - 7, top, x + 7, foot), fill=(92, 74, 58))
        for dx, dy, grow in ((-0.6, 0.1, 0.8), (0.6, 0, 0.9), (0, -0.5, 1)):
            reach = size * grow
            middle = x + dx * size, top + dy * size
            pen.ellipse(
                (middle[0] - reach, middle[1] - reach * 0.8,
                 middle[0] + reach, middle[1] + reach * 0.8),
                fill=_toned(leaf, street.uniform(-10, 16)),
            )  # fmt: skip


def _shadows(pen: ImageDraw.ImageDraw, moment: Random) -> None:
    for _ in range(moment.randint(1, 3)):
        x, wide = moment.uniform(-80, _CANVAS[0]), moment.uniform(48, 160)
        slant = moment.uniform(-208, 208)
        grey = moment.randint(96, 128)
        pen.polygon(
            [(x, _FLOOR), (x + wide, _FLOOR), (x + wide * 1.5 + slant, _CANVAS[1]),
             (x + slant, _CANVAS[1])],
            fill=(grey, grey, grey + 6),
        )  # fmt: skip


def _paint(shot: Shot, spot: Spot) -> None:
    if paint := painter_of(shot.problem):
        paint(spot, shot.right)


# -- the camera --------------------------------------------------------------------------------


def _seen(
    canvas: Image.Image, foot: tuple[float, float], moment: Random, *, close: bool
) -> Image.Image:
    """What the camera has of it: all but a margin, or the part around the foot of the thing."""
    if close:
        left, top = foot[0] - WIDTH * 0.32, foot[1] - HEIGHT * 0.44
        box = (left, top, left + WIDTH * 0.64, top + HEIGHT * 0.64)
        return canvas.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR, box=_within(box))
    left, top = moment.randint(0, _PLAY), moment.randint(0, _PLAY)
    return canvas.crop((left, top, left + WIDTH, top + HEIGHT))


def _within(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """The box, moved back onto the canvas."""
    back = [max(0.0, box[n + 2] - _CANVAS[n]) - max(0.0, -box[n]) for n in (0, 1)]
    return box[0] - back[0], box[1] - back[1], box[2] - back[0], box[3] - back[1]


def _lit(picture: Image.Image, moment: Random) -> Image.Image:
    """In the light of the hour, and with the grain of a small sensor."""
    light = moment.uniform(0.8, 1.06)
    left, top = moment.randint(0, _PLAY), moment.randint(0, _PLAY)
    grain = _grain().crop((left, top, left + WIDTH, top + HEIGHT))
    return ImageChops.add(picture, grain, scale=1 / light, offset=-round(128 * light))


@cache
def _grain() -> Image.Image:
    noise = Image.frombytes("L", _CANVAS, Random("grain").randbytes(_CANVAS[0] * _CANVAS[1]))
    levels = [128 - _GRAIN + level * 2 * _GRAIN // 255 for level in range(256)]
    return Image.merge("RGB", [noise.point(levels)] * 3)
