"""One request to a service: what is kept between two of them, and what is not."""

import gzip

import pytest
import requests
from apprise.plugins.base import NotifyBase
from pytest_httpserver import HTTPServer

from models.delivery import DeliveryOutcome
from notices.channels import send
from notices.channels.address import load
from notices.channels.answers import of_exception
from notices.channels.http import ENOUGH, Reply, call
from tests.notices.contract.suite import MESSAGE


def test_a_cookie_given_to_one_account_is_not_brought_by_another(httpserver: HTTPServer) -> None:
    cookie = {"Set-Cookie": "account=first; Path=/"}
    httpserver.expect_request("/").respond_with_json({}, headers=cookie)
    for _ in range(3):
        call(load("wecombot://abc"), httpserver.url_for("/"))
    assert not any("Cookie" in request.headers for request, _ in httpserver.log)


def test_the_proxy_that_is_named_is_asked_from_then_on(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = "http://gateway.example/send"
    httpserver.expect_request("/send").respond_with_json({})
    with pytest.raises(requests.ConnectionError):
        call(_hasty(), away)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("http_proxy", httpserver.url_for("/"))
    assert call(_hasty(), away).status == 200
    request, _ = httpserver.log[0]
    assert request.environ["REQUEST_URI"] == away


def test_what_goes_as_a_form_is_written_as_one(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_json({})
    pairs = [("text", "路面 积水&"), ("to", "1")]
    call(_hasty(), httpserver.url_for("/"), data=pairs, auth=(b"user", b"word"))
    call(_hasty(), httpserver.url_for("/"), method="GET", params=pairs)
    (form, _), (asked, _) = httpserver.log
    assert list(form.form.items()) == list(asked.args.items()) == pairs
    assert form.authorization is not None
    assert (form.authorization.username, form.authorization.password) == ("user", "word")


def _hasty() -> NotifyBase:
    plugin = load("wecombot://abc")
    plugin.socket_connect_timeout = plugin.socket_read_timeout = 2
    return plugin


def test_no_more_of_an_answer_is_read_than_is_needed(httpserver: HTTPServer) -> None:
    packed = {"Content-Encoding": "gzip"}
    bomb = gzip.compress(b"0" * 50_000_000)
    httpserver.expect_request("/").respond_with_data(bomb, headers=packed)
    assert len(call(load("wecombot://abc"), httpserver.url_for("/")).body) <= ENOUGH


def test_an_answer_that_cannot_be_unpacked_is_no_acceptance(httpserver: HTTPServer) -> None:
    packed = {"Content-Encoding": "gzip"}
    address = "/cgi-bin/webhook/send"
    httpserver.expect_request(address).respond_with_data(b"no gzip", headers=packed)
    base = httpserver.url_for("/").rstrip("/")
    assert send(f"wecombot://abcdef?base={base}", MESSAGE).outcome is DeliveryOutcome.UNKNOWN


@pytest.mark.parametrize("body", [b"[" * ENOUGH, b"9" * ENOUGH, b"\xff", b"", b"null", b"[1]"])
def test_what_is_no_json_object_says_nothing(body: bytes) -> None:
    assert Reply(200, {}, body).said is None


def test_a_handshake_that_broke_off_may_pass_but_a_certificate_does_not() -> None:
    broken = requests.exceptions.SSLError("EOF occurred in violation of protocol")
    untrusted = requests.exceptions.SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed")
    assert of_exception(broken).outcome is DeliveryOutcome.TEMPORARY
    assert of_exception(untrusted).outcome is DeliveryOutcome.MISCONFIGURED
