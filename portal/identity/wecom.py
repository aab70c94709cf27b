"""企业微信: whoever has scanned the code with it, or opens us inside it.

Its interface answers every refusal with HTTP 200; what counts is `errcode`.
https://developer.work.weixin.qq.com/document/path/98152 (sign-in), /91039 (the app's token),
/98177 (who it is), /90313 (the codes).
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from portal.identity import settings
from portal.identity.talking import Answer, Why, ask, code_of, refused, who
from portal.identity.who import Who

STALE = {"40014", "42001"}
"""The app's token does not hold any more, though its time may not be over."""
_REFUSALS = {
    "40029": Why.CODE,
    "-1": Why.BUSY,
    "45009": Why.BUSY,
    "45033": Why.BUSY,
    "60111": Why.PERSON,
}


class WeCom:
    """An app of a company's own. People are named by their userid in the company."""

    def __init__(self, house: settings.WeCom) -> None:
        self.name, self.label, self._house = house.name, house.label, house
        self._secret = house.secret.get_secret_value()
        self._token = ""
        """The app's own token: to ask for one at every sign-in would be refused as too often."""

    def begin(self, state: str, nonce: str, redirect: str, agent: str = "") -> str:
        """The page with the code to scan; inside WeCom a way that needs none."""
        house = self._house
        query = {"appid": house.corp_id, "redirect_uri": redirect, "state": state}
        query["agentid"] = house.agent_id
        if "wxwork" in agent.lower():
            silent = {"response_type": "code", "scope": "snsapi_base"}
            query = query | silent
            return f"{house.inside_url}/connect/oauth2/authorize?{urlencode(query)}#wechat_redirect"
        query["login_type"] = "CorpApp"
        return f"{house.login_url}/wwlogin/sso/login?{urlencode(query)}"

    def finish(self, params: Mapping[str, str], nonce: str, redirect: str, at: datetime) -> Who:
        """Which member of the company it is."""
        code = code_of(self.label, params, "code")
        found = self._person(code)
        if found.text("errcode") in STALE:
            self._token = ""
            found = self._person(code)
        self._check(found, code)
        userid = found.text("userid", "UserId")
        if not userid:  # somebody from outside the company has an openid only
            raise refused(self.label, Why.PERSON)
        return who(self.label, f"wecom:{self._house.corp_id}", userid, userid)

    def _person(self, code: str) -> Answer:
        self._token = self._token or self._fresh()
        query = {"access_token": self._token, "code": code}
        return ask(
            self.label, "GET", f"{self._house.api_url}/cgi-bin/auth/getuserinfo", params=query
        )

    def _fresh(self) -> str:
        query = {"corpid": self._house.corp_id, "corpsecret": self._secret}
        answer = ask(self.label, "GET", f"{self._house.api_url}/cgi-bin/gettoken", params=query)
        self._check(answer)
        return answer.text("access_token")

    def _check(self, answer: Answer, *hidden: str) -> None:
        code = answer.text("errcode")
        if answer.status == 200 and code in ("", "0"):
            return
        busy = answer.status == 429 or answer.status >= 500
        why = _REFUSALS.get(code, Why.BUSY if busy else Why.SETTINGS)
        said = f"{code or answer.status} {answer.text('errmsg')}"
        raise refused(self.label, why, said, self._secret, self._token, *hidden)
