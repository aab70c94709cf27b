"""阿里云短信: aliyunsms://KEYID:SECRET@SIGNNAME/TEMPLATECODE/PHONE, signed and its answers read."""

import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlsplit

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

ALGORITHM = "ACS3-HMAC-SHA256"
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)

# https://help.aliyun.com/zh/sms/developer-reference/api-error-codes; what the gateway itself
# says (without "isv."): https://api.aliyun.com/document/Dysmsapi/2017-05-25/errorCode.
MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {
        **means(
            PERMANENT,
            {
                "isv.MOBILE_NUMBER_ILLEGAL": "号码格式不对：请改正此人的渠道地址",
                "isv.MOBILE_COUNT_OVER_LIMIT": "一次只能发给一个号码",
                "isv.BLACK_KEY_CONTROL_LIMIT": "短信含有阿里云禁用的词",
                "isv.SMS_CONTENT_ILLEGAL": "短信内容不被允许",
                "isv.PARAM_NOT_SUPPORT_URL": "阿里云不许模板变量中有网址",
                "isv.INVALID_PARAMETERS": "参数不被接受",
                "isv.INVALID_JSON_PARAM": "模板参数不被接受",
            },
        ),
        **means(
            MISCONFIGURED,
            {
                "isv.PARAM_LENGTH_LIMIT": "一个变量容不下：请用两个变量的模板，地址写 ?param=a,b",
                "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": "国际短信模板不能发境内号码：请换国内短信模板",
                "isv.TEMPLATE_MISSING_PARAMETERS": "变量名不对：请在地址中写 ?param=变量名",
                "isv.TEMPLATE_PARAMS_ILLEGAL": "变量类型不收这样的内容：请申请为“其他”类型",
                "isv.SMS_TEMPLATE_ILLEGAL": "模板不存在或未通过审核：请在控制台核对模板编号",
                "isv.SMS_SIGNATURE_ILLEGAL": "签名不存在或未通过审核：请在阿里云短信控制台核对签名",
                "isv.SMS_SIGNATURE_SCENE_ILLEGAL": "签名与模板的类型不一致：请改用通用签名",
                "isv.SMS_SIGN_ILLEGAL": "签名被禁止使用：请另申请签名",
                "isv.SIGN_STATE_ILLEGAL": "签名不可用：请在阿里云短信控制台看原因",
                "isv.SMS_TEST_SIGN_TEMPLATE_LIMIT": "测试签名与测试模板须一起用：请改用正式的",
                "isv.SMS_TEST_NUMBER_LIMIT": "测试签名只能发给绑定的号码：请改用正式签名与模板",
                "isv.EXTEND_CODE_ERROR": "扩展码已用于另一个签名",
                "isv.AMOUNT_NOT_ENOUGH": "阿里云账户余额不足：请充值",
                "isv.OUT_OF_SERVICE": "阿里云短信已停机：请充值",
                "isv.ACCOUNT_NOT_EXISTS": "阿里云账户不存在：请核对 AccessKey",
                "isv.ACCOUNT_ABNORMAL": "阿里云账户异常：请联系阿里云",
                "isv.PRODUCT_UN_SUBSCRIPT": "没有开通阿里云短信服务：请先开通",
                "isv.PRODUCT_UNSUBSCRIBE": "没有开通阿里云短信服务：请先开通",
                "isv.DENY_IP_RANGE": "阿里云不接受本机所在地区的来源地址",
                "isv.DAY_LIMIT_CONTROL": "已到控制台设定的每日发送量：请在安全设置中调高",
                "isv.MONTH_LIMIT_CONTROL": "已到控制台设定的每月发送量：请在安全设置中调高",
                "isp.RAM_PERMISSION_DENY": "没有发短信的权限：请授予 AliyunDysmsFullAccess",
                "SignatureDoesNotMatch": "签名核对不上：AccessKey Secret 不对，请重新填写渠道地址",
                "IncompleteSignature": "签名核对不上：请核对渠道地址",
                "InvalidAccessKeyId": "AccessKey 不存在或已停用：请重新填写渠道地址",
                "Forbidden": "AccessKey 没有发短信的权限：请在阿里云授权",
                "InvalidTimeStamp": "本机时钟不准，签名因而无效：请校时",
            },
        ),
        **means(
            TEMPORARY,
            {
                "isp.SYSTEM_ERROR": "阿里云短信系统出错",
                "isp.GATEWAY_ERROR": "阿里云短信系统出错",
                "isp.UNKNOWN": "阿里云短信系统出错",
                "SignatureNonceUsed": "签名的随机数重复",
                "ServiceUnavailable": "阿里云短信服务暂不可用",
                "InternalError": "阿里云短信系统出错",
            },
        ),
        "Throttling": Meaning(TOO_FAST, "发送过快，被阿里云限流", _MINUTE),
    }
)

