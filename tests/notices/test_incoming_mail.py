"""Mail that comes in: what was written is read, what machines write is known, nothing breaks it."""

from email.message import EmailMessage

import pytest

from models.incoming import IncomingKind as Kind
from notices.incoming import Came, judge, read
from notices.incoming.body import above, decoded, plain
from notices.incoming.reading import MOST_BYTES
from notices.incoming.reports import Fate

OURS = "m.n-1.0123456789abcdef@city.example"


def mail(text: str = "已整改", **headers: str) -> bytes:
    """A reply of Bob's."""
    made = EmailMessage()
    given = {
        "From": "Bob <Bob@City.example>", "To": "duban@city.example", "Subject": "Re: 【催办】",
        "Message-ID": "<1@phone.example>", "In-Reply-To": f"<{OURS}>",
    } | {name.replace("_", "-"): value for name, value in headers.items()}  # fmt: skip
    for name, value in given.items():
        made[name] = value
    made.set_content(text)
    return made.as_bytes()


def kind(data: bytes, domain: str = "") -> Kind | None:
    verdict = judge(read(data), domain)
    return verdict.kind if verdict else None


# -- what was written ----------------------------------------------------------------------------


def test_a_reply_is_read_with_its_sender_its_text_and_the_notice_it_answers() -> None:
    came = read(mail("井盖已更换。\n\n在 2026年9月29日 09:00，督办 写道：\n> 请整改\n"))
    assert came.sender == "bob@city.example"
    assert came.subject == "Re: 【催办】"
    assert came.text == "井盖已更换。"
    assert came.named == (OURS,)
    assert judge(came) is None


@pytest.mark.parametrize(
    "quotation",
    [
        "在 2026-09-29 09:00:00，“督办” <duban@city.example> 写道：\n请整改",
        "督办 <duban@city.example> 于2026年9月29日周二 09:00写道：\n\n请整改",
        "在 2026年9月29日，09:00，督办\n<duban@city.example> 写道：\n请整改",
        "------------------ 原始邮件 ------------------\n发件人: 督办\n请整改",
        "-----原始邮件-----\n发件人:督办 <duban@city.example>\n请整改",
        "---------- 回复的原邮件 ----------\n请整改",
        "发件人：督办 <duban@city.example>\n发送时间：2026年9月29日\n收件人：Bob\n主题：请整改",
        "________________________________\n发件人: 督办\n请整改",
        "On Tue, 29 Sep 2026 at 09:00, Duban <duban@city.example> wrote:\n> put it right",
        "On Tue, 29 Sep 2026 at 09:00, Duban\n<duban@city.example> wrote:\n\n> put it right",
        "-----Original Message-----\nFrom: Duban\nput it right",
        "From: Duban <duban@city.example>\nSent: Tuesday\nTo: Bob\nSubject: x",
        "> 请整改\n> 地点",
        "-- \nBob\n城管局",
    ],
)
def test_the_text_ends_where_the_quotation_begins(quotation: str) -> None:
    assert above(f"已整改，请核查。\n第二行\n\n{quotation}") == "已整改，请核查。\n第二行"


@pytest.mark.parametrize(
    "text",
    [
        "群众来信写道：\n路灯不亮",
        "发件人：不清楚\n请再核对",
        "from: the beginning it was wrong",
        "在现场看过，已写道：好",
    ],
)
def test_what_only_looks_like_a_quotation_is_kept(text: str) -> None:
    assert above(text) == text


def test_an_answer_below_the_quotation_is_found_too() -> None:
    said = "在 2026-09-29，督办 <d@c.example> 写道：\n> 请整改\n> 地点\n\n已整改\n发自我的iPhone"
    assert above(said) == "已整改"


def test_html_is_read_as_text_without_what_it_quotes() -> None:
    html = (
        "<html><head><style>p{color:red}</style></head><body><p>已<b>整改</b></p>"
        "<script>alert(1)</script><blockquote><p>请整改</p></blockquote></body></html>"
    )
    assert above(plain(html)) == "已整改"


@pytest.mark.parametrize("charset", ["gb2312", "gbk", "us-ascii", "no-such-charset", ""])
def test_a_charset_that_lies_does_not_lose_the_text(charset: str) -> None:
    assert decoded("已整改，䶮".encode("gb18030"), charset) == "已整改，䶮"


