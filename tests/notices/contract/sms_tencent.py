"""Tencent's SMS service: it reckons the signature anew from what really came over the line.

https://cloud.tencent.com/document/api/382/55981, signature
https://cloud.tencent.com/document/api/213/30654
"""

import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.notices.contract.door import Asked, StandIn, Told, told
from tests.notices.contract.suite import (
    MISCONFIGURED,
    PERMANENT,
    TEMPORARY,
    TOO_FAST,
    Case,
    Subject,
    refusal,
)

ID, KEY = "AKIDthisIsOneOfTencent", "k3yOfTencentCloudAccount"
APP, SIGN, TEMPLATE, PHONE = "1400006666", "澄岚督办", "1110", "13800138000"
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<id>\w+)/(?P<scope>[\d-]{10}/sms/tc3_request), "
    r"SignedHeaders=(?P<names>[\w;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass
class TencentGateway(StandIn):
    id: str = ID
    key: str = KEY
    app: str = APP
    sign: str = SIGN
    late: float = 0
    """So many seconds its clock is before ours."""
    says: tuple[str, str] | None = None
    error: tuple[str, str] | None = None

    def answer(self, asked: Asked) -> Told:
        if refused := self._before(asked) or self.error:
            code, words = refused
            said: dict[str, Any] = {"Error": {"Code": code, "Message": words}}
            return told({"Response": said | {"RequestId": "ed93f3cb"}})
        document = asked.json
        code, words = self.says or self._refusal(document) or ("Ok", "send success")
        number = "5000:1045710669157053657849499619" if code == "Ok" else ""
        if code == "Ok":
            self.taken.append(document)
        status = {
            "SerialNo": number, "PhoneNumber": document["PhoneNumberSet"][0], "Fee": 1,
            "SessionContext": "", "Code": code, "Message": words, "IsoCode": "CN",
        }  # fmt: skip
        return told({"Response": {"SendStatusSet": [status], "RequestId": "a0aabda6"}})

    def _before(self, asked: Asked) -> tuple[str, str] | None:
        """What the house says before the service itself is asked."""
        proof = _AUTHORIZATION.fullmatch(asked.headers["Authorization"] or "")
        if proof is None:
            return "AuthFailure.InvalidAuthorization", "请求头部的 Authorization 不符合标准"
        if proof["id"] != self.id:
            return "AuthFailure.SecretIdNotFound", "The SecretId is not found."
        stamp = int(asked.headers["X-TC-Timestamp"])
        if abs(time.time() + self.late - stamp) > 300:
            return "AuthFailure.SignatureExpire", "The provided signature has expired."
        day = f"{datetime.fromtimestamp(stamp, UTC):%Y-%m-%d}"
        right = self._expected(asked, proof["names"], proof["scope"], stamp)
        if proof["scope"].partition("/")[0] != day or right != proof["signature"]:
            return (
                "AuthFailure.SignatureFailure",
                "The credentials could not be validated.",
            )
        action = asked.headers["X-TC-Action"], asked.headers["X-TC-Version"]
        return None if action == ("SendSms", "2021-01-11") else ("InvalidAction", "no")

    def _expected(self, asked: Asked, names: str, scope: str, stamp: int) -> str:
        if not {"content-type", "host"} <= set(names.split(";")):
            return ""
        lines = [f"{n}:{asked.headers[n].strip().lower()}" for n in names.split(";")]
        body = hashlib.sha256(asked.body).hexdigest()
        request = "\n".join([asked.method, asked.path, "", *lines, "", names, body])
        digest = hashlib.sha256(request.encode()).hexdigest()
        string = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
        day, service, end = scope.split("/")
        made = _hmac(_hmac(_hmac(f"TC3{self.key}".encode(), day), service), end)
        return _hmac(made, string).hex()

    def _refusal(self, document: dict[str, Any]) -> tuple[str, str] | None:
        if document["SmsSdkAppId"] != self.app:
            return "InvalidParameterValue.SdkAppIdNotExist", "sdkappid not exist"
        if document["SignName"] != self.sign:
            return "FailedOperation.SignatureIncorrectOrUnapproved", "signature is incorrect"
        if not re.fullmatch(r"\+861\d{10}", document["PhoneNumberSet"][0]):
            return "InvalidParameterValue.IncorrectPhoneNumber", "phone number format error"
        if len(document["TemplateParamSet"]) != 1:
            return "FailedOperation.TemplateParamSetNotMatchApprovedTemplate", "not match"
        return None


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _set(**settings: Any) -> Any:
    return lambda stand_in: stand_in.__dict__.update(settings)


def _says(code: str, words: str) -> Any:
    return _set(says=(code, words))


def address(base: str, query: str = "") -> str:
    return f"tencentsms://{ID}:{KEY}@{APP}/{SIGN}/{TEMPLATE}/{PHONE}?base={base}{query}"


_FAST = "LimitExceeded."
REFUSALS: list[Case] = [
    refusal("another secret", _set(key="other"), MISCONFIGURED, "密钥"),
    refusal("no such key", _set(id="other"), MISCONFIGURED, "密钥"),
    refusal("clock an hour off", _set(late=3600.0), MISCONFIGURED, "校时"),
    refusal("no such sign", _set(sign="另一个"), MISCONFIGURED, "签名"),
    refusal("no such application", _set(app="1"), MISCONFIGURED, "SdkAppId"),
    refusal(
        "package used up", _says("FailedOperation.InsufficientBalanceInSmsPackage", "no balance"),
        MISCONFIGURED, "套餐包",
    ),
    refusal(
        "no such number", _says("InvalidParameterValue.IncorrectPhoneNumber", "format error"),
        PERMANENT, "号码",
    ),
    refusal(
        "unsubscribed", _says("FailedOperation.PhoneNumberInBlacklist", "in blacklist"),
        PERMANENT, "退订",
    ),
    refusal(
        "one in thirty seconds", _says(f"{_FAST}PhoneNumberThirtySecondLimit", "limit"),
        TOO_FAST, "过快", again=timedelta(seconds=30),
    ),
    refusal(
        "too many an hour", _says(f"{_FAST}PhoneNumberOneHourLimit", "limit"),
        TOO_FAST, "一小时", again=timedelta(hours=1),
    ),
    refusal("enough today", _says(f"{_FAST}PhoneNumberDailyLimit", "limit"), PERMANENT, "今天"),
    refusal("out of order", _set(error=("InternalError.Timeout", "timeout")), TEMPORARY, "出错"),
    refusal("a code nobody knows", _says("SomethingNew", "sorry"), TEMPORARY, "SomethingNew"),
]  # fmt: skip

SUBJECT = Subject("tencentsms", TencentGateway, address, REFUSALS, (KEY,))
