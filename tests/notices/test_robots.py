"""The robots of the work chats: what they are sent, how it is signed, and to which address."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from apprise import Apprise

from models.delivery import DeliveryOutcome
from notices.channels import ChannelTrouble, check, mask, outlet, send
from notices.channels.codes import Table
from notices.channels.dingtalk import CODES as DINGTALK
from notices.channels.dingtalk import sign as dingtalk_sign
from notices.channels.feishu import CODES as FEISHU
from notices.channels.feishu import sign as feishu_sign
from notices.channels.http import Reply
from notices.channels.robot import cut
from notices.channels.serverchan import CODES as SERVERCHAN
from notices.channels.wecom import CODES as WECOM
from notices.channels.wecom_app import CODES as WECOM_APP
from notices.message import Message
from tests.notices.contract import dingtalk, feishu, serverchan, wecom, wecom_app
from tests.notices.contract.door import StandIn, Told, door, told
from tests.notices.contract.suite import LONG, MESSAGE, PLAIN

# Every address Apprise documents for these services.
APPRISE = [
    "dingtalk://0c23f6a1d5e9/",
    "dingtalk://0c23f6a1d5e9/13800000000",
    "dingtalk://0c23f6a1d5e9/13800000000/+8613900000000/",
    "dingtalk://SEC4f1b@0c23f6a1d5e9/?to=13800000000",
    "dingtalk://?token=0c23f6a1d5e9&secret=SEC4f1b",
    "wecombot://693a91f6-7aac-4bc4-97a0-0ec2sifa5aaa",
    "wecombot://693a91f6-7aac-4bc4-97a0-0ec2sifa5aaa/?format=markdown&overflow=upstream&verify=yes",
    "wecombot://?key=693a91f6-7aac",
    "feishu://7b1b2c3d-4e5f_6071",
    "feishu://?token=7b1b2c3d",
    "lark://7b1b2c3d-4e5f",
    "schan://SCT12345TbUqXh0Zq9kLmN7vWxYz",
]

WRONG = [
    "dingtalk://0c23f6a1d5e9/bob",
    "dingtalk://0c23f6a1d5e9:443",
    "dingtalk://0c23 f6a1/",
    "wecombot://bob@693a91f6",
    "wecombot://693a91f6?base=file:///etc/passwd",
    "wecombot://693a91f6?base=https://bob:pass@host",
    "wecomapp://ww7e:secret@agent/bob",
    "wecomapp://ww7e:secret@1000002",
    "wecomapp://ww7e:secret@1000002/@all",
    "wecomapp://ww7e:secret@1000002/bob|alice",
    "wecomapp://ww7e@1000002/bob",
    "feishu://7b1b2c3d/path",
    "schan://",
]


@pytest.mark.parametrize("url", APPRISE)
def test_an_address_that_apprise_takes_goes_on_working(url: str) -> None:
    assert Apprise.instantiate(url) is not None
    check(url)


@pytest.mark.parametrize("url", WRONG)
def test_an_address_that_could_not_arrive_is_refused(url: str) -> None:
    with pytest.raises(ChannelTrouble):
        check(url)


def test_the_refusal_of_a_robots_address_shows_one_that_is_accepted() -> None:
    for scheme in ("dingtalk", "wecombot", "wecomapp", "feishu", "lark", "schan"):
        example = ChannelTrouble(scheme).words.zh.split("例如 ")[1].split("。")[0]
        assert example.startswith(f"{scheme}://")
        check(example)


def test_a_mask_shows_the_ends_of_a_token_and_the_number_of_an_application() -> None:
    assert mask("dingtalk://SECabcdef@0c23f6a1d5e9/13800000000") == "dingtalk://****@0...9/…"
    assert mask("wecomapp://ww7e4:secretword@1000002/bob.li") == "wecomapp://****@1000002/…"


def test_one_robot_is_one_outlet_whoever_is_called_by_name() -> None:
    assert outlet("dingtalk://abc/13800000000").key == outlet("dingtalk://abc/13900000000").key
    assert outlet("dingtalk://abc").key != outlet("dingtalk://abc?base=https://ding.city.cn").key
    assert outlet("wecomapp://ww:s@1/bob").key == outlet("wecomapp://ww:s@1/alice").key


@pytest.mark.parametrize(
    ("url", "limit"), [("dingtalk://abc", 20), ("wecombot://abc", 20), ("feishu://abc", 100)]
)
def test_a_full_minute_from_a_full_bucket_stays_within_the_limit(url: str, limit: int) -> None:
    rate = outlet(url).rate
    assert 0 < rate.burst + rate.per_minute <= limit


# The algorithms are published as code; the vectors were computed with openssl dgst -hmac.


def test_dingtalk_is_signed_with_the_secret_over_timestamp_and_secret() -> None:
    said = dingtalk_sign("SEC000", "1577262236757")
    assert said == "0mUoy51oaZiRp9zSbtu3Gh7pbwvH33YBGob4MsxeXA4="


def test_feishu_is_signed_the_other_way_round() -> None:
    assert feishu_sign("demo", "1599360473") == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="


def sent(stand_in: StandIn, address: Callable[[str], str], message: Message = MESSAGE) -> Any:
    """What reached the service."""
    with door(stand_in) as base:
        answer = send(address(base), message)
    assert answer.outcome is DeliveryOutcome.SENT, answer
    return stand_in.taken[-1]


def test_dingtalk_shows_markdown_under_a_title_and_calls_people_by_number() -> None:
    def called(base: str) -> str:
        return f"dingtalk://{dingtalk.SECRET}@{dingtalk.TOKEN}/13800000000?base={base}"

    document = sent(dingtalk.DingTalk(), called)
    shown = document["markdown"]
    assert document["msgtype"] == "markdown"
    assert shown["title"] == MESSAGE.subject
    assert shown["text"].startswith(f"**{MESSAGE.subject}**")
    assert shown["text"].endswith("@13800000000")
    assert document["at"] == {"atMobiles": ["13800000000"], "isAtAll": False}


def test_a_message_that_opens_with_its_subject_is_not_given_another() -> None:
    message = replace(MESSAGE, markdown="**【督办】** 中山路12号：垃圾堆积\n\n请整改")
    document = sent(wecom.WeComRobot(), wecom.SUBJECT.address, message)
    assert document["markdown"]["content"] == message.markdown


def test_an_application_sends_text_where_markdown_would_be_cut() -> None:
    message = replace(MESSAGE, markdown="**地点**：中山路12号\n" * 100)
    document = sent(wecom_app.fresh(), wecom_app.SUBJECT.address, message)
    assert document["text"]["content"] == f"{MESSAGE.subject}\n{MESSAGE.body}"


@pytest.mark.parametrize("asked", ["&format=text", ""])
def test_a_robot_without_markdown_is_sent_text(asked: str) -> None:
    message = MESSAGE if asked else PLAIN
    document = sent(
        wecom.WeComRobot(), lambda base: f"wecombot://{wecom.KEY}?base={base}{asked}", message
    )
    assert document["text"]["content"] == f"{MESSAGE.subject}\n{MESSAGE.body}"


def test_feishu_shows_a_card_with_markdown() -> None:
    card = sent(feishu.Feishu(), feishu.SUBJECT.address)["card"]
    assert card["header"]["title"]["content"] == MESSAGE.subject
    assert card["elements"] == [{"tag": "markdown", "content": MESSAGE.markdown}]


def test_a_message_too_long_is_cut_at_a_line_and_says_so() -> None:
    text = sent(wecom.WeComRobot(), wecom.SUBJECT.address, LONG)["markdown"]["content"]
    assert len(text.encode()) <= 4096
    *lines, last = text.rstrip().splitlines()
    assert "已截去" in last
    assert {line for line in lines[1:] if line} == {"**地点**：中山路12号"}


@pytest.mark.parametrize("size", range(120, 130))
def test_a_single_long_line_is_cut_between_characters(size: int) -> None:
    text = cut("督办" * 100, size)
    assert len(text.encode()) <= size
    assert "�" not in text
    assert text.startswith("督办督")


def test_what_fits_is_not_touched() -> None:
    assert cut("督办", 6) == "督办"


def test_an_english_message_says_in_english_that_it_was_cut() -> None:
    assert cut("a line\n" * 100, 300, "en").endswith("read all of it)")


def test_serverchan_has_two_houses() -> None:
    turbo = serverchan.ServerChan()
    sent(turbo, serverchan.SUBJECT.address)
    third = serverchan.ServerChan(key="sctp123tAbCdEf")
    fields = sent(third, lambda base: f"schan://{third.key}?base={base}")
    assert len(fields["title"]) <= 32
    assert fields["desp"] == MESSAGE.markdown


def test_a_receipt_is_kept_where_the_service_gives_one() -> None:
    with door(wecom_app.fresh()) as base:
        assert send(wecom_app.SUBJECT.address(base), MESSAGE).receipt == "MSG-1"
    with door(serverchan.ServerChan()) as base:
        assert send(serverchan.SUBJECT.address(base), MESSAGE).receipt == "3401"


def test_an_access_token_is_fetched_once_for_many_messages() -> None:
    api = wecom_app.fresh()
    with door(api) as base:
        for _ in range(3):
            assert send(wecom_app.SUBJECT.address(base), MESSAGE).outcome is DeliveryOutcome.SENT
    assert (api.issued, len(api.taken)) == (1, 3)


def test_a_token_taken_back_is_replaced_and_the_message_goes_once() -> None:
    api = wecom_app.fresh()
    with door(api) as base:
        send(wecom_app.SUBJECT.address(base), MESSAGE)
        api.valid.clear()
        answer = send(wecom_app.SUBJECT.address(base), MESSAGE)
    assert answer.outcome is DeliveryOutcome.SENT
    assert (api.issued, len(api.taken)) == (2, 2)


@pytest.mark.parametrize("code", [[40014], {"a": 1}, "40014", None])
def test_a_code_that_is_no_number_is_unknown_to_an_application_too(code: Any) -> None:
    class Odd(wecom_app.WeComApi):
        def answer(self, asked: Any) -> Told:
            return told({"errcode": code}) if self.carries(asked) else super().answer(asked)

    with door(Odd()) as base:
        answer = send(wecom_app.SUBJECT.address(base), MESSAGE)
    assert answer.outcome is DeliveryOutcome.UNKNOWN


def test_a_login_that_does_not_end_is_a_failure_for_nothing_was_sent() -> None:
    release = threading.Event()

    class Silent(wecom_app.WeComApi):
        def answer(self, asked: Any) -> Told:
            release.wait(5)
            return Told()

    with door(Silent()) as base:
        answer = send(wecom_app.SUBJECT.address(base), MESSAGE, timeout=0.4)
        release.set()
    assert answer.outcome is DeliveryOutcome.TEMPORARY
    assert "尚未发出" in answer.answer


TABLES = {
    "dingtalk": DINGTALK,
    "wecom": WECOM,
    "wecom_app": WECOM_APP,
    "feishu": FEISHU,
    "serverchan": SERVERCHAN,
}


def reply(document: Any, status: int = 200) -> Reply:
    answer = told(document, status)
    return Reply(answer.status, {}, answer.body)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_no_row_of_a_table_lies_behind_one_that_takes_everything(table: Table) -> None:
    seen = set()
    for row in table.rows:
        assert row.code not in seen, row
        assert row.code != 0
        if not row.says:
            seen.add(row.code)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("code", [None, True, False, "0", 0.0, [0], {"code": 0}])
def test_only_the_number_zero_is_an_acceptance(table: Table, code: Any) -> None:
    answer = table.read(reply({table.code: code, table.text: "ok"}))
    assert answer.outcome is DeliveryOutcome.UNKNOWN
    assert table.read(reply({table.code: 0})).outcome is DeliveryOutcome.SENT


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_an_acceptance_with_a_failing_status_is_none(table: Table) -> None:
    assert table.read(reply({table.code: 0}, 500)).outcome is DeliveryOutcome.UNKNOWN
    assert table.read(reply({table.code: 0}, 503)).outcome is DeliveryOutcome.TEMPORARY
    assert table.read(reply({table.code: 0}, 401)).outcome is DeliveryOutcome.MISCONFIGURED


def test_what_the_service_asks_for_counts_more_than_what_is_known_of_it() -> None:
    body = json.dumps({"errcode": 130101, "errmsg": "send too fast"}).encode()
    answer = DINGTALK.read(Reply(429, {"Retry-After": "42"}, body))
    assert (answer.outcome, answer.again) == (DeliveryOutcome.TOO_FAST, timedelta(seconds=42))


def test_retry_after_may_be_a_date_and_is_counted_from_the_answers_own() -> None:
    headers = {
        "Date": "Tue, 29 Sep 2026 01:00:00 GMT",
        "Retry-After": "Tue, 29 Sep 2026 01:02:00 GMT",
    }
    assert Reply(429, headers, b"").again == timedelta(minutes=2)
    assert Reply(429, {"Retry-After": headers["Retry-After"]}, b"").again is None
    assert Reply(429, {"Retry-After": "99999999"}, b"").again == timedelta(days=1)
