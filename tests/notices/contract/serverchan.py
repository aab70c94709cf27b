"""ServerChan Turbo: it refuses with HTTP 400 and one code for everything.

https://sct.ftqq.com/sendkey, https://github.com/easychen/serverchan-sdk
"""

from dataclasses import dataclass
from typing import Any

from apprise import Apprise

from tests.notices.contract.door import Asked, StandIn, Told, told
from tests.notices.contract.suite import MISCONFIGURED, TEMPORARY, Subject, given, refusal

KEY = "SCT12345TbUqXh0Zq9kLmN7vWxYz"


@dataclass
class ServerChan(StandIn):
    key: str = KEY
    left: int = 5
    says: tuple[int, str] | None = None

    def answer(self, asked: Asked) -> Told:
        if asked.path not in (f"/{self.key}.send", f"/send/{self.key}.send"):
            return _refused(40001, "[AUTH]用户不存在或者权限不足", 461)
        if not self.left:
            return _refused(40001, "[AUTH]超过当天的发送次数限制[5]，请稍后再试", 471)
        if self.says:
            return _refused(*self.says, 400)
        self.left -= 1
        self.taken.append(asked.form)
        data = {"pushid": "3401", "readkey": "SCTxyz", "error": "SUCCESS", "errno": 0}
        return told({"code": 0, "message": "", "data": data})


def _refused(code: int, words: str, scode: int) -> Told:
    info = words.removeprefix("[AUTH]")
    return told({"message": words, "code": code, "info": info, "args": [], "scode": scode}, 400)


def _theirs(base: str) -> Any:
    plugin: Any = Apprise.instantiate(f"schan://{KEY}")
    plugin.notify_url = base + "/{token}.send"
    return plugin


SUBJECT = Subject(
    "schan",
    ServerChan,
    lambda base: f"schan://{KEY}?base={base}",
    [
        refusal("unknown token", given(key="other"), MISCONFIGURED, "SendKey 无效"),
        refusal("quota used up", given(left=0), MISCONFIGURED, "已用完"),
        refusal("busy", given(says=(-1, "busy")), TEMPORARY, "繁忙"),
    ],
    (KEY,),
    _theirs,
)
