"""Aliyun's SMS gateway: it reckons the signature anew from what really came over the line.

https://help.aliyun.com/document_detail/419273.html and, for what the gateway before it says,
https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

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

KEY, SECRET = "LTAI5tHereIsAKeyId", "k3yS3cretOfAliyunAccount"
SIGN, TEMPLATE, PHONE = "澄岚督办", "SMS_154950909", "13800138000"
_AUTHORIZATION = re.compile(
    r"ACS3-HMAC-SHA256 Credential=(?P<key>\w+),SignedHeaders=(?P<names>[\w;-]+),"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass
class AliyunGateway(StandIn):
    key: str = KEY
    secret: str = SECRET
    sign: str = SIGN
    now: datetime | None = None
    says: tuple[str, str] | None = None

    def answer(self, asked: Asked) -> Told:
        if refused := self._before(asked):
            code, words, status = refused
            return told({"Code": code, "Message": words, "RequestId": "0A974B78"}, status)
        code, words = self.says or self._refusal(asked.query) or ("OK", "OK")
        said = {"Message": words, "RequestId": "F655A8D5-B967-440B-8683", "Code": code}
        if code != "OK":
            return told(said)
        self.taken.append(asked.query)
        return told(said | {"BizId": f"9006195{len(self.taken)}^0"})

    def _before(self, asked: Asked) -> tuple[str, str, int] | None:
        """What the gateway says before the service itself is asked."""
        proof = _AUTHORIZATION.fullmatch(asked.headers["Authorization"] or "")
        if proof is None:
            return "IncompleteSignature", "The request signature does not conform.", 400
        if proof["key"] != self.key:
            return "InvalidAccessKeyId.NotFound", "Specified access key is not found.", 404
        at = datetime.fromisoformat(asked.headers["x-acs-date"])
        apart = (self.now or datetime.now(UTC)) - at
        if abs(apart) > timedelta(minutes=15):
            return "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.", 400
        if not hmac.compare_digest(self._expected(asked, proof["names"]), proof["signature"]):
            return "SignatureDoesNotMatch", "Specified signature is not matched.", 400
        action = asked.headers["x-acs-action"], asked.headers["x-acs-version"]
        return None if action == ("SendSms", "2017-05-25") else ("InvalidVersion", "No.", 404)

    def _expected(self, asked: Asked, names: str) -> str:
        lines = [f"{name}:{asked.headers[name].strip()}" for name in names.split(";")]
        body = hashlib.sha256(asked.body).hexdigest()
        if {"host", "x-acs-action"} - set(names.split(";")) or (
            asked.headers["x-acs-content-sha256"] != body
        ):
            return ""
        query = urlsplit(asked.target).query
        request = "\n".join([asked.method, asked.path, query, *lines, "", names, body])
        digest = hashlib.sha256(request.encode()).hexdigest()
        made = hmac.new(self.secret.encode(), f"ACS3-HMAC-SHA256\n{digest}".encode(), "sha256")
        return made.hexdigest()

    def _refusal(self, query: dict[str, str]) -> tuple[str, str] | None:
        if query["SignName"] != self.sign:
            return "isv.SMS_SIGNATURE_ILLEGAL", "该账号下找不到对应签名"
        if not re.fullmatch(r"1\d{10}", query["PhoneNumbers"]):
            return "isv.MOBILE_NUMBER_ILLEGAL", f"{query['PhoneNumbers']}invalid mobile number"
        values = json.loads(query["TemplateParam"])
        if set(values) != {"content"}:
            return "isv.TEMPLATE_MISSING_PARAMETERS", "模板变量缺少对应参数值"
        return None


def _set(**settings: Any) -> Any:
    return lambda stand_in: stand_in.__dict__.update(settings)


def _says(code: str, words: str) -> Any:
    return _set(says=(code, words))


def address(base: str, **more: str) -> str:
    parts = {"key": KEY, "secret": SECRET, "sign": SIGN, "phone": PHONE, "query": "", **more}
    return (
        "aliyunsms://{key}:{secret}@{sign}/{template}/{phone}?base={base}{query}"
    ).format(**parts, template=TEMPLATE, base=base)  # fmt: skip


_LIMIT = "isv.BUSINESS_LIMIT_CONTROL"
REFUSALS: list[Case] = [
    refusal("another secret", _set(secret="other"), MISCONFIGURED, "Secret 不对"),
    refusal("no such key", _set(key="other"), MISCONFIGURED, "AccessKey 不存在"),
    refusal("clock an hour off", _set(now=datetime(2020, 1, 1, tzinfo=UTC)), MISCONFIGURED, "校时"),
    refusal("no such sign", _set(sign="另一个"), MISCONFIGURED, "核对签名"),
    refusal("no money", _says("isv.AMOUNT_NOT_ENOUGH", "账户余额不足"), MISCONFIGURED, "充值"),
    refusal("no account", _says("isv.ACCOUNT_NOT_EXISTS", "账户不存在"), MISCONFIGURED, "账户"),
    refusal("no such number", _says("isv.MOBILE_NUMBER_ILLEGAL", "号码非法"), PERMANENT, "号码"),
    refusal(
        "one a minute", _says(_LIMIT, "触发分钟级流控Permits:1"), TOO_FAST, "过快",
        again=timedelta(minutes=1),
    ),
    refusal(
        "five an hour", _says(_LIMIT, "触发小时级流控Permits:5"), TOO_FAST, "一小时",
        again=timedelta(hours=1),
    ),
    refusal("enough today", _says(_LIMIT, "触发天级流控Permits:10"), PERMANENT, "今天"),
    refusal("out of order", _says("isp.SYSTEM_ERROR", "系统错误"), TEMPORARY, "出错"),
    refusal("a code nobody knows", _says("isv.SOMETHING_NEW", "新"), TEMPORARY, "SOMETHING_NEW"),
]  # fmt: skip

SUBJECT = Subject("aliyunsms", AliyunGateway, address, REFUSALS, (SECRET,))
