"""Hostile files, made in memory: what somebody might upload instead of a photo.

`REFUSED` must be refused, each with words that say why; `TAKEN` are pictures with something
hidden in or behind them: the picture is taken, and nothing of `hidden` may come out again.
"""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from PIL import Image, ImageDraw, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

SCRIPT = b"<script>alert(document.cookie)</script>"
PAYLOAD = b"HIDDEN-PAYLOAD-7f3a"


@dataclass(frozen=True, slots=True)
class Hostile:
    """One file: what it is, how it is made, under which name it comes, what is expected.

    `says` are words of the refusal; `hidden` are bytes that must not come out again.
    """

    what: str
    make: Callable[[], bytes]
    name: str = "照片.jpg"
    says: str = ""
    hidden: tuple[bytes, ...] = ()


# -- pictures ----------------------------------------------------------------------------------


def scene(seed: int = 1, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A picture with something to see: coloured blocks, always the same for a seed."""
    dice = random.Random(seed)
    picture = Image.new("RGB", size, "gray")
    draw = ImageDraw.Draw(picture)
    for _ in range(60):
        x, y = dice.randrange(size[0]), dice.randrange(size[1])
        w, h = dice.randrange(size[0] // 2) + 8, dice.randrange(size[1] // 2) + 8
        draw.rectangle((x - w, y - h, x + w, y + h), fill=tuple(dice.choices(range(256), k=3)))
    return picture


def textured(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A picture without flat areas, light and dark as in a photo: no two greys side by side are
    equal, so that none falls to either side by chance."""
    dice = random.Random(seed)
    layers = [
        Image.frombytes("L", (13, 10), bytes(dice.choices(range(30, 211), k=130))) for _ in range(3)
    ]
    return Image.merge("RGB", [layer.resize(size, Image.Resampling.BICUBIC) for layer in layers])


def jpeg(picture: Image.Image | None = None, quality: int = 90, **more: object) -> bytes:
    """A picture as JPEG; what is hidden in it is given as Pillow takes it."""
    return _saved("JPEG", picture or scene(), quality=quality, **more)


def png(picture: Image.Image | None = None, **more: object) -> bytes:
    """A picture as PNG."""
    return _saved("PNG", picture or scene(), **more)


def _saved(form: str, picture: Image.Image, **more: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **more)
    return out.getvalue()


def exif(
    taken: object = "2026:09:24 15:00:00",
    offset: object = "+08:00",
    lat: object = (31.0, 12.0, 36.0),
    lon: object = (121.0, 30.0, 0.0),
    sides: tuple[object, object] = ("N", "E"),
    orientation: int = 1,
    **more: object,
) -> Image.Exif:
    """Hidden data as a camera writes it; None leaves a field out."""
    data = Image.Exif()
    data[0x0112] = orientation
    for name, value in more.items():
        data[{"artist": 0x013B, "description": 0x010E, "model": 0x0110}[name]] = value
    shot = {0x9003: taken, 0x9011: offset}
    place = {1: sides[0], 2: lat, 3: sides[1], 4: lon}
    data.get_ifd(0x8769).update({tag: v for tag, v in shot.items() if v is not None})
    data.get_ifd(0x8825).update({tag: v for tag, v in place.items() if v is not None})
    return data


# -- what must be refused ----------------------------------------------------------------------


def _zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def _chunk(kind: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


def _png_of(width: int, height: int, rows: int) -> bytes:
    """A one-bit PNG that claims a size and holds so many rows: 30,000 × 30,000 are 110 KB."""
    pack = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    lines = b"".join(pack.compress(row) for _ in range(rows)) + pack.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", lines), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in parts)


def _text_bomb() -> bytes:
    """A PNG whose comment is 200 MB of zeros in 200 KB."""
    whole = png()
    pack = zlib.compressobj(9)
    swollen = b"".join(pack.compress(bytes(1 << 20)) for _ in range(200)) + pack.flush()
    comment = _chunk(b"zTXt", b"Comment\0\0" + swollen)
    return whole[:33] + comment + whole[33:]  # behind the header


def _resized(width: int, height: int) -> bytes:
    """A small JPEG whose header claims another size."""
    whole = jpeg()
    at = whole.index(b"\xff\xc0") + 5
    return whole[:at] + struct.pack(">HH", height, width) + whole[at + 4 :]


def _many_scans() -> bytes:
    """A progressive JPEG that draws its last scan a thousand times over."""
    whole = jpeg(progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * 1000 + whole[-2:]


def _webp_of(width: int, height: int) -> bytes:
    """A WebP whose header claims a canvas."""
    whole = _saved("WEBP", scene(), exif=exif())
    at = whole.index(b"VP8X") + 12
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return whole[:at] + canvas + whole[at + 6 :]


def _half(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def _broken_crc() -> bytes:
    whole = png()
    at = whole.index(b"IDAT") + 500
    return whole[:at] + bytes(64) + whole[at + 64 :]


_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>"
_HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(4000)
_AVIF = b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + bytes(4000)
_MP4 = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2" + bytes(4000)
_MVG = b"push graphic-context\nfill 'url(https://127.0.0.1/x.jpg\"|ls \"-la)'\npop graphic-context"

REFUSED: tuple[Hostile, ...] = (
    Hostile("an empty file", lambda: b"", says="空的"),
    Hostile("blanks", lambda: b" \r\n" * 20, says="不是可用的照片"),
    Hostile("an SVG with a script", lambda: _SVG, says="SVG"),
    Hostile("an SVG behind an XML head", lambda: b'<?xml version="1.0"?>\n' + _SVG, says="SVG"),
    Hostile("HTML named .jpg", lambda: b"<!DOCTYPE html><html>" + SCRIPT, says="网页"),
    Hostile("HTML in UTF-16", lambda: "\ufeff<html>".encode("utf-16-le") + SCRIPT, says="网页"),
    Hostile("PHP", lambda: b"<?php system($_GET['c']); ?>", "shell.php.jpg", says="脚本"),
    Hostile("a shell script", lambda: b"#!/bin/sh\nid\n", says="脚本"),
    Hostile("a PDF", lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(2000), says="PDF"),
    Hostile("PostScript", lambda: b"%!PS-Adobe-3.0\n(x) run\n" * 10, says="PostScript"),
    Hostile("a drawing for ImageMagick", lambda: _MVG, says="不是可用的照片"),
    Hostile(
        "a docx that swells",
        lambda: _zipped("word/document.xml", bytes(50_000_000)), "通知.docx", says="Office",
    ),
    Hostile("a zip named .jpg", lambda: _zipped("a.txt", b"x"), says="压缩包"),
    Hostile("a program for Windows", lambda: b"MZ\x90\0" + bytes(3000), "照片.jpg.exe", "程序"),
    Hostile("a program for Linux", lambda: b"\x7fELF\x02\x01" + bytes(3000), says="程序"),
    Hostile("a GIF", lambda: _saved("GIF", scene()), "动图.gif", "GIF"),
    Hostile("a BMP", lambda: _saved("BMP", scene()), says="BMP"),
    Hostile("a TIFF", lambda: _saved("TIFF", scene()), says="TIFF"),
    Hostile("an iPhone's HEIC", lambda: _HEIC, "IMG_0001.HEIC", "兼容性最佳"),
    Hostile("an AVIF", lambda: _AVIF, "a.avif", "AVIF"),
    Hostile("a video", lambda: _MP4, "a.mp4", "视频"),
    Hostile("30,000 × 30,000 pixels, whole", lambda: _png_of(30_000, 30_000, 30_000), says="像素"),
    Hostile("30,000 × 30,000 pixels, empty", lambda: _png_of(30_000, 30_000, 0), says="像素"),
    Hostile("twice the pixels allowed", lambda: _png_of(10_200, 10_000, 0), says="像素"),
    Hostile("a little too many pixels", lambda: _png_of(10_000, 5_101, 0), says="像素"),
    Hostile("a JPEG that claims 65,500 × 65,500", lambda: _resized(65_500, 65_500), says="像素"),
    Hostile("a WebP that claims 16,384 × 16,384", lambda: _webp_of(16_384, 16_384), says="像素"),
    Hostile("a comment of 200 MB in 200 KB", _text_bomb, says="损坏"),
    Hostile("a JPEG of a thousand scans", _many_scans, says="损坏"),
    Hostile("a JPEG cut off", lambda: _half(jpeg()), says="损坏"),
    Hostile("a PNG cut off", lambda: _half(png()), says="损坏"),
    Hostile("a WebP cut off", lambda: _half(_saved("WEBP", scene())), says="损坏"),
    Hostile("a PNG without its picture", lambda: png()[:33], says="损坏"),
    Hostile("a PNG with bytes changed", _broken_crc, says="损坏"),
    Hostile("a PNG of no size", lambda: _png_of(0, 0, 0), says="损坏"),
    Hostile("three bytes of a JPEG", lambda: b"\xff\xd8\xff", says="损坏"),
    Hostile(
        "a JPEG's head on rubbish",
        lambda: b"\xff\xd8\xff\xe0" + random.Random(7).randbytes(5000), says="损坏",
    ),
    Hostile("a WebP's head on rubbish", lambda: b"RIFF\x10\0\0\0WEBPVP8 " + bytes(90), says="损坏"),
    Hostile("one pixel", lambda: png(Image.new("RGB", (1, 1))), says="32 像素"),
    Hostile("a stripe", lambda: png(Image.new("RGB", (5000, 31))), says="32 像素"),
    Hostile("more than 15 MB", lambda: jpeg() + bytes(15_000_000), says="15 MB"),
)  # fmt: skip


# -- what is harmless once it is drawn anew ----------------------------------------------------


def _noted_png() -> bytes:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", SCRIPT.decode())
    notes.add_text("Author", PAYLOAD.decode(), zip=True)
    notes.add_itxt("XML:com.adobe.xmp", f"<x:xmpmeta>{PAYLOAD.decode()}</x:xmpmeta>")
    return png(pnginfo=notes, icc_profile=PAYLOAD * 20, exif=exif(artist=PAYLOAD.decode()))


def _moving(form: str) -> bytes:
    frames = [scene(2), scene(3)]
    return _saved(form, scene(1), save_all=True, append_images=frames, duration=50, loop=0)


def _hidden_exif(content: bytes) -> bytes:
    """A JPEG with these bytes where its EXIF data should be."""
    block = b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content
    whole = jpeg()
    return whole[:2] + block + whole[2:]


def _looped_exif() -> bytes:
    """EXIF data whose directory of the camera is the directory it stands in."""
    entry = struct.pack("<HHII", 0x8769, 4, 1, 8)
    tiff = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 1) + entry + struct.pack("<I", 8)
    return _hidden_exif(b"Exif\0\0" + tiff)


def _see_through() -> bytes:
    picture = scene().convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    return png(picture)


def _greys() -> Image.Image:
    return scene().convert("L").convert("I").point(lambda grey: grey * 257).convert("I;16")


def _nowhere(*parts: object) -> bytes:
    zero = IFDRational(1, 0)
    place = tuple(parts) or (zero, zero, zero)
    return jpeg(exif=exif(lat=place, lon=place))


_NAMED = exif(artist=SCRIPT.decode(), description=PAYLOAD.decode(), model="<img src=x onerror=1>")

TAKEN: tuple[Hostile, ...] = (
    Hostile(
        "scripts in the EXIF data",
        lambda: jpeg(exif=_NAMED), hidden=(SCRIPT, PAYLOAD, b"onerror", b"Exif"),
    ),
    Hostile("60 KB of EXIF data", lambda: _hidden_exif(b"Exif\0\0" + PAYLOAD * 3000),
            hidden=(PAYLOAD,)),
    Hostile("broken EXIF data", lambda: _hidden_exif(b"Exif\0\0II*\0\xff\xff\xff\xff" + PAYLOAD),
            hidden=(PAYLOAD,)),
    Hostile("EXIF data in a circle", _looped_exif),
    Hostile("a position divided by zero", _nowhere),
    Hostile("a position that is no number",
            lambda: _nowhere(IFDRational(0, 0), IFDRational(0, 0), IFDRational(0, 0))),
    Hostile("a position off the globe", lambda: _nowhere(Fraction(4000), Fraction(0), Fraction(0))),
    Hostile("a time full of script", lambda: jpeg(exif=exif(taken=SCRIPT.decode())),
            hidden=(SCRIPT,)),
    Hostile("a comment with a script", lambda: jpeg(comment=SCRIPT), hidden=(SCRIPT,)),
    Hostile("XMP and a colour profile",
            lambda: jpeg(xmp=PAYLOAD, icc_profile=PAYLOAD * 9), hidden=(PAYLOAD, b"ICC_PROFILE")),
    Hostile("notes in a PNG", _noted_png, "a.png", hidden=(SCRIPT, PAYLOAD)),
    Hostile("a zip behind a JPEG", lambda: jpeg() + _zipped("Evil.class", PAYLOAD),
            hidden=(PAYLOAD, b"PK\x03\x04", b"Evil")),
    Hostile("a web page behind a PNG", lambda: png() + b"<html>" + SCRIPT, "a.html",
            hidden=(SCRIPT, b"<html>")),
    Hostile("PHP behind a JPEG", lambda: jpeg() + b"<?php system('id'); ?>", "a.php",
            hidden=(b"<?php",)),
    Hostile("a moving WebP", lambda: _moving("WEBP"), "a.webp"),
    Hostile("a moving PNG", lambda: _moving("PNG"), "a.png"),
    Hostile("two pictures in one JPEG", lambda: _saved(
        "MPO", scene(1), save_all=True, append_images=[scene(2)])),
    Hostile("a see-through PNG", _see_through, "a.png"),
    Hostile("a PNG with a palette", lambda: png(scene().convert("P")), "a.png"),
    Hostile("a PNG of 65,536 greys", lambda: png(_greys()), "a.png"),
    Hostile("a JPEG for the press", lambda: jpeg(scene().convert("CMYK"))),
    Hostile("a JPEG named .svg", jpeg, "a.svg"),
)  # fmt: skip
