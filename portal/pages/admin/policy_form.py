"""The commonest values of a policy as a form: read from its text, and written back into it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from ledger.loading import shipped_policy
from models.words import Trouble, Words
from rules import plain_yaml
from rules.policy import Source, flatten

LARGEST = 100_000
"""Characters of a policy; the shipped one has 3 000."""


class Field(NamedTuple):
    """One value: where it stands in the text, what it is called, what may be chosen."""

    path: tuple[str, ...]
    label: Words
    options: tuple[tuple[str, Words], ...] = ()
    hint: Words | None = None

    @property
    def name(self) -> str:
        """The name of its field in the form."""
        return "-".join(self.path)


_LIMIT = Words("如 4 工作时、3 工作日、7 自然日", "such as 4 工作时, 3 工作日, 7 自然日")
_YES_NO = (("true", Words("是", "yes")), ("false", Words("否", "no")))

FIELDS = (
    Field(("stages", "sign", "limit"), Words("签收时限", "Limit to sign"), hint=_LIMIT),
    Field(("stages", "handle", "limit"), Words("整改时限", "Limit to put right"), hint=_LIMIT),
    Field(("rework",), Words("返工时限", "Limit of rework"), hint=_LIMIT),
    Field(("stages", "verify", "limit"), Words("核查时限", "Limit to verify"), hint=_LIMIT),
    Field(("stages", "publish", "limit"), Words("公示时限", "Limit to publish"), hint=_LIMIT),
    Field(("stages", "look_back", "limit"), Words("回头看时限", "Limit to look back"), hint=_LIMIT),
    Field(("look_back", "rate"), Words("回头看比例", "Share looked back at"),
          hint=Words("如 10%", "such as 10%")),
    Field(("requests", "extensions"), Words("最多延期次数", "Extensions at most")),
    Field(("requests", "suspensions"), Words("最多挂账次数", "Suspensions at most")),
    Field(("burden", "reminders_per_day"), Words("每人每天最多提醒", "Reminders a day at most"),
          hint=Words("督办升级不受此限", "levels of the ladder are never held back")),
    Field(("burden", "together_within"), Words("多久内的提醒合并", "Reminders joined within"),
          hint=_LIMIT),
    Field(("burden", "news_within"), Words("多久内的消息合并", "News joined within"),
          hint=Words("如 0.5 工作时；头一条立即发", "such as 0.5 工作时; the first goes at once")),
    Field(("burden", "news_per_day"), Words("每人每天最多消息", "News a day at most"),
          hint=Words("超出的次日上班时发", "the rest comes the next morning")),
    Field(("burden", "evening"), Words("下班后多久仍可通知", "Evening after closing time"),
          hint=Words("如 2 自然小时；写 0 则下班即静默", "such as 2 自然小时; 0 for none")),
    Field(("hold_reminders",), Words("夜间假日静默", "Quiet nights and days off"), _YES_NO),
    Field(("filing",), Words("立案方式", "Filing"),
          (("auto", Words("自动立案", "by itself")), ("hand", Words("人工立案", "by hand")))),
    Field(("confident",), Words("自动归类要求的把握", "Confidence asked of a category"),
          hint=Words("0 到 1，低于它由人选类别", "0 to 1; below it a person chooses")),
    Field(("reading", "day_rule"), Words("工作日怎样到期", "How working days end"),
          (("end_of_day", Words("第 n 个工作日下班", "closing time of the nth day")),
           ("same_time", Words("第 n 个工作日同一时刻", "same time on the nth day")),
           ("hours", Words("折成工作时", "as hours")))),
    Field(("reading", "bare_days"), Words("只写“天”时", "Days without a kind"),
          (("working", Words("按工作日", "are working days")),
           ("calendar", Words("按自然日", "are calendar days")))),
)  # fmt: skip


def values(text: str) -> dict[str, str]:
    """What the text says for each field, by the field's name; nothing where it has a mistake."""
    if len(text) > LARGEST:
        return {}
    try:
        data = plain_yaml.load(flatten(Source("", text), shipped_policy))
    except Trouble:
        return {}
    return {field.name: _shown(_at(data, field.path)) for field in FIELDS}


def _at(data: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        data = data.get(part) if isinstance(data, dict) else None
    return data


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def fill(text: str, wanted: Mapping[str, str]) -> str:
    """The text with these values in it; what does not change, and a text with a mistake, stays.

    Comments are lost: a text is kept without them anyway.
    """
    known = values(text)
    if not known:
        return text
    data = plain_yaml.load(text)
    changed = False
    for field in FIELDS:
        new = wanted.get(field.name, "").strip()
        if new and new != known.get(field.name):
            _put(data, field.path, _value(new))
            changed = True
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False) if changed else text


def _put(data: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *above, last = path
    for part in above:
        data = data.setdefault(part, {})
    data[last] = value


def _value(text: str) -> Any:
    """A number or a yes as YAML has them; all else is text."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
