"""JSON webhooks on a real HTTP server: the answer is the true cause, without secrets."""

import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from notice_servers import drip, free_port, hang_up, server
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from models.delivery import DeliveryOutcome
from notices.channels import send
from notices.channels.answers import LENGTH
from notices.message import Message


def hook(httpserver: HTTPServer, path: str = "/in") -> str:
    return f"json://{httpserver.host}:{httpserver.port}{path}"


def test_a_webhook_receives_subject_and_body(httpserver: HTTPServer, message: Message) -> None:
    httpserver.expect_request("/in", method="POST").respond_with_json({})
    answer = send(hook(httpserver), message)
    sent = httpserver.log[0][0].get_json()
    assert answer.outcome is DeliveryOutcome.SENT
    assert (sent["title"], sent["message"]) == (message.subject, message.body)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (400, DeliveryOutcome.PERMANENT),
        (413, DeliveryOutcome.PERMANENT),
        (401, DeliveryOutcome.MISCONFIGURED),
        (403, DeliveryOutcome.MISCONFIGURED),
        (404, DeliveryOutcome.MISCONFIGURED),
        (407, DeliveryOutcome.MISCONFIGURED),
        (410, DeliveryOutcome.MISCONFIGURED),
        (408, DeliveryOutcome.TEMPORARY),
        (429, DeliveryOutcome.TOO_FAST),
        (500, DeliveryOutcome.UNKNOWN),
        (503, DeliveryOutcome.TEMPORARY),
    ],
)
def test_the_status_decides_and_the_words_of_the_server_are_kept(
    status: int, outcome: DeliveryOutcome, httpserver: HTTPServer, message: Message
) -> None:
    httpserver.expect_request("/in").respond_with_data("群已解散", status=status)
    answer = send(hook(httpserver), message)
    assert answer.outcome is outcome
    assert f"HTTP {status}" in answer.answer
    assert "群已解散" in answer.answer


def test_a_redirect_to_a_login_page_is_not_a_delivery(
    httpserver: HTTPServer, message: Message
) -> None:
    elsewhere = {"Location": httpserver.url_for("/login")}
    httpserver.expect_request("/in").respond_with_data("", status=302, headers=elsewhere)
    httpserver.expect_request("/login").respond_with_data("welcome")
    assert send(hook(httpserver), message).outcome is DeliveryOutcome.MISCONFIGURED


def test_a_webhook_that_is_down_may_be_up_later(message: Message) -> None:
    answer = send(f"json://127.0.0.1:{free_port()}/in/s3cretT0ken", message)
    assert answer.outcome is DeliveryOutcome.TEMPORARY
    assert "refused" in answer.answer
    assert "s3cretT0ken" not in answer.answer


def test_a_request_that_was_sent_and_not_answered_is_unknown(
    httpserver: HTTPServer, message: Message
) -> None:
    release = threading.Event()

    def slow(request: Request) -> Response:
        release.wait(5)
        return Response("late")

    httpserver.expect_request("/in").respond_with_handler(slow)
    answer = send(hook(httpserver), message, timeout=0.5)
    release.set()
    assert answer.outcome is DeliveryOutcome.UNKNOWN


def test_a_hang_up_without_an_answer_is_unknown(message: Message) -> None:
    def read_and_leave(caller: socket.socket) -> None:
        caller.recv(65536)
        hang_up(caller)

    with server(read_and_leave) as port:
        answer = send(f"json://127.0.0.1:{port}/in", message)
    assert answer.outcome is DeliveryOutcome.UNKNOWN


def test_a_dripping_webhook_does_not_hold_us_beyond_the_limit(message: Message) -> None:
    with server(drip) as port:
        begun = time.monotonic()
        answer = send(f"json://127.0.0.1:{port}/in", message, timeout=0.5)
        took = time.monotonic() - begun
    assert answer.outcome is DeliveryOutcome.UNKNOWN
    assert took < 2


def test_a_server_that_repeats_our_token_does_not_bring_it_into_the_answer(
    httpserver: HTTPServer, message: Message
) -> None:
    httpserver.expect_request("/in/s3cretT0ken").respond_with_data(
        "no s3cretT0ken, no a/b=c", status=401
    )
    url = hook(httpserver, "/in/s3cretT0ken").replace("json://", "json://bob:a%2Fb%3Dc@")
    answer = send(url, message)
    assert "s3cretT0ken" not in answer.answer
    assert "a/b=c" not in answer.answer
    assert "HTTP 401" in answer.answer


def test_a_token_at_the_end_of_a_long_answer_is_not_left_in_half(
    httpserver: HTTPServer, message: Message
) -> None:
    token = "s3cretT0ken" * 5
    for start in range(LENGTH - 70, LENGTH, 10):
        httpserver.clear()
        httpserver.expect_request(f"/in/{token}").respond_with_data("x" * start + token, status=500)
        answer = send(hook(httpserver, f"/in/{token}"), message)
        assert "s3cret" not in answer.answer
        assert len(answer.answer) <= LENGTH


def test_many_sends_at_once_each_get_their_own_answer(
    httpserver: HTTPServer, message: Message
) -> None:
    statuses = [400, 404, 410, 429, 500, 503] * 4
    for status in set(statuses):
        httpserver.expect_request(f"/{status}").respond_with_data(f"its {status}", status=status)
    with ThreadPoolExecutor(8) as pool:
        urls = [hook(httpserver, f"/{status}") for status in statuses]
        answers = list(pool.map(lambda url: send(url, message), urls))
    for status, answer in zip(statuses, answers, strict=True):
        assert f"HTTP {status}" in answer.answer
        assert f"its {status}" in answer.answer


def test_two_sends_to_one_channel_are_not_spaced_out(
    httpserver: HTTPServer, message: Message
) -> None:
    httpserver.expect_request("/in").respond_with_json({})
    begun = time.monotonic()
    for _ in range(3):
        assert send(hook(httpserver), message).outcome is DeliveryOutcome.SENT
    assert time.monotonic() - begun < 3


def test_no_address_reaches_the_log_of_the_program(
    httpserver: HTTPServer, message: Message, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.NOTSET)
    httpserver.expect_request("/in/s3cretT0ken").respond_with_data("no", status=500)
    send(hook(httpserver, "/in/s3cretT0ken"), message)
    send("mailto://bob:s3cretT0ken@mail.example:port?to=bob@city.example", message)
    ours = [record.getMessage() for record in caplog.records if record.name == "apprise"]
    assert not ours


def test_an_unreadable_address_is_a_permanent_failure_not_an_exception(message: Message) -> None:
    answer = send("nosuch://s3cretT0ken", message)
    assert answer.outcome is DeliveryOutcome.PERMANENT
    assert "渠道地址无法识别" in answer.answer
    assert "s3cretT0ken" not in answer.answer
