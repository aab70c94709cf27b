"""腾讯云短信: tencentsms://SECRETID:SECRETKEY@SDKAPPID/SIGN/TEMPLATEID/PHONE, signed and read."""

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from notices.channels.answers import Answer
from notices.channels.codes import MISCONFIGURED, PERMANENT, TEMPORARY, TOO_FAST
from notices.channels.http import call
from notices.channels.sms_base import (
    Gateway,
    Meaning,
    Parts,
    judge,
    means,
    needed,
    phone,
    shares,
    text_of,
)
from notices.message import Message

ALGORITHM = "TC3-HMAC-SHA256"
_HALF, _MINUTE, _HOUR = timedelta(seconds=30), timedelta(minutes=1), timedelta(hours=1)
CONTENT = "application/json; charset=utf-8"

# https://cloud.tencent.com/document/api/382/59177 and, for what all services of the house say,
# https://cloud.tencent.com/document/api/382/52075.
MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {
        **means(
            PERMANENT,
            {
                "InvalidParameterValue.IncorrectPhoneNumber": "号码格式不对：请改正此人的渠道地址",
                "InvalidParameterValue.ContentLengthLimit": "短信太长",
                "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter": "模板变量中不许有网址",
                "InvalidParameterValue": "参数不被接受",
                "InvalidParameter": "参数不被接受",
                "MissingParameter": "缺少参数",
                "FailedOperation.ContainSensitiveWord": "短信含有敏感词",
                "FailedOperation.PhoneNumberInBlacklist": "该号码已退订或在免打扰名单中",
                "LimitExceeded.PhoneNumberDailyLimit": "该号码今天收到的短信已达上限",
                "LimitExceeded.PhoneNumberSameContentDailyLimit": "该号码今天已收到同样的短信",
            },
        ),
        **means(
            MISCONFIGURED,
            {
                "InvalidParameterValue.TemplateParameterLengthLimit": "变量容不下：写 ?parts=几",
                "InvalidParameterValue.TemplateParameterFormatError": "变量类型不符：换模板",
                "InvalidParameterValue.SdkAppIdNotExist": "SdkAppId 不存在：请核对渠道地址",
                "FailedOperation.SignatureIncorrectOrUnapproved": "签名不对或未过审：请核对",
                "FailedOperation.TemplateIncorrectOrUnapproved": "模板不对或未过审：请核对",
                "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": "变量个数与模板不符",
                "FailedOperation.TemplateUnapprovedOrNotExist": "模板没有或未过审：请核对",
                "FailedOperation.InsufficientBalanceInSmsPackage": "短信套餐包已用完：请购买",
                "FailedOperation.MissingSignature": "没有可用的签名：请先申请",
                "FailedOperation.MissingTemplateToModify": "模板不存在：请核对渠道地址",
                "LimitExceeded.DailyLimit": "已到每日发送量：请在控制台调高",
                "LimitExceeded.AppCountryOrRegionDailyLimit": "已到每日发送量：请在控制台调高",
                "LimitExceeded.AppMainlandChinaDailyLimit": "已到每日发送量：请在控制台调高",
                "AuthFailure.SignatureExpire": "本机时钟不准，签名因而无效：请校时",
                "AuthFailure": "密钥不对或已停用：请重新填写渠道地址",
                "UnauthorizedOperation.RequestIpNotInWhitelist": "本机地址不在白名单中：请加入",
                "UnauthorizedOperation": "密钥没有发短信的权限：请在腾讯云授权",
                "UnsupportedOperation": "腾讯云不支持向该号码这样发送：请核对模板与号码",
                "UnsupportedRegion": "地域不对：请改正地址中的 ?region=",
                "IpNotInWhitelist": "本机地址不在白名单中：请加入",
                "IpInBlacklist": "本机地址被腾讯云拉黑",
            },
        ),
        **means(
            TEMPORARY,
            {
                "FailedOperation": "腾讯云没有受理",
                "InternalError": "腾讯云短信系统出错",
            },
        ),
        "LimitExceeded.PhoneNumberThirtySecondLimit": Meaning(TOO_FAST, "向该号码发送过快", _HALF),
        "LimitExceeded.PhoneNumberOneHourLimit": Meaning(TOO_FAST, "该号码一小时内已收满", _HOUR),
        "LimitExceeded": Meaning(TOO_FAST, "发送过快，被腾讯云限流", _MINUTE),
        "RequestLimitExceeded": Meaning(TOO_FAST, "发送过快，被腾讯云限流", _MINUTE),
    }
)