def test_the_secret_of_a_link_that_is_quoted_is_not_kept() -> None:
    link = "https://duban.example/l/Zx8_abcdefghijklmnopqrst-uvw"
    wrapped = link.replace(":", "%3A").replace("/", "%2F")
    came = read(mail(f"请看 {link}\n和 https://safe.example/?url={wrapped}&d=1"))
    assert "abcdefgh" not in came.text
    assert "duban.example/l/…" in came.text


def test_invisible_characters_do_not_reach_the_record() -> None:
    came = read(mail("已\u202e整\x07改\u200b", Subject="a\u202eb"))
    assert came.text == "已整改"
    assert came.subject == "ab"


def test_pictures_and_files_are_told_from_the_text_and_letterheads_are_left_out() -> None:
    made = EmailMessage()
    made["From"], made["Message-ID"] = "bob@city.example", "<1@x>"
    made.set_content("见照片")
    made.add_attachment(b"\xff\xd8" * 99, maintype="image", subtype="jpeg", filename="现场.jpg")
    made.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
    made.add_attachment(
        b"logo", maintype="image", subtype="png", cid="<logo@x>", disposition="inline"
    )
    came = read(made.as_bytes())
    assert came.text == "见照片"
    assert [(a.name, a.media) for a in came.attached] == [
        ("现场.jpg", "image/jpeg"), ("a.pdf", "application/pdf"),
    ]  # fmt: skip


# -- who wrote it --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "sender"),
    [
        ('"bob@city.example" <mallory@evil.example>', "mallory@evil.example"),
        ("bob@city.example, mallory@evil.example", ""),
        ("bob@city.example <mallory@evil.example>", ""),
        ("=?utf-8?b?Ym9iQGNpdHkuZXhhbXBsZQ==?= <mallory@evil.example>", "mallory@evil.example"),
        ("城管局 Bob <bob@city.example>", "bob@city.example"),
        ("B. Bob <bob@city.example>", "bob@city.example"),
        ("nobody", ""),
        ("<>", ""),
        ("((((((((" * 100 + "bob@city.example", ""),
    ],
)
def test_a_name_that_looks_like_an_address_is_not_the_sender(said: str, sender: str) -> None:
    assert read(b"From: " + said.encode() + b"\n\nx").sender == sender


def test_a_mail_is_one_by_its_message_id_and_by_all_of_it_where_it_has_none() -> None:
    assert read(mail("a")).digest == read(mail("b")).digest
    bare = b"From: bob@city.example\n\n"
    assert read(bare + b"a").digest != read(bare + b"b").digest


# -- what it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Auto-Submitted": "auto-replied"}, Kind.AUTOMATIC),
        ({"Auto-Submitted": "auto-generated (x)"}, Kind.AUTOMATIC),
        ({"Auto-Submitted": "no"}, None),
        ({"Precedence": "bulk"}, Kind.AUTOMATIC),
        ({"Precedence": "auto_reply"}, Kind.AUTOMATIC),
        ({"Precedence": "first-class"}, None),
        ({"X-Autoreply": "yes"}, Kind.AUTOMATIC),
        ({"List-Id": "<news.example>"}, Kind.AUTOMATIC),
        ({"X-Auto-Response-Suppress": "All"}, None),
        ({"X-Auto-Response-Suppress": "All", "Return-Path": "<>"}, Kind.AUTOMATIC),
        ({"Subject": "自动回复：我在休假"}, None),
        ({"Subject": "自动回复：我在休假", "Return-Path": "<>"}, Kind.AUTOMATIC),
        ({"Subject": "Out of office", "Return-Path": "<>"}, Kind.AUTOMATIC),
        ({"X-Duban": "n-1"}, Kind.LOOP),
        ({"X-Duban": "n-1", "Auto-Submitted": "auto-generated"}, Kind.LOOP),
        ({"Message-ID": f"<{OURS}>"}, Kind.LOOP),
    ],
)
def test_a_machine_is_known_by_its_headers_and_never_by_a_subject_alone(
    headers: dict[str, str], expected: Kind | None
) -> None:
    assert kind(mail(**headers), "city.example") is expected


def test_a_mail_that_goes_in_circles_is_a_loop() -> None:
    assert kind(b"Received: from a\n" * 31 + mail()) is Kind.LOOP
    assert kind(b"Received: from a\n" * 8 + mail()) is None


BOUNCE = f"""From: MAILER-DAEMON@city.example
To: duban@city.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <2@city.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

This is the mail system.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; city.example

Final-Recipient: rfc822; bob@city.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such
 user

--b
Content-Type: {{kind}}

Message-ID: <{OURS}>
Subject: x

--b--
"""


