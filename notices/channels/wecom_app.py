"""企业微信应用消息: wecomapp://CORPID:SECRET@AGENTID/USERID, to one person by name."""

import re
import time
from hashlib import sha256
from typing import Any, NamedTuple, Self
from urllib.parse import unquote

from notices.channels.answers import Answer, beforehand, of_exception, refused, strange
from notices.channels.codes import MISCONFIGURED, Code, Table
from notices.channels.http import Reply, call, post
from notices.channels.plugin import Plugin, Rate
from notices.channels.robot import cut, headed, key, place, words
from notices.channels.wecom import COMMON
from notices.message import Message

SIZE = 2048
BASE = "https://qyapi.weixin.qq.com"

# So long before its end a token is no longer used.
_MARGIN = 300

# "access_token 已过期 / 不合法 / 缺少": it was taken back before its time.
_STALE = (40014, 42001, 41001)

_USER = re.compile(r"[A-Za-z0-9][\w.@-]{0,63}", re.ASCII)
_APP = "请在企业微信管理后台 > 应用管理中"
_NOBODY = f"收件人不存在或不在应用的可见范围内：请核对账号 UserID，{_APP}把此人加入可见范围"
_UNLICENSED = f"收件人没有接口许可：{_APP}为此人激活账号许可"

CODES = Table(
    (
        Code(40001, MISCONFIGURED, f"应用的 Secret 不对：{_APP}重新查看 Secret 并更新渠道地址"),
        Code(40013, MISCONFIGURED, "企业 ID 不对：请在企业微信管理后台 > 我的企业中核对 CorpID"),
        Code(
            40014,
            MISCONFIGURED,
            f"企业微信不认刚发的 access_token：{_APP}核对 Secret 与企业 ID 是否同属一个企业",
        ),
        Code(42001, MISCONFIGURED, "刚取得的 access_token 已过期：请校准服务器时间，并核对 Secret"),
        Code(
            60020,
            MISCONFIGURED,
            f"本服务器的 IP 不是企业可信 IP：{_APP}打开该应用，在“企业可信IP”里加上服务器的出口 IP",
        ),
        Code(40056, MISCONFIGURED, f"应用编号 AgentId 不对：{_APP}核对"),
        Code(301002, MISCONFIGURED, f"Secret 与 AgentId 不是同一个应用的：{_APP}核对"),
        Code(50003, MISCONFIGURED, f"应用已停用：{_APP}启用它"),
        Code(60011, MISCONFIGURED, f"应用没有发消息的权限：{_APP}核对可见范围"),
        Code(48002, MISCONFIGURED, f"应用没有调用该接口的权限：{_APP}核对"),
        Code(301007, MISCONFIGURED, "企业已解散：请给此人换一个渠道"),
        Code(81013, MISCONFIGURED, _NOBODY),
        Code(60111, MISCONFIGURED, "收件人的账号 UserID 不存在：请在通讯录中核对"),
        Code(40003, MISCONFIGURED, "收件人的账号 UserID 不存在：请在通讯录中核对"),
        Code(40031, MISCONFIGURED, "收件人的账号 UserID 不存在：请在通讯录中核对"),
        *COMMON,
    ),
    receipt="msgid",
)


class _Token(NamedTuple):
    word: str
    until: float
    """On the clock that is never set."""


TOKENS: dict[str, _Token] = {}
"""The access tokens in use, by account. WeCom wants them kept: it counts how often it is asked."""


