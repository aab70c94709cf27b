"""照片: is it safe, what does it say of itself, and a clean copy without hidden data.

Nothing of the file as it came is kept but its digest and three facts (when, where, how large):
the picture is drawn anew, so whatever was hidden in or behind it stays outside.
"""

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from hashlib import sha256
from itertools import pairwise
from threading import BoundedSemaphore
from zoneinfo import ZoneInfo

from PIL import Image

from documents import exif, kinds
from models.words import Trouble
from rules.evidence import Variant

MAX_BYTES = 15_000_000
MAX_PIXELS = 51_000_000
"""The 50 megapixels of a phone are 8192 × 6144, which is 50.3 million."""
MOST_SCANS = 500
"""A progressive JPEG has about ten; a film hidden behind one looks like up to 300."""
SHORTEST_SIDE = 32
LONGEST_SIDE = 2048
THUMB_SIDE = 320
QUALITY = 82
LONGEST_NAME = 120
CITY_ZONE = ZoneInfo("Asia/Shanghai")

# For the whole process: nothing here has a reason to open more.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)

_AT_WORK = BoundedSemaphore(2)
"""A picture at the limit takes 200 MB while it is decoded: two at a time, the others wait."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept: JPEG, upright, at most 2048 pixels a side, nothing hidden in it.

    `source` is the SHA-256 of the file as it came, `digest` that of `jpeg`. `taken_at`, `lat` and
    `lon` (degrees) are what the camera wrote, empty where it wrote nothing or nonsense. `prints`
    are 64-bit difference hashes as 16 hexadecimal digits.
    """

    name: str
    jpeg: bytes = field(repr=False)
    thumb: bytes = field(repr=False)
    width: int
    height: int
    source: str
    digest: str
    taken_at: datetime | None
    lat: float | None
    lon: float | None
    prints: Mapping[Variant, str]


def check(data: bytes, name: str, zone: tzinfo = CITY_ZONE) -> Picture:
    """The picture in a file, drawn anew. `zone` is the city's, for cameras that name none.

    The type is judged by content, never by name; of an animation the first frame is taken.
    Raises Trouble, which says what was wrong and what to do.
    """
    _refuse_size(data)
    kinds.refuse(data)
    with _AT_WORK:
        drawn, facts = _decoded(data, zone)
        upright = _upright(drawn, facts.orientation)
        jpeg = _jpeg(upright)
        return Picture(
            name=clean_name(name),
            jpeg=jpeg,
            thumb=_jpeg(_within(upright, THUMB_SIDE)),
            width=upright.width,
            height=upright.height,
            source=sha256(data).hexdigest(),
            digest=sha256(jpeg).hexdigest(),
            taken_at=facts.taken_at,
            lat=facts.lat,
            lon=facts.lon,
            prints=_prints(upright),
        )


