"""A call to another system: signed as Standard Webhooks says, never led astray, always ended."""

import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notices.hooks import HookTrouble, Told, check, may_call, new_secret, post, shown, sign, written
from tests.hearing import listening
from tests.notices.contract.door import Asked, StandIn, Talk, door
from tests.notices.contract.door import Told as Said

AT = datetime(2026, 9, 29, 1, 0, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_signature_is_that_of_the_reference_implementations() -> None:
    """https://github.com/standard-webhooks/standard-webhooks: the vector of its libraries."""
    at = datetime.fromtimestamp(1614265330, UTC)
    name, body = "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}'
    assert sign(SECRET, name, at, body) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_call_is_received_whole_and_its_signature_holds() -> None:
    with listening(new_secret()) as receiver:
        body = written({"id": "rec_1", "words": "垃圾满溢"})
        told = post(receiver.url, receiver.secret, "rec_1", body, AT, private=True)
    assert told == Told(204, "HTTP 204 No Content")
    assert receiver.heard == [{"id": "rec_1", "words": "垃圾满溢"}]


class Stubborn(StandIn):
    def __init__(self, says: Said) -> None:
        super().__init__()
        self.says = says

    def answer(self, asked: Asked) -> Said:
        self.taken.append(asked)
        return self.says


def call(stand_in: StandIn, path: str = "/in", *, timeout: float = 5.0, **more: object) -> Told:
    with door(stand_in, **more) as base:  # type: ignore[arg-type]
        return post(f"{base}{path}", SECRET, "rec_1", b"{}", AT, private=True, timeout=timeout)


def test_a_redirect_is_not_followed() -> None:
    there = Stubborn(Said(302, b"", {"Location": "/elsewhere"}))
    assert call(there).status == 302
    assert len(there.taken) == 1


def test_an_answer_holds_neither_the_secret_nor_what_the_address_hides() -> None:
    said = f"{SECRET} a-key-in-the-path t0pSecret".encode()
    told = call(Stubborn(Said(500, said)), "/a-key-in-the-path?token=t0pSecret")
    assert told.answer == "HTTP 500 Internal Server Error：**** **** ****"


def test_a_receiver_may_ask_to_be_called_later() -> None:
    told = call(Stubborn(Said(503, b"", {"Retry-After": "120"})))
    assert (told.status, told.again) == (503, timedelta(minutes=2))


def test_of_an_answer_without_end_only_the_beginning_is_read() -> None:
    told = call(Stubborn(Said(400, b"x" * 10_000_000)))
    assert (told.status, len(told.answer)) == (400, 300)


def drip(talk: Talk) -> None:
    talk.begin(Said(200), 100)
    while not talk.closing.wait(0.02):
        talk.handler.wfile.write(b"x")


def cut(talk: Talk) -> None:
    """Read it, and say nothing."""


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"fault": drip, "timeout": 0.2}, "秒内没有答复"),
        ({"fault": cut}, "连接中断"),
        ({"tls": True}, "证书"),
    ],
    ids=["dripping", "cut off", "certificate nobody trusts"],
)
def test_what_goes_wrong_is_said_and_never_raised(more: dict[str, object], words: str) -> None:
    told = call(Stubborn(Said(200)), **more)  # type: ignore[arg-type]
    assert told.status is None
    assert words in told.answer


def test_where_nobody_listens_it_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = post(f"http://127.0.0.1:{port}/", SECRET, "rec_1", b"{}", AT, private=True)
    assert told == Told(None, "连接不上")


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("8.8.8.8", True, True),
        ("2606:4700::1111", True, True),
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("10.1.2.3", False, True),
        ("192.168.1.1", False, True),
        ("fd12::1", False, True),
        ("::ffff:10.1.2.3", False, True),
        ("64:ff9b::a01:203", False, True),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("100.100.100.200", False, False),
        ("fe80::1", False, False),
        ("0.0.0.0", False, False),
        ("224.0.0.1", False, False),
    ],
)
def test_the_own_network_is_called_by_leave_only_and_metadata_never(
    address: str, public: bool, private: bool
) -> None:
    assert may_call(address, private=False) is public
    assert may_call(address, private=True) is private


def test_a_name_that_points_inside_is_refused_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outside, inside = ("93.184.216.34", "127.0.0.1")
    found = [(0, 0, 0, "", (address, 443)) for address in (outside, inside)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    told = post("https://rebound.example/", SECRET, "rec_1", b"{}", AT, private=False)
    assert (told.status, "未调用" in told.answer) == (None, True)


def test_a_name_is_looked_up_once_and_that_address_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise a second look-up could give another address than the one that was judged."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def once(host: str, *more: Any, **named: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1" if host == "receiver.example" else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", once)
    with listening(SECRET) as receiver:
        url = f"http://receiver.example:{receiver.port}/"
        assert post(url, SECRET, "rec_1", b"{}", AT, private=True).status == 204
    assert asked.count("receiver.example") == 1


@pytest.mark.parametrize(
    "url",
    [
        "", "hotline.example.cn", "ftp://hotline.example.cn/", "https://", "https://x:99999/",
        "https://x:0/", "https://user:password@hotline.example.cn/", "https://x/#part",
        "https://x/a b", "file:///etc/passwd", "https://[::1",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_called_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(HookTrouble, match="地址无法识别") as caught:
        check(url, private=True)
    assert "password@" not in f"{caught.value.words}"


def test_without_encryption_only_the_own_network_is_called() -> None:
    check("http://10.0.0.8/duban", private=True)
    check("https://hotline.example.cn/duban", private=False)
    with pytest.raises(HookTrouble, match="https"):
        check("http://hotline.example.cn/duban", private=False)


def test_a_masked_address_shows_its_host_only() -> None:
    assert shown("https://hotline.example.cn:8443/a/key?token=x") == (
        "https://hotline.example.cn:8443/…"
    )
    assert shown("https://hotline.example.cn/") == "https://hotline.example.cn"
