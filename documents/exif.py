"""EXIF: the three facts a camera writes that are worth keeping: when, where, which way up.

What it writes is anybody's to forge and often broken: what cannot be read is simply not known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from math import isfinite
from typing import Any

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base


@dataclass(frozen=True, slots=True)
class Facts:
    """When (aware), where (degrees of WGS 84, both or none), and the orientation from 1 to 8."""

    taken_at: datetime | None = None
    lat: float | None = None
    lon: float | None = None
    orientation: int = 1


def read(picture: Image.Image, zone: tzinfo) -> Facts:
    """What can be read of an opened picture; `zone` is where the camera was if it does not say."""
    try:
        hidden = picture.getexif()
    except Exception:  # a torn block raises whatever it likes
        return Facts()
    lat, lon = _place(_part(hidden, IFD.GPSInfo))
    taken_at = _time(_part(hidden, IFD.Exif), zone)
    return Facts(taken_at, lat, lon, _orientation(hidden))


def _part(hidden: Image.Exif, name: IFD) -> Mapping[int, Any]:
    try:
        return hidden.get_ifd(name)
    except Exception:  # as above
        return {}


def _orientation(hidden: Image.Exif) -> int:
    try:
        value = hidden.get(Base.Orientation)
    except Exception:  # as above
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


# -- when --------------------------------------------------------------------------------------


def _time(part: Mapping[int, Any], zone: tzinfo) -> datetime | None:
    """DateTimeOriginal "2026:09:24 15:00:00" with OffsetTimeOriginal "+08:00", or in `zone`."""
    try:
        shown = _text(part[Base.DateTimeOriginal])
        taken_at = datetime.strptime(shown, "%Y:%m:%d %H:%M:%S").replace(tzinfo=zone)
    except (KeyError, TypeError, ValueError):
        return None
    if not 1990 <= taken_at.year <= 2200:  # 0001 and 1970: a clock that was never set
        return None
    return taken_at.replace(tzinfo=_offset(part.get(Base.OffsetTimeOriginal)) or zone)


def _offset(value: object) -> tzinfo | None:
    try:
        offset = datetime.strptime(_text(value), "%z").utcoffset()
    except (TypeError, ValueError):
        return None
    return timezone(offset) if offset is not None and abs(offset) <= timedelta(hours=14) else None


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    if not isinstance(value, str) or len(value) > 64:
        raise TypeError
    return value.strip("\0 ")


# -- where -------------------------------------------------------------------------------------


def _place(part: Mapping[int, Any]) -> tuple[float, float] | tuple[None, None]:
    lat = _degrees(part.get(GPS.GPSLatitude), part.get(GPS.GPSLatitudeRef), "NS", 90)
    lon = _degrees(part.get(GPS.GPSLongitude), part.get(GPS.GPSLongitudeRef), "EW", 180)
    if lat is None or lon is None or (lat == 0 and lon == 0):
        return None, None  # 0, 0 is how phones write that they do not know
    return lat, lon


def _degrees(parts: object, side: object, sides: str, most: float) -> float | None:
    """Degrees, minutes, seconds and a side ("N", "W") as signed degrees."""
    try:
        degrees, minutes, seconds = _numbers(parts)
        sign = 1 - 2 * sides.index(_text(side).upper() or "?")
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    value = degrees + minutes / 60 + seconds / 3600
    plausible = degrees >= 0 and 0 <= minutes <= 60 and 0 <= seconds <= 60 and value <= most
    return round(sign * value, 7) if plausible and isfinite(value) else None


def _numbers(parts: object) -> Sequence[float]:
    if not isinstance(parts, tuple) or not 1 <= len(parts) <= 3:
        raise TypeError
    return [*(float(part) for part in parts), 0.0, 0.0][:3]