def clean_name(name: str) -> str:
    """A file name as it may be shown: without folders, controls and marks that turn the text."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in last if c.isprintable()).strip(" .")
    return shown[:LONGEST_NAME] or "photo.jpg"


# -- opening -----------------------------------------------------------------------------------


def _refuse_size(data: bytes) -> None:
    if not data:
        raise Trouble(
            "照片是空的（0 字节），可能没有传完。请重新选择照片上传。",
            "The file is empty (0 bytes); perhaps it was cut off. Choose the picture again.",
        )
    if len(data) > MAX_BYTES:
        raise Trouble(
            "照片超过 15 MB，不能上传。请在手机相机设置里调低分辨率，或截取后再传。",
            "The picture has more than 15 MB, which is the limit. Lower the camera's resolution or "
            "crop it.",
        )


def _decoded(data: bytes, zone: tzinfo) -> tuple[Image.Image, exif.Facts]:
    """The first frame in RGB, no larger than it is kept, and the facts written beside it."""
    try:
        with _open(data) as opened:
            _refuse_dimensions(opened.width, opened.height)
            _refuse_scans(data)
            opened.verify()  # checksums, which decoding passes over
        with _open(data) as opened:
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            opened.load()
            return _flat(opened), exif.read(opened, zone)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except Trouble:
        raise
    except Exception:  # a decoder fed with hostile bytes raises whatever it likes
        raise _damaged() from None


def _open(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=kinds.TAKEN)


def _refuse_dimensions(width: int, height: int) -> None:
    """By what the header says, before anything is decoded."""
    if width * height > MAX_PIXELS:
        raise _too_many_pixels()
    if min(width, height) < SHORTEST_SIDE:
        raise Trouble(
            f"照片只有 {width} × {height} 像素，看不清内容；每边至少 {SHORTEST_SIDE} 像素。"
            "请上传原图。",
            f"The picture has only {width} × {height} pixels and shows nothing; at least "
            f"{SHORTEST_SIDE} a side. Upload the original.",
        )


def _refuse_scans(data: bytes) -> None:
    """A JPEG may ask to be drawn over and over: each scan of a few bytes takes 10 ms."""
    if data.startswith(b"\xff\xd8") and data.count(b"\xff\xda") > MOST_SCANS:
        raise _damaged()


def _too_many_pixels() -> Trouble:
    return Trouble(
        "照片的像素太多：不得超过 5000 万像素（8192 × 6144）。"
        "请在手机相机设置里调低分辨率，或截取后再传。",
        "The picture has too many pixels: at most 50 megapixels (8192 × 6144). Lower the camera's "
        "resolution or crop it.",
    )


def _damaged() -> Trouble:
    return Trouble(
        "照片已损坏或没有传完，无法打开。请在手机相册里确认能看，再重新上传。",
        "The picture is damaged or was cut off and cannot be opened. Check that it opens in the "
        "gallery, then upload it again.",
    )


# -- drawing anew ------------------------------------------------------------------------------

_WHOLE = ("RGB", "RGBA", "L")
"""The modes that shrink well as they are; the others have a palette or unusual numbers."""


def _flat(opened: Image.Image) -> Image.Image:
    """A new RGB picture, no larger than it is kept, where it was transparent white."""
    if opened.mode == "I;16":  # 65,536 greys, which Pillow would cut off at 255
        opened = opened.point(lambda level: level / 256, "L")
    if opened.mode not in _WHOLE:
        opened = opened.convert("RGBA" if opened.has_transparency_data else "RGB")
    small = _within(opened, LONGEST_SIDE)
    # A new picture holds nothing but its pixels.
    drawn = Image.new("RGB", small.size, "white")
    drawn.paste(small, mask=small.getchannel("A") if small.mode == "RGBA" else None)
    return drawn


def _within(picture: Image.Image, side: int) -> Image.Image:
    """The picture shrunk until its longest side fits."""
    scale = side / max(picture.size)
    if scale >= 1:
        return picture
    width, height = (max(1, round(length * scale)) for length in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How a picture is turned that lies as the EXIF orientation says (EXIF 2.32, tag 0x0112)."""


def _upright(picture: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


# -- prints ------------------------------------------------------------------------------------


def _prints(picture: Image.Image) -> dict[Variant, str]:
    # Grey once, and shrunk once for each: at full size this would cost more than all the rest.
    grey = picture.convert("L")
    width, height = grey.size
    whole = (0.0, 0.0, float(width), float(height))
    middle = (width * 0.05, height * 0.05, width * 0.95, height * 0.95)
    plain = _shrunk(grey, whole)
    return {
        Variant.PLAIN: _bits(plain),
        Variant.MIRRORED: _bits(plain.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
        Variant.CROPPED: _bits(_shrunk(grey, middle)),
    }


def dhash(picture: Image.Image) -> str:
    """The difference hash: shrunk to 9 × 8 greys, one bit for each that is darker than its right.

    After N. Krawetz, "Kind of Like That", The Hacker Factor Blog, 2013.
    """
    grey = picture.convert("L")
    return _bits(_shrunk(grey, (0.0, 0.0, float(grey.width), float(grey.height))))


def _shrunk(grey: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    return grey.resize((9, 8), Image.Resampling.LANCZOS, box=box)


def _bits(shrunk: Image.Image) -> str:
    grey = shrunk.tobytes()
    rows = (grey[start : start + 9] for start in range(0, 72, 9))
    bits = [left < right for row in rows for left, right in pairwise(row)]
    return f"{sum(bit << place for place, bit in enumerate(reversed(bits))):016x}"
