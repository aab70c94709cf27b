"""Every channel's message as its app would show it: `python -m tests.message_shots [NAME …]`.

Mail is taken by a real mail server and shown as it came; for the others the very document that
the plugin posted to a stand-in of the service is shown in a mock-up of the chat window, by that
service's own reading of Markdown. The pictures lie in `build/messages/`, to be looked at.
"""

import email
import email.policy
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from playwright.sync_api import Browser, sync_playwright

from models.delivery import DeliveryOutcome
from models.notice import NoticeKind
from notices.channels import send
from notices.digest import compose_digest
from notices.facts import Facts
from notices.message import Message
from notices.samples import CASE, DIGESTS, sample
from notices.texts import compose
from tests.notices.contract import dingtalk, feishu, serverchan, sms_aliyun, wecom, wecom_app
from tests.notices.contract.door import door
from tests.notices.contract.suite import Subject
from tests.notices.notice_servers import Post, mail_server

OUT = Path("build/messages")
PHONE, PC = 360, 760
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--no-first-run", "--disable-quic",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: a page and how wide the window is."""

    name: str
    html: str
    width: int = PHONE


# -- what is sent ------------------------------------------------------------------------------


def _own(facts: Facts) -> Facts:
    return facts


def _for_a_group(facts: Facts) -> Facts:
    """What others read along carries nobody's own links."""
    return replace(facts, link="", answers=())


def _messages(seen: Callable[[Facts], Facts], lang: str = "zh") -> Iterator[tuple[str, Message]]:
    yield "reminder", compose(seen(CASE), lang)
    yield "dispatched", compose(seen(sample(NoticeKind.DISPATCHED)), lang)
    for name, (told, overdue) in DIGESTS.items():
        yield name, compose_digest([seen(facts) for facts in told], lang, overdue=overdue)
    yield "summary", compose(seen(sample(NoticeKind.SUMMARY)), lang)


# -- mail --------------------------------------------------------------------------------------


def _mails() -> Iterator[Shot]:
    for lang in ("zh", "en"):
        for name, message in _messages(_own, lang):
            html = _mailed(message)
            yield Shot(f"mail-{name}-{lang}-phone", html)
            yield Shot(f"mail-{name}-{lang}-pc", html, PC)


def _mailed(message: Message) -> str:
    """The mail as a real server took it: its headers as a mail program shows them, its HTML."""
    post = Post()
    with mail_server(post) as address:
        _sent(address, message)
    [envelope] = post.taken
    content = envelope.content or b""
    data = content if isinstance(content, bytes) else content.encode()
    mail = email.message_from_bytes(data, policy=email.policy.default)
    body = mail.get_body(preferencelist=("html",))
    assert body is not None
    head = f"<b>{escape(str(mail['Subject']))}</b><br>{escape(str(mail['From']))}"
    frame = f'<div style="padding:8px 12px;background:#fff;font:14px sans-serif">{head}</div>'
    hidden = '<div style="display:none'
    return str(body.get_content()).replace(hidden, frame + hidden, 1)


# -- chats -------------------------------------------------------------------------------------

_COMMON = MarkdownIt("commonmark")
_BREAKS = MarkdownIt("commonmark", {"breaks": True})


def _dingtalk(document: Any) -> str:
    said = document["markdown"]
    return _bubble("督办 · 群机器人", "#3296fa", _COMMON.render(said["text"]))


def _wecom(document: Any) -> str:
    return _bubble("督办 · 群机器人", "#2a8fe6", _by_line(document["markdown"]["content"]))


def _wecom_app(document: Any) -> str:
    said = document[document["msgtype"]]["content"]
    rich = document["msgtype"] == "markdown"
    text = _by_line(said) if rich else escape(said).replace("\n", "<br>")
    return _bubble("督办（应用）", "#2a8fe6", text)


def _by_line(text: str) -> str:
    """WeCom knows headings, bold, links and quotations; all else stands as it is written."""
    lines = []
    for line in text.split("\n"):
        said = escape(line)
        said = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", said)
        said = re.sub(r"\[([^\]]+)\]\(([^)]+)\)", r'<a href="\2">\1</a>', said)
        quoted = said.startswith("&gt; ")
        said = (
            f"<blockquote>{said[5:]}</blockquote>" if quoted else f"<div>{said or '&nbsp;'}</div>"
        )
        lines.append(said)
    return "".join(lines)


def _feishu(document: Any) -> str:
    card = document["card"]
    title = card["header"]["title"]["content"]
    body = "".join(_BREAKS.render(e["content"]) for e in card["elements"] if "content" in e)
    head = f'<div class="card-head">{escape(title)}</div>'
    return _bubble(
        "督办 · 群机器人", "#3370ff", f'{head}<div class="card-body">{body}</div>', "card"
    )