def signed(
    key: str, secret: str, host: str, service: str, action: str, at: datetime, body: bytes
) -> str:
    """The header Authorization (TC3-HMAC-SHA256) of a POST of JSON to "/" at an instant.

    https://cloud.tencent.com/document/api/213/30654
    """
    names = "content-type;host;x-tc-action"
    listed = f"content-type:{CONTENT}\nhost:{host}\nx-tc-action:{action.lower()}\n"
    request = "\n".join(("POST", "/", "", listed, names, sha256(body).hexdigest()))
    scope = f"{at.astimezone(UTC):%Y-%m-%d}/{service}/tc3_request"
    digest = sha256(request.encode()).hexdigest()
    string = "\n".join((ALGORITHM, str(int(at.timestamp())), scope, digest))
    made = f"TC3{secret}".encode()
    for part in (*scope.split("/"), string):
        made = hmac.digest(made, part.encode(), "sha256")
    return f"{ALGORITHM} Credential={key}/{scope}, SignedHeaders={names}, Signature={made.hex()}"


class TencentSMS(Gateway):  # type: ignore[no-untyped-call]
    """One phone, by SendSms (2021-01-11): https://cloud.tencent.com/document/api/382/55981.

    The template has one variable, or `?parts=2` of them: the text goes over them in order.
    `?region=` is ap-guangzhou by default. The SerialNo of the answer is the receipt.
    """

    SCHEMES = ("tencentsms",)
    BASE = "https://sms.tencentcloudapi.com"
    service_name: Any = "Tencent Cloud SMS"
    secure_protocol: Any = "tencentsms"

    def __init__(self, parts: Parts, **kwargs: Any) -> None:
        super().__init__(parts, **kwargs)
        self.key, self.secret = needed(parts.user), needed(parts.password)
        self.app = needed(parts.host)
        if len(parts.path) != 3:
            raise TypeError("sign, template and phone are needed")
        self.sign, self.template = needed(parts.path[0]), needed(parts.path[1])
        self.phone = phone(parts.path[2])
        self.variables = int(parts.query.get("parts", "1"))
        if not 1 <= self.variables <= 10:
            raise ValueError("a template has one to ten variables")
        self.base()

    def account(self) -> str:
        """Host, key and application."""
        return f"{self.base()}/{self.key}/{self.app}"

    def bring(self, message: Message) -> Answer:
        """Have the text sent. Raises what requests raises."""
        base, at = self.base(), datetime.now(UTC)
        body = json.dumps(self._asked(text_of(message)), ensure_ascii=False).encode()
        host = urlsplit(base).netloc
        headers = {
            "Authorization": signed(self.key, self.secret, host, "sms", "SendSms", at, body),
            "Content-Type": CONTENT,
            "X-TC-Action": "SendSms",
            "X-TC-Version": "2021-01-11",
            "X-TC-Timestamp": str(int(at.timestamp())),
            "X-TC-Region": self.parts.query.get("region", "ap-guangzhou"),
        }
        reply = call(self, f"{base}/", data=body, headers=headers)
        said = _status(reply.said)
        code, text = said.get("Code"), str(said.get("Message") or "")
        return judge(reply, code, text, MEANINGS, str(said.get("SerialNo") or ""))

    def _asked(self, text: str) -> dict[str, Any]:
        number = self.phone if self.phone.startswith("+") else f"+86{self.phone}"
        return {
            "PhoneNumberSet": [number],
            "SmsSdkAppId": self.app,
            "SignName": self.sign,
            "TemplateId": self.template,
            "TemplateParamSet": shares(text, self.variables),
        }


def _status(said: Any) -> Mapping[str, Any]:
    """Of an answer what it says of the one message: refused altogether, or how it was sent."""
    response = said.get("Response") if isinstance(said, dict) else None
    if not isinstance(response, dict):
        return {}
    sent = response.get("SendStatusSet")
    found = response.get("Error") or (sent[0] if isinstance(sent, list) and sent else None)
    return found if isinstance(found, dict) else {}
