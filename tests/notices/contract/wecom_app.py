"""The WeCom API for applications: tokens that end, members that do not exist.

https://developer.work.weixin.qq.com/document/path/90236 and …/91039
"""

from dataclasses import dataclass, field
from datetime import timedelta

from notices.channels.wecom_app import TOKENS
from tests.notices.contract.door import Asked, StandIn, Told, told
from tests.notices.contract.suite import MISCONFIGURED, TEMPORARY, TOO_FAST, Subject, given, refusal
from tests.notices.contract.wecom import explained, too_long

CORP, SECRET, AGENT, MEMBER = "ww7e42424723224ba8", "b0YB42_42424242-J2332PnmA", 1000002, "bob.li"
SIZES = {"text": 2048, "markdown": 2048}
TOKEN = "accesstoken-Zx81"


@dataclass
class WeComApi(StandIn):
    corp: str = CORP
    secret: str = SECRET
    agent: int = AGENT
    members: tuple[str, ...] = (MEMBER,)
    valid: set[str] = field(default_factory=set)
    issued: int = 0
    login: Told | None = None
    """What is answered to a login instead of a token."""
    says: tuple[int, str] | None = None
    unseen: dict[str, str] = field(default_factory=dict)
    forgets: bool = False
    """Whether a token is worthless as soon as it was issued."""

    def carries(self, asked: Asked) -> bool:
        return asked.path != "/cgi-bin/gettoken"

    def answer(self, asked: Asked) -> Told:
        if not self.carries(asked):
            return self.login or self._issue(asked)
        if asked.path != "/cgi-bin/message/send":
            return Told(404)
        if refused := self._refusal(asked):
            return explained(*refused)
        if self.unseen:
            return told({"errcode": 0, "errmsg": "ok", "msgid": "", **self.unseen})
        self.taken.append(asked.json)
        return told({"errcode": 0, "errmsg": "ok", "invaliduser": "", "msgid": "MSG-1"})

    def _issue(self, asked: Asked) -> Told:
        if asked.query.get("corpid") != self.corp:
            return explained(40013, "invalid corpid")
        if asked.query.get("corpsecret") != self.secret:
            return explained(40001, "invalid credential")
        self.issued += 1
        token = f"{TOKEN}-{self.issued}"
        self.valid = set() if self.forgets else {token}
        return told({"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": 7200})

    def _refusal(self, asked: Asked) -> tuple[int, str] | None:
        if asked.query.get("access_token") not in self.valid:
            return 40014, "invalid access_token"
        if asked.json["agentid"] != self.agent:
            return 40056, "invalid agentid"
        if asked.json["touser"] not in self.members:
            return 81013, "user & party & tag all invalid"
        return self.says or too_long(asked.json, SIZES)


def fresh() -> WeComApi:
    """Nobody has a token yet."""
    TOKENS.clear()
    return WeComApi()


_IP = (60020, "not allow to access from your ip")
_FAST = (45009, "api freq out of limit")

SUBJECT = Subject(
    "wecomapp",
    fresh,
    lambda base: f"wecomapp://{CORP}:{SECRET}@{AGENT}/{MEMBER}?base={base}",
    [
        refusal("wrong secret", given(secret="other"), MISCONFIGURED, "Secret 不对"),
        refusal("wrong corporation", given(corp="other"), MISCONFIGURED, "CorpID"),
        refusal("wrong application", given(agent=1), MISCONFIGURED, "AgentId"),
        refusal("token refused twice", given(forgets=True), MISCONFIGURED, "access_token"),
        refusal("no such member", given(members=()), MISCONFIGURED, "UserID"),
        refusal(
            "member invalid beside errcode 0",
            given(unseen={"invaliduser": MEMBER}),
            MISCONFIGURED,
            "可见范围",
        ),
        refusal(
            "member without licence",
            given(unseen={"unlicenseduser": MEMBER}),
            MISCONFIGURED,
            "许可",
        ),
        refusal("IP not allowed", given(says=_IP), MISCONFIGURED, "企业可信IP"),
        refusal("too fast", given(says=_FAST), TOO_FAST, "过快", again=timedelta(minutes=1)),
        refusal("login fails", given(login=Told(500, b"oops")), TEMPORARY, "500"),
        refusal("login is a page", given(login=Told(200, b"<html>")), TEMPORARY, "尚未发出"),
        refusal("login without token", given(login=told({"errcode": 0})), TEMPORARY, "尚未发出"),
        refusal("busy", given(says=(-1, "system error")), TEMPORARY, "系统繁忙"),
    ],
    (SECRET, CORP, TOKEN),
)