def _serverchan(fields: Any) -> str:
    body = _COMMON.render(fields["desp"])
    head = f"<h1>{escape(fields['title'])}</h1>"
    return _page(f'<div class="article">{head}{body}</div>', "#f7f7f7")


def _sms(query: Any) -> str:
    text = "".join(json.loads(query["TemplateParam"]).values())
    said = f"【{escape(query['SignName'])}】{escape(text)}"
    return _page(f'<p class="from">1069 0000 0000</p><div class="sms">{said}</div>', "#ffffff")


_STYLE = """
body{margin:0;font:16px/24px 'PingFang SC','Microsoft YaHei','WenQuanYi Zen Hei',sans-serif;
color:#171a1d}.row{display:flex;gap:8px;padding:14px 10px}.face{flex:0 0 38px;height:38px;
border-radius:8px;color:#fff;text-align:center;line-height:38px}.who{font-size:12px;color:#747677;
margin:0 0 3px}.bubble{background:#fff;border-radius:8px;padding:10px 12px;max-width:100%;
overflow-wrap:anywhere}.bubble p{margin:0 0 8px}.bubble ul,.bubble ol{margin:0 0 8px;
padding-left:22px}a{color:#2f6fd0;text-decoration:none}blockquote{margin:4px 0;padding-left:8px;
border-left:3px solid #d5d7da;color:#747677}.card{padding:0;overflow:hidden}.card-head{
background:#e9efff;padding:10px 12px;font-weight:bold}.card-body{padding:10px 12px}.article{
background:#fff;padding:16px;overflow-wrap:anywhere}.article h1{font-size:20px;line-height:28px;
margin:0 0 12px}.from{text-align:center;color:#8a8d91;font-size:13px}.sms{background:#e9e9eb;
border-radius:18px;margin:0 60px 20px 12px;padding:9px 14px;overflow-wrap:anywhere}
"""


def _bubble(who: str, colour: str, html: str, kind: str = "") -> str:
    face = f'<div class="face" style="background:{colour}">督</div>'
    said = f'<div class="bubble {kind}">{html}</div>'
    name = f'<p class="who">{who}</p>'
    return _page(f'<div class="row">{face}<div style="min-width:0">{name}{said}</div></div>')


def _page(html: str, colour: str = "#eef0f3") -> str:
    head = f'<meta charset="utf-8"><style>{_STYLE}</style>'
    return f'<!doctype html><html>{head}<body style="background:{colour}">{html}</body></html>'


_CHATS: tuple[tuple[str, Subject, Callable[[Facts], Facts], Callable[[Any], str]], ...] = (
    ("dingtalk", dingtalk.SUBJECT, _for_a_group, _dingtalk),
    ("wecom", wecom.SUBJECT, _for_a_group, _wecom),
    ("wecomapp", wecom_app.SUBJECT, _own, _wecom_app),
    ("feishu", feishu.SUBJECT, _for_a_group, _feishu),
    ("serverchan", serverchan.SUBJECT, _own, _serverchan),
    ("sms", sms_aliyun.SUBJECT, _own, _sms),
)


def _chats() -> Iterator[Shot]:
    for channel, subject, seen, shown in _CHATS:
        for name, message in _messages(seen):
            service = subject.stand_in()
            with door(service) as base:
                _sent(subject.address(base), message)
            yield Shot(f"{channel}-{name}", shown(service.taken[-1]))


def _sent(address: str, message: Message) -> None:
    assert not message.trouble, message.trouble
    answer = send(address, message)
    assert answer.outcome is DeliveryOutcome.SENT, answer


# -- pictures ----------------------------------------------------------------------------------


def shots(names: list[str]) -> list[Shot]:
    """All of them, or those whose names begin with one of these."""
    every = [*_mails(), *_chats()]
    return [shot for shot in every if not names or shot.name.startswith(tuple(names))]


def take(browser: Browser, shot: Shot) -> bool:
    """Take the picture; whether the page is no wider than its window."""
    page = browser.new_page(viewport={"width": shot.width, "height": 640}, device_scale_factor=2)
    page.set_content(shot.html)
    wide = int(page.evaluate("document.documentElement.scrollWidth"))
    page.screenshot(path=OUT / f"{shot.name}.png", full_page=True)
    page.close()
    return wide <= shot.width


def main(names: list[str]) -> int:
    """Take every picture; 1 if a page is wider than the phone it is read on."""
    OUT.mkdir(parents=True, exist_ok=True)
    made = shots(names)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        wide = [shot.name for shot in made if not take(browser, shot)]
        browser.close()
    print(f"{len(made)} pictures in {OUT}/")
    for name in wide:
        print(f"wider than its window: {name}")
    return 1 if wide else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
