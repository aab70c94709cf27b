"""WeCom, DingTalk and Feishu as they answer whoever signs in by them."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.portal.standins import SECRET, Asked, Code, House, Reply, s256

# -- 企业微信 ----------------------------------------------------------------------------------


@dataclass
class WeCom(House):
    """Every refusal with HTTP 200. The app's token can be lost before its time."""

    kind = "wecom"
    issuer = "wecom:ww0123456789abcdef"
    apps: set[str] = field(default_factory=set)
    """Tokens of the app that hold."""

    def entry(self) -> dict[str, Any]:
        return {
            "name": "wecom", "kind": "wecom", "corp_id": "ww0123456789abcdef",
            "agent_id": 1000002, "secret": SECRET, "login_url": self.url,
            "inside_url": self.url, "api_url": self.url,
        }  # fmt: skip

    def is_before(self, name: str, subject: str) -> None:
        self.person = {"userid": subject}

    def routes(self) -> Mapping[str, Callable[[Asked], Reply]]:
        return {
            "GET /wwlogin/sso/login": self._page,
            "GET /connect/oauth2/authorize": self._page,
            "GET /cgi-bin/gettoken": self._app,
            "GET /cgi-bin/auth/getuserinfo": self._who,
        }

    def declined(self) -> dict[str, str]:
        return {}

    def _page(self, asked: Asked) -> Reply:
        query = asked.query
        right = query.get("login_type") == "CorpApp" or query.get("scope") == "snsapi_base"
        known = (query.get("appid"), query.get("agentid")) == ("ww0123456789abcdef", "1000002")
        return self.back(asked) if right and known else Reply(400, "<h1>参数错误</h1>")

    def _app(self, asked: Asked) -> Reply:
        if self.busy:
            return _wecom(45009, "api freq out of limit")
        if asked.query.get("corpid") != "ww0123456789abcdef":
            return _wecom(40013, "invalid corpid")
        if asked.query.get("corpsecret") != self.secret:
            return _wecom(40001, "invalid credential")
        token = secrets.token_urlsafe(100)
        self.apps.add(token)
        return Reply(200, {"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": 7200})

    def _who(self, asked: Asked) -> Reply:
        token = asked.query.get("access_token")
        if token not in self.apps:
            return _wecom(42001, f"access_token expired, {token}")
        code = self.codes.get(asked.query.get("code", ""))
        if code is None or code.used or code.old:
            return _wecom(40029, "invalid code")
        code.used = True
        return Reply(200, {"errcode": 0, "errmsg": "ok", **code.person})


def _wecom(code: int, words: str) -> Reply:
    hint = "hint: [1700000000123456789012345], from ip: 127.0.0.1"
    return Reply(200, {"errcode": code, "errmsg": f"{words}, {hint}"})


# -- 钉钉 --------------------------------------------------------------------------------------


@dataclass
class DingTalk(House):
    """Refuses with a status, a code in words and a message."""

    kind = "dingtalk"
    issuer = "dingtalk:dingabc"
    permitted: bool = True
    """Whether the app may read who the person is."""

    def entry(self) -> dict[str, Any]:
        return {
            "name": "dingtalk", "kind": "dingtalk", "client_id": "dingabc",
            "client_secret": SECRET, "login_url": self.url, "api_url": self.url,
        }  # fmt: skip

    def is_before(self, name: str, subject: str) -> None:
        self.person = {"nick": name, "unionId": subject, "openId": f"open-{subject}"}

    def routes(self) -> Mapping[str, Callable[[Asked], Reply]]:
        return {
            "GET /oauth2/auth": self._page,
            "POST /v1.0/oauth2/userAccessToken": self._exchange,
            "GET /v1.0/contact/users/me": self._who,
        }

    def given(self, code: str) -> dict[str, str]:
        return {"authCode": code, "code": code}

    def _page(self, asked: Asked) -> Reply:
        wanted = {
            "client_id": "dingabc", "response_type": "code", "scope": "openid",
            "prompt": "consent",
        }  # fmt: skip
        right = wanted.items() <= dict(asked.query).items()
        return self.back(asked) if right else Reply(400, "<h1>参数错误</h1>")

    def _exchange(self, asked: Asked) -> Reply:
        body = asked.body
        if self.busy:
            limit = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
            return _dingtalk(403, limit, "应用调用该接口次数过多，超出了该接口承受的最大qps")
        if (body.get("clientId"), body.get("clientSecret")) != ("dingabc", self.secret):
            return _dingtalk(400, "invalidClientIdOrSecret", "无效的clientId或者clientSecret")
        code = self.codes.get(body.get("code", ""))
        if body.get("grantType") != "authorization_code" or code is None or code.used or code.old:
            return _dingtalk(400, "invalidParameter.authCode.notFound", "不存在的临时授权码")
        code.used = True
        token = self.token(code.person)
        return Reply(200, {"accessToken": token, "refreshToken": token[::-1], "expireIn": 7200})

    def _who(self, asked: Asked) -> Reply:
        token = asked.headers.get("x-acs-dingtalk-access-token", "")
        person = self.tokens.get(token)
        if person is None:
            return _dingtalk(400, "InvalidAuthentication", f"不合法的access_token {token}")
        if not self.permitted:
            denied = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
            return _dingtalk(403, denied, "应用尚未开通所需的权限：[Contact.User.Read]")
        return Reply(200, dict(person))