class WeComApp(Plugin):
    """A message of one application to one member of the corporation.

    `?base=https://host` names another host, such as a 政务微信 has; `?format=text` sends plain
    text, which members also see in WeChat itself (Markdown they see only in WeCom).
    Token: https://developer.work.weixin.qq.com/document/path/91039; messages and `invaliduser`:
    https://developer.work.weixin.qq.com/document/path/90236; codes:
    https://developer.work.weixin.qq.com/document/path/90313; limits, none of them of one
    application a minute: https://developer.work.weixin.qq.com/document/path/90454 (30 a minute to
    one member; WeCom drops what is more and does not say so).
    """

    SCHEMES = ("wecomapp",)
    FORM = "markdown"
    RATE = Rate()
    service_name: Any = "WeCom App"
    secure_protocol: Any = "wecomapp"

    def __init__(
        self, corp: str, secret: str, agent: str, member: str, base: str = "", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        if not re.fullmatch(r"[0-9]{1,15}", agent) or not _USER.fullmatch(member):
            raise TypeError("no application or no member")
        self.corp, self.secret = key(corp), key(secret)
        self.agent, self.member = agent, member
        self.base = place(base or BASE)
        self.plain = kwargs.get("format") == "text"

    @classmethod
    def read(cls, url: str, **kwargs: Any) -> Self | None:
        """The plugin of an address. Raises ValueError unless it names exactly one member."""
        said: dict[str, Any] | None = cls.parse_url(url, verify_host=False)
        return cls(**(_parts(said) | kwargs)) if said else None

    def account(self) -> str:
        """The application, whoever is written to."""
        return f"{self.base}/{self.corp}/{self.agent}"

    def url(self, privacy: bool = False, *args: Any, **kwargs: Any) -> str:
        """The address again; with `privacy` only the application."""
        login = "****" if privacy else f"{self.corp}:{self.secret}"
        return f"wecomapp://{login}@{self.agent}/{'…' if privacy else self.member}"

    def bring(self, message: Message) -> Answer:
        """Send to the member, with a new token once if the old one is refused.

        Raises what requests raises while the message is on its way, nothing before.
        """
        answer, token = self._carried(message)
        said = answer.answer.replace(token, "****") if token else answer.answer
        return answer._replace(answer=said)

    def _carried(self, message: Message, first: bool = True) -> tuple[Answer, str]:
        token = self._token()
        if isinstance(token, Answer):
            return token, ""
        reply = self._post(message, token)
        if first and (reply.said or {}).get("errcode") in _STALE:
            TOKENS.pop(self._owner(), None)
            return self._carried(message, first=False)
        return _read(reply), token

    def _post(self, message: Message, token: str) -> Reply:
        url = f"{self.base}/cgi-bin/message/send"
        return post(self, url, self._document(message), params={"access_token": token})

    def _document(self, message: Message) -> dict[str, Any]:
        to = {"touser": self.member, "agentid": int(self.agent)}
        form = "text" if self.plain or _plainer(message) else "markdown"
        text = words(message) if form == "text" else headed(message)
        return to | {"msgtype": form, form: {"content": cut(text, SIZE, message.lang)}}

    def _token(self) -> str | Answer:
        """The access token in use or a new one, or why there is none."""
        kept = TOKENS.get(self._owner())
        if kept and time.monotonic() < kept.until:
            return kept.word
        asked = {"corpid": self.corp, "corpsecret": self.secret}
        try:
            reply = call(self, f"{self.base}/cgi-bin/gettoken", method="GET", params=asked)
        except Exception as error:
            return beforehand(of_exception(error))
        return self._kept(reply)

    def _kept(self, reply: Reply) -> str | Answer:
        said = reply.said or {}
        word, lasts = said.get("access_token"), said.get("expires_in")
        if said.get("errcode") != 0:
            return beforehand(CODES.read(reply))
        if not isinstance(word, str) or not word or not isinstance(lasts, int):
            return beforehand(strange(reply.text))
        TOKENS[self._owner()] = _Token(word, time.monotonic() + lasts - _MARGIN)
        return word

    def _owner(self) -> str:
        return sha256(f"{self.account()}:{self.secret}".encode()).hexdigest()


def _plainer(message: Message) -> bool:
    """Whether plain text is the better form: there is no other, or only it goes over whole."""
    if not message.markdown:
        return True
    rich, plain = len(headed(message).encode()), len(words(message).encode())
    return rich > SIZE >= plain


def _parts(said: dict[str, Any]) -> dict[str, Any]:
    [member] = [part for part in (said["fullpath"] or "").split("/") if part]
    return said | {
        "corp": unquote(said["user"] or ""),
        "secret": unquote(said["password"] or ""),
        "agent": unquote(said["host"]),
        "member": unquote(member),
        "base": said["qsd"].get("base", ""),
    }


def _read(reply: Reply) -> Answer:
    """An errcode of 0 is no delivery where the one member it went to is named as invalid."""
    answer, said = CODES.read(reply), reply.said or {}
    if said.get("errcode") != 0:
        return answer
    if said.get("invaliduser"):
        return refused(MISCONFIGURED, _NOBODY)
    if said.get("unlicenseduser"):
        return refused(MISCONFIGURED, _UNLICENSED)
    return answer