LIMITED = "isv.BUSINESS_LIMIT_CONTROL"
LIMITS = (
    ("天级", Meaning(PERMANENT, "该号码今天收到的短信已达上限")),
    ("小时级", Meaning(TOO_FAST, "该号码一小时内收到的短信已达上限", _HOUR)),
    ("", Meaning(TOO_FAST, "向该号码发送过快", _MINUTE)),
)
"""What the text of that code holds decides: a day is too long to wait, so another channel goes."""


def signed(
    key: str, secret: str, host: str, query: str, headers: Mapping[str, str], body: bytes = b""
) -> str:
    """The header Authorization (V3, ACS3-HMAC-SHA256) of a POST to "/".

    `query` is in canonical form, `headers` the x-acs- ones.
    https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature
    """
    lines = {"host": host, **headers}
    names = ";".join(sorted(lines))
    listed = "".join(f"{name}:{lines[name]}\n" for name in sorted(lines))
    request = "\n".join(("POST", "/", query, listed, names, sha256(body).hexdigest()))
    string = f"{ALGORITHM}\n{sha256(request.encode()).hexdigest()}"
    signature = hmac.digest(secret.encode(), string.encode(), "sha256").hex()
    return f"{ALGORITHM} Credential={key},SignedHeaders={names},Signature={signature}"


def canonical(query: Mapping[str, str]) -> str:
    """A query as it is signed and sent: sorted, and encoded as RFC 3986 has it."""
    said = sorted((quote(k, safe="~"), quote(v, safe="~")) for k, v in query.items())
    return "&".join(f"{name}={value}" for name, value in said)


class AliyunSMS(Gateway):  # type: ignore[no-untyped-call]
    """One phone, by SendSms (2017-05-25): https://help.aliyun.com/document_detail/419273.html.

    The template has one variable, `content`, or those that `?param=a,b` names: the text goes
    over them in order. The BizId of the answer is the receipt.
    """

    SCHEMES = ("aliyunsms",)
    BASE = "https://dysmsapi.aliyuncs.com"
    service_name: Any = "Aliyun SMS"
    secure_protocol: Any = "aliyunsms"

    def __init__(self, parts: Parts, **kwargs: Any) -> None:
        super().__init__(parts, **kwargs)
        self.key, self.secret = needed(parts.user), needed(parts.password)
        self.sign = needed(parts.host)
        if len(parts.path) != 2:
            raise TypeError("template and phone are needed")
        self.template, self.phone = needed(parts.path[0]), phone(parts.path[1])
        self.names = [needed(n) for n in parts.query.get("param", "content").split(",")]
        self.base()

    def account(self) -> str:
        """Host and AccessKey."""
        return f"{self.base()}/{self.key}"

    def bring(self, message: Message) -> Answer:
        """Have the text sent. Raises what requests raises."""
        base = self.base()
        query = canonical(self._asked(text_of(message)))
        headers = {
            "x-acs-action": "SendSms",
            "x-acs-content-sha256": sha256(b"").hexdigest(),
            "x-acs-date": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-version": "2017-05-25",
        }
        host = urlsplit(base).netloc
        sign = {"Authorization": signed(self.key, self.secret, host, query, headers)}
        reply = call(self, f"{base}/?{query}", headers=headers | sign)
        said = reply.said or {}
        code, text = said.get("Code"), str(said.get("Message") or "")
        meanings = {**MEANINGS, LIMITED: next(row for word, row in LIMITS if word in text)}
        return judge(reply, code, text, meanings, str(said.get("BizId") or ""))

    def _asked(self, text: str) -> dict[str, str]:
        values = dict(zip(self.names, shares(text, len(self.names)), strict=True))
        return {
            "PhoneNumbers": self.phone,
            "SignName": self.sign,
            "TemplateCode": self.template,
            "TemplateParam": json.dumps(values, ensure_ascii=False),
        }