def _dingtalk(status: int, code: str, message: str) -> Reply:
    request = "019F419C-8737-7A5D-B6B8-4DB544A5BC90"
    return Reply(status, {"code": code, "requestid": request, "message": message})


# -- 飞书 --------------------------------------------------------------------------------------


@dataclass
class Feishu(House):
    """For the token it refuses with HTTP 400, for the person with HTTP 200."""

    kind = "feishu"
    issuer = "feishu:cli_abc"
    resigned: bool = False

    def entry(self) -> dict[str, Any]:
        return {
            "name": "feishu", "kind": "feishu", "app_id": "cli_abc", "app_secret": SECRET,
            "login_url": self.url, "api_url": self.url,
        }  # fmt: skip

    def is_before(self, name: str, subject: str) -> None:
        self.person = {
            "name": name, "en_name": name, "union_id": subject, "open_id": f"ou-{subject}",
            "employee_no": "0042",
        }  # fmt: skip

    def routes(self) -> Mapping[str, Callable[[Asked], Reply]]:
        return {
            "GET /open-apis/authen/v1/authorize": self._page,
            "POST /open-apis/authen/v2/oauth/token": self._exchange,
            "GET /open-apis/authen/v1/user_info": self._who,
        }

    def _page(self, asked: Asked) -> Reply:
        query = asked.query
        wanted = {
            "client_id": "cli_abc", "response_type": "code", "code_challenge_method": "S256",
        }  # fmt: skip
        if not wanted.items() <= dict(query).items():
            return Reply(400, "<h1>参数错误</h1>")
        bound = {"challenge": query["code_challenge"], "redirect": query["redirect_uri"]}
        return self.back(asked, **bound)

    def _exchange(self, asked: Asked) -> Reply:
        if self.busy:
            return Reply(400, {"code": 99991400, "msg": "request trigger frequency limit"})
        refusal = self._refusal(asked.body, self.codes.get(asked.body.get("code", "")))
        if refusal is not None:
            number, words = refusal
            return Reply(
                400, {"code": number, "error": "invalid_grant", "error_description": words}
            )
        code = self.codes[asked.body["code"]]
        code.used = True
        token = self.token(code.person)
        return Reply(200, {"code": 0, "access_token": token, "token_type": "Bearer"})

    def _refusal(self, body: Mapping[str, str], code: Code | None) -> tuple[int, str] | None:
        found = code or Code({}, {"challenge": "", "redirect": ""})
        client = body.get("client_id"), body.get("client_secret")
        challenge = s256(body.get("code_verifier", ""))
        checks = (
            (client == ("cli_abc", self.secret), 20002, "The client secret is invalid."),
            (code is not None, 20003, "The authorization code is not found."),
            (not found.used, 20065, "The authorization code has been used."),
            (not found.old, 20004, "The authorization code has expired."),
            (challenge == found.bound["challenge"], 20049, "PKCE code challenge failed."),
            (body.get("redirect_uri") == found.bound["redirect"], 20071, "Redirect URI differs."),
        )
        return next(((number, words) for right, number, words in checks if not right), None)

    def _who(self, asked: Asked) -> Reply:
        token = asked.headers.get("Authorization", "").removeprefix("Bearer ")
        person = self.tokens.get(token)
        if person is None:
            words = f"The user access token passed is invalid: {token}"
            return Reply(200, {"code": 20005, "msg": words})
        if self.resigned:
            return Reply(200, {"code": 20021, "msg": "User resigned"})
        return Reply(200, {"code": 0, "msg": "success", "data": dict(person)})
