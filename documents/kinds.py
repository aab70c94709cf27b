"""What a file is, by its first bytes: the pictures that are taken, and names for what is not."""

from collections.abc import Iterator

from models.words import Trouble, Words

TAKEN = ("JPEG", "PNG", "WEBP")
"""As Pillow calls them; it is asked for no others, and so runs none of its other decoders."""

_SIGNS: tuple[tuple[bytes, int, Words], ...] = (
    (b"GIF8", 0, Words("GIF 动图", "a GIF")),
    (b"BM", 0, Words("BMP 位图", "a BMP")),
    (b"II*\0", 0, Words("TIFF 或相机原始文件", "a TIFF or raw file")),
    (b"MM\0*", 0, Words("TIFF 或相机原始文件", "a TIFF or raw file")),
    (b"8BPS", 0, Words("Photoshop 文件", "a Photoshop file")),
    (b"%PDF", 0, Words("PDF 文件", "a PDF")),
    (b"%!PS", 0, Words("PostScript 文件", "PostScript")),
    (b"PK\x03\x04", 0, Words("压缩包或 Office 文档", "an archive or an Office document")),
    (b"Rar!", 0, Words("压缩包", "an archive")),
    (b"7z\xbc\xaf", 0, Words("压缩包", "an archive")),
    (b"\x1f\x8b", 0, Words("压缩包", "an archive")),
    (b"\xd0\xcf\x11\xe0", 0, Words("旧版 Office 文档", "an old Office document")),
    (b"MZ", 0, Words("程序文件", "a program")),
    (b"\x7fELF", 0, Words("程序文件", "a program")),
    (b"#!", 0, Words("脚本文件", "a script")),
    (b"ftypavi", 4, Words("AVIF 图片", "an AVIF picture")),
    (b"ftyp", 4, Words("视频", "a video")),
    (b"\x1aE\xdf\xa3", 0, Words("视频", "a video")),
)
"""The bytes by which it is known, where they stand, and what it is called."""

_MARKUP: tuple[tuple[bytes, Words], ...] = (
    (b"<!doctype html", Words("网页", "a web page")),
    (b"<svg", Words("SVG 矢量图（可含脚本）", "an SVG (which may hold scripts)")),
    (b"<html", Words("网页", "a web page")),
    (b"<script", Words("网页脚本", "a script")),
    (b"<?php", Words("脚本文件", "a script")),
    (b"<?xml", Words("XML 文件", "an XML file")),
)
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


def refuse(data: bytes) -> None:
    """Raises Trouble unless the content is a JPEG, a PNG or a WebP, saying what it is instead."""
    if _is_taken(data):
        return
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC:
        raise Trouble(
            "这是 iPhone 的 HEIC 照片，系统读不了。请在“设置 › 相机 › 格式”选“兼容性最佳”后重拍，"
            "或在网页里直接拍照、选图，由网页转换。",
            "This is an iPhone's HEIC picture, which cannot be read here. Choose Settings › Camera "
            "› Formats › Most Compatible and take it again, or let the page convert it: take or "
            "choose the picture within the page.",
        )
    found = next(_named(data), None)
    zh, en = (f"是{found.zh}，", f" is {found.en},") if found else ("", " is")
    raise Trouble(
        f"这个文件{zh}不是可用的照片（按内容判断，与文件名无关）。"
        "只收 JPEG、PNG、WebP 格式的照片，请重新选择。",
        f"This file{en} not a picture that can be taken (judged by its content, whatever its "
        "name). Only JPEG, PNG and WebP are; choose another.",
    )


def _is_taken(data: bytes) -> bool:
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return webp or data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))


def _named(data: bytes) -> Iterator[Words]:
    """Every name that fits, the likeliest first."""
    head = data[:1024].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if head.startswith(b"<"):
        yield from (words for sign, words in _MARKUP if sign in head)
    yield from (words for sign, at, words in _SIGNS if data[at : at + len(sign)] == sign)
