"""任意短信网关: sms://user:password@host/path?to=PHONE, over HTTP; smss:// is the same over TLS."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from models.delivery import DeliveryOutcome
from notices.channels.answers import MAYBE, Answer, accepted, of_http, refused, strange
from notices.channels.http import Reply, call
from notices.channels.robot import place
from notices.channels.sms_base import Gateway, Parts, needed, phone, text_of
from notices.message import Message

_FIELD = re.compile(r"\{(user|password|phone|text|key)\}")
_BODIES = {
    "json": '{"to": "{phone}", "text": "{text}"}',
    "form": "to={phone}&text={text}",
}

# What services call the number or word that says whether it went well, and its good values.
_SAYS_HOW = ("code", "errcode", "err_code", "errno", "error_code", "ret", "retcode", "status")
_GOOD = {"", "0", "00", "0000", "000000", "200", "ok", "success", "true", "none"}
_ERRORS = ("error", "errors", "err")


class SMS(Gateway):  # type: ignore[no-untyped-call]
    """A gateway without a plugin of its own. Its address says how it is asked and how it answers.

    `method` is POST or GET; `type` json or form. `body` is what is sent, with `{phone}`,
    `{text}`, `{user}`, `{password}` and `{key}` (our name of the message) in the places of the
    values; where it names no password, user and password go as Basic authentication.
    `ok=data.code:0` is where the JSON answer says that it went well (`ok=:success`: the whole
    answer is this word), `receipt=data.id` where it names the message. Without `ok` an answer
    that is nothing to go by leaves it unknown.
    """

    SCHEMES = ("sms", "smss")
    service_name: Any = "SMS gateway"
    protocol: Any = "sms"
    secure_protocol: Any = "smss"

    def __init__(self, parts: Parts, **kwargs: Any) -> None:
        super().__init__(parts, **kwargs)
        asked = parts.query
        self.phone = phone(asked.get("to", ""))
        self.method, self.type = asked.get("method", "POST").upper(), asked.get("type", "json")
        if self.method not in ("POST", "GET") or self.type not in _BODIES:
            raise TypeError("POST or GET, json or form")
        default = "form" if self.method == "GET" else self.type
        self.template = asked.get("body") or _BODIES[default]
        if "{text}" not in self.template:
            raise TypeError("the body has no place for the text")
        self.ok, self.receipt = asked.get("ok", ""), asked.get("receipt", "")
        if self.ok and not self.ok.partition(":")[2]:
            raise TypeError("ok is a path and a value")
        self._content({})  # a template that cannot be filled in is refused now
        self.base()

    def base(self) -> str:
        """Scheme and host. Raises TypeError."""
        secure = self.parts.scheme == "smss"
        asked = self.parts.query.get("base")
        return place(asked or f"{'https' if secure else 'http'}://{needed(self.parts.host)}")

    def account(self) -> str:
        """Host and login."""
        return f"{self.base()}/{self.parts.user}"

    def bring(self, message: Message) -> Answer:
        """Ask the gateway to send the text. Raises what requests raises."""
        values = {
            "user": self.parts.user,
            "password": self.parts.password,
            "phone": self.phone,
            "text": text_of(message),
            "key": message.key,
        }
        url = f"{self.base()}/{'/'.join(self.parts.path)}"
        answer = self._read(call(self, url, method=self.method, **self._content(values)))
        return answer._replace(answer=answer.answer.replace(self._login(), "****"))

    def _login(self) -> str:
        """User and password as they go over the line: some gateways repeat what they were sent."""
        return b64encode(f"{self.parts.user}:{self.parts.password}".encode()).decode()

    def _content(self, values: Mapping[str, str]) -> dict[str, Any]:
        """The request, filled in. Values cannot break out of their places."""
        content: dict[str, Any] = {}
        if self.parts.user and "{password}" not in self.template:
            content["auth"] = self.parts.user.encode(), self.parts.password.encode()
        if self.method == "GET" or self.type == "form":
            pairs = parse_qsl(self.template, keep_blank_values=True, strict_parsing=True)
            filled = [(name, _filled(value, values)) for name, value in pairs]
            return content | {"params" if self.method == "GET" else "data": filled}
        body = json.dumps(_filled(json.loads(self.template), values), ensure_ascii=False)
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return content | {"data": body.encode(), "headers": headers}

    def _read(self, reply: Reply) -> Answer:
        if not 200 <= reply.status < 300:
            return of_http(reply.status, reply.body, reply.again)
        said = reply.said
        receipt = str(_at(said, self.receipt) or "")[:200] if self.receipt else ""
        if not self.ok:
            return accepted(receipt) if _says_well(reply) else _doubtful(reply)
        path, _, good = self.ok.partition(":")
        found = _at(said, path) if path else reply.text
        if found is None:
            return strange(reply.text)
        if _word(found) == good.strip().lower():
            return accepted(receipt)
        return refused(
            DeliveryOutcome.TEMPORARY, f"对方没有受理，{path or '答复'}不是 {good}：{reply.text}",
            reply.again,
        )  # fmt: skip


def _says_well(reply: Reply) -> bool:
    """Whether an answer of 2xx can be believed: it is empty, a good word, or JSON without error."""
    if reply.said is None:
        return _word(reply.text) in _GOOD
    return not _says_error(reply.said)


def _doubtful(reply: Reply) -> Answer:
    words = f"对方的答复看不出成功，{MAYBE}，请在渠道地址中用 ?ok= 写明怎样算成功：{reply.text}"
    return refused(DeliveryOutcome.UNKNOWN, words)


def _filled(template: Any, values: Mapping[str, str]) -> Any:
    if isinstance(template, str):
        return _FIELD.sub(lambda field: values.get(field[1], ""), template)
    if isinstance(template, list):
        return [_filled(part, values) for part in template]
    if isinstance(template, dict):
        return {name: _filled(part, values) for name, part in template.items()}
    return template


def _at(said: Any, path: str) -> Any:
    """What stands at a path such as `data.0.id` of a JSON document, or None."""
    for name in path.split("."):
        if isinstance(said, dict):
            said = said.get(name)
        elif isinstance(said, list) and name.isdecimal() and int(name) < len(said):
            said = said[int(name)]
        else:
            return None
    return said


def _word(value: Any) -> str:
    return str(value).strip().lower()


def _says_error(said: Mapping[str, Any]) -> bool:
    """Whether a JSON answer looks like a refusal, whatever its HTTP status was."""
    facts = {str(name).lower(): value for name, value in said.items()}
    if any(facts.get(name) for name in _ERRORS) or facts.get("success") in (False, "false", 0):
        return True
    return any(name in facts and _word(facts[name]) not in _GOOD for name in _SAYS_HOW)
