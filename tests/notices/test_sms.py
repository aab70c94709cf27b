"""Text messages: signed as the houses publish it, seventy characters, nothing said too early."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from models.delivery import DeliveryOutcome
from notices.channels import Answer, ChannelTrouble, check, mask, outlet, send
from notices.channels.sms_aliyun import canonical
from notices.channels.sms_aliyun import signed as by_aliyun
from notices.channels.sms_tencent import signed as by_tencent
from notices.message import Message
from tests.notices.contract import sms, sms_aliyun, sms_tencent
from tests.notices.contract.door import Asked, StandIn, Told, door, told
from tests.notices.contract.suite import MESSAGE, meet

LONG = "督办" * 60


class Listening(StandIn):
    """Takes whatever comes, and answers what it was told to."""

    def __init__(self, answer: Told) -> None:
        super().__init__()
        self.says = answer

    def answer(self, asked: Asked) -> Told:
        self.taken.append(asked)
        return self.says


@pytest.fixture
def sent() -> Any:
    """Sends over a gateway of one's own; gives the answer and what came over the line."""
    with ExitStack() as open_doors:

        def go(answer: Told, message: Message = MESSAGE, **query: str) -> tuple[Answer, Asked]:
            gateway = Listening(answer)
            base = open_doors.enter_context(door(gateway))
            said = send(sms.address(base, **query), message)
            return said, gateway.taken[0]

        yield go


Send = Callable[..., tuple[Answer, Asked]]


def test_the_signature_is_that_of_aliyuns_published_example() -> None:
    """https://help.aliyun.com/document_detail/2593177.html, "固定参数示例"."""
    query = canonical(
        {
            "RegionId": "cn-shanghai",
            "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
        }
    )
    headers = {
        "x-acs-version": "2014-05-26",
        "x-acs-action": "RunInstances",
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }
    host = "ecs.cn-shanghai.aliyuncs.com"
    assert by_aliyun("YourAccessKeyId", "YourAccessKeySecret", host, query, headers) == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;"
        "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_the_signature_is_that_of_tencents_published_example() -> None:
    """https://cloud.tencent.com/document/api/213/30654; the key in it is 32 asterisks."""
    body = (
        rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    )
    key, secret = "AKID" + "*" * 32, "*" * 32
    at = datetime.fromtimestamp(1551113065, UTC)
    host = "cvm.tencentcloudapi.com"
    assert by_tencent(key, secret, host, "cvm", "DescribeInstances", at, body) == (
        f"TC3-HMAC-SHA256 Credential={key}/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host;x-tc-action, "
        "Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
    )