@pytest.mark.parametrize("sent_back", ["message/rfc822", "text/rfc822-headers"])
def test_a_bounce_names_our_mail_and_keeps_the_words_of_the_server(sent_back: str) -> None:
    came = read(BOUNCE.format(kind=sent_back).encode())
    assert came.report is not None
    assert came.report.fate is Fate.FAILED
    assert came.report.original == OURS
    assert "5.1.1 550 5.1.1 no such user" in came.report.words
    assert judge(came).kind is Kind.BOUNCE  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("was", "now", "fate"),
    [
        ("Action: failed", "Action: delayed", Fate.DELAYED),
        ("5.1.1\nD", "4.4.7\nD", Fate.FAILED),
        ("Action: failed\nStatus: 5.1.1", "Status: 4.4.1", Fate.DELAYED),
        ("Action: failed", "Action: delivered", Fate.ARRIVED),
        ("Action: failed", "Action: relayed", Fate.NOTED),
    ],
)
def test_only_what_is_final_is_a_failure(was: str, now: str, fate: Fate) -> None:
    text = BOUNCE.format(kind="message/rfc822")
    assert was in text
    came = read(text.replace(was, now).encode())
    assert came.report is not None
    assert came.report.fate is fate


def receipt(disposition: str) -> bytes:
    return (
        "From: bob@city.example\nMessage-ID: <3@x>\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nread\n\n"
        "--b\nContent-Type: message/disposition-notification\n\n"
        "Final-Recipient: rfc822;bob@city.example\n"
        f"Original-Message-ID: <{OURS}>\nDisposition: {disposition}\n\n--b--\n"
    ).encode()


def test_a_read_receipt_is_one_only_when_the_mail_was_shown() -> None:
    shown = read(receipt("manual-action/MDN-sent-manually; displayed"))
    assert shown.report is not None
    assert (shown.report.fate, shown.report.original) == (Fate.READ, OURS)
    assert judge(shown).kind is Kind.RECEIPT  # type: ignore[union-attr]
    assert kind(receipt("automatic-action/MDN-sent-automatically; deleted")) is Kind.AUTOMATIC


# -- hostile -------------------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    head = b"From: bob@city.example\n"
    for n in range(depth):
        head += b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n)
    return head + b"\nx"


HOSTILE = [
    b"",
    b"\x00" * 1000,
    b"\n" * 600_000,
    b"x" * (MOST_BYTES + 1),
    b"X: y\n" * 5_000 + b"\nx",
    b"Subject: " + b"a" * 100_000 + b"\n\nx",
    b"References: " + b"<a@b> " * 10_000 + b"\n\nx",
    nested(500),
    nested(40),
    b"Content-Type: multipart/mixed; boundary=" + b"b" * 50_000 + b"\n\nx",
    b"Content-Type: text/plain;\n" + b" a=b;\n" * 5_000 + b"\nx",
    b"From: " + b"(" * 3_000 + b"\n\nx",
    b"Subject: =?utf-8?b?////?= =?x?q?=zz?=\n\nx",
    b"Content-Type: text/plain; charset=\xff\xfe\n\n\xff\xfe\x00",
    b"Content-Transfer-Encoding: base64\n\n!!!!",
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b--\n",
    b"Content-Type: multipart/report; boundary=b\n\n--b\n"
    b"Content-Type: message/delivery-status\n\n\xff",
    b"From: bob@city.example\nMessage-ID: <\xff\xfe@x>\nReferences: <\xe4\xb8\xad@x>\n\n\xe4",
    b"Content-Type: text/html\n\n" + b"<div>" * 50_000 + b"<blockquote",
]


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_is_sent_is_read_or_refused_with_its_reason(data: bytes) -> None:
    came = read(data)
    assert isinstance(came, Came)
    assert len(came.text) <= 4_000
    assert len(came.subject) <= 200
    for text in (came.sender, came.subject, came.text, *came.named):
        text.encode()  # what cannot be encoded, no database holds
        assert "\x00" not in text


def test_what_is_too_large_or_too_deep_is_not_parsed_and_says_so() -> None:
    for data in (HOSTILE[2], HOSTILE[3], HOSTILE[4], HOSTILE[7], HOSTILE[10]):
        verdict = judge(read(data))
        assert verdict is not None
        assert verdict.kind is Kind.UNKNOWN
        assert "没有读取" in verdict.why.zh