@pytest.mark.parametrize(
    ("subject", "receipt"),
    [
        (sms.SUBJECT, "20260929001"),
        (sms_aliyun.SUBJECT, "90061951^0"),
        (sms_tencent.SUBJECT, "5000:1045710669157053657849499619"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_the_service_calls_the_message_is_kept(subject: Any, receipt: str) -> None:
    answer, taken = meet(subject, subject.cases[0])
    assert answer == Answer(DeliveryOutcome.SENT, "渠道已接收", receipt)
    assert MESSAGE.short in json.dumps(taken, ensure_ascii=False).replace('\\"', '"')


def test_a_text_message_is_the_short_form_or_the_subject_and_never_longer_than_seventy(
    sent: Send,
) -> None:
    for message in (MESSAGE, replace(MESSAGE, short=""), replace(MESSAGE, short=LONG)):
        _, asked = sent(told({"code": 0}), message)
        text = asked.json["text"]
        assert len(text) <= 70
        assert text[:4] == (message.short or message.subject)[:4]


def test_a_text_too_long_for_one_variable_goes_over_two() -> None:
    class Two(sms_aliyun.AliyunGateway):
        def _refusal(self, query: dict[str, str]) -> None:
            self.names = json.loads(query["TemplateParam"])

    gateway = Two()
    with door(gateway) as base:
        answer = send(sms_aliyun.address(base, query="&param=a,b"), MESSAGE)
    values = gateway.names
    assert answer.outcome is DeliveryOutcome.SENT
    assert values["a"] + values["b"] == MESSAGE.short
    assert max(map(len, values.values())) <= 35


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (told({"code": 0}), DeliveryOutcome.SENT),
        (told({"success": True, "id": 7}), DeliveryOutcome.SENT),
        (Told(200, b"success"), DeliveryOutcome.SENT),
        (Told(204), DeliveryOutcome.SENT),
        (told({"code": 103, "msg": "余额不足"}), DeliveryOutcome.UNKNOWN),
        (told({"error": "no balance"}), DeliveryOutcome.UNKNOWN),
        (told({"success": False}), DeliveryOutcome.UNKNOWN),
        (told({"status": "FAIL"}), DeliveryOutcome.UNKNOWN),
        (Told(200, b"<html>please log in</html>"), DeliveryOutcome.UNKNOWN),
        (Told(200, b"-103"), DeliveryOutcome.UNKNOWN),
    ],
)
def test_without_knowing_what_success_looks_like_an_answer_that_sounds_wrong_is_no_delivery(
    sent: Send, answer: Told, outcome: DeliveryOutcome
) -> None:
    assert sent(answer, ok="", receipt="")[0].outcome is outcome


def test_a_gateway_that_answers_with_one_word_is_read_too(sent: Send) -> None:
    assert sent(Told(200, b"success\n"), ok=":success", receipt="")[0].outcome is (
        DeliveryOutcome.SENT
    )
    assert sent(Told(200, b"-103"), ok=":success", receipt="")[0].outcome is (
        DeliveryOutcome.TEMPORARY
    )


def test_the_body_is_filled_in_as_the_address_says(sent: Send) -> None:
    body = '{"account": "{user}", "pswd": "{password}", "to": ["{phone}"], "msg": "{text}。"}'
    _, asked = sent(told({"code": 0}), body=body)
    assert asked.json == {
        "account": sms.USER, "pswd": sms.PASSWORD, "to": [sms.PHONE], "msg": MESSAGE.short + "。",
    }  # fmt: skip
    assert asked.headers["Authorization"] is None


@pytest.mark.parametrize("kind", [{"type": "form"}, {"method": "GET"}], ids=str)
def test_words_of_a_case_cannot_add_a_field_of_their_own(sent: Send, kind: dict[str, str]) -> None:
    message = replace(MESSAGE, short='"&to=13900139000&x={phone}')
    body = "to={phone}&text={text}"
    _, asked = sent(told({"code": 0}), message, body=body, **kind)
    fields = asked.query if "method" in kind else asked.form
    assert fields == {"to": sms.PHONE, "text": message.short}


def test_two_phones_behind_one_account_share_its_pace() -> None:
    one = sms_aliyun.address("https://dysmsapi.aliyuncs.com")
    two = sms_aliyun.address("https://dysmsapi.aliyuncs.com", phone="13900139000")
    other = sms_aliyun.address("https://dysmsapi.aliyuncs.com", key="LTAIanother")
    assert outlet(one).digest == outlet(two).digest != outlet(other).digest


@pytest.mark.parametrize(
    "url",
    [
        sms.address("https://sms.example.cn"),
        sms_aliyun.address("https://dysmsapi.aliyuncs.com"),
        sms_tencent.address("https://sms.tencentcloudapi.com"),
    ],
    ids=["sms", "aliyun", "tencent"],
)
def test_a_masked_address_shows_neither_secret_nor_phone(url: str) -> None:
    shown = mask(url)
    check(url)
    hidden = (sms.PASSWORD, sms_aliyun.SECRET, sms_tencent.KEY, sms_tencent.ID, sms_aliyun.KEY)
    assert shown.startswith(url.partition(":")[0])
    assert not [word for word in (*hidden, sms.PHONE) if word in shown]


@pytest.mark.parametrize(
    "url",
    [
        "aliyunsms://KEY@SIGN/SMS_1/13800138000",
        "aliyunsms://KEY:SECRET@SIGN/13800138000",
        "aliyunsms://KEY:SECRET@SIGN/SMS_1/nobody",
        "aliyunsms://KEY:SECRET@SIGN/SMS_1/13800138000?base=file:///etc",
        "tencentsms://ID:KEY@1400006666/SIGN/13800138000",
        "tencentsms://ID:KEY@1400006666/SIGN/1110/13800138000?parts=many",
        "sms://gateway.example/send",
        "sms://gateway.example/send?to=13800138000&method=DELETE",
        "sms://gateway.example/send?to=13800138000&body={not json {text}",
        "sms://gateway.example/send?to=13800138000&body={}",
        "sms://gateway.example/send?to=13800138000&ok=code",
    ],
)
def test_an_address_that_cannot_work_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ChannelTrouble, match=r"例如 (aliyun|tencent)?sms") as caught:
        check(url)
    assert "SECRET@SIGN/SMS_1/" not in caught.value.words.en
