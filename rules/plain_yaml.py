"""Plain YAML: fields, lists and values, with the line of each; nothing that hides or explodes."""

from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from models.words import Trouble, Words

DEEPEST = 12
"""Fields within fields; a policy needs six."""


class NotPlain(Trouble):
    """The text is not YAML, or of a kind not used here. `line` counts from 1."""

    def __init__(self, zh: str, en: str, line: int) -> None:
        super().__init__(zh, en)
        self.line = line


def load(text: str) -> Any:
    """The value the text stands for. Raises NotPlain."""
    try:
        return _Loader(text).get_single_data()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        words = error.words if isinstance(error, _Unfit) else _malformed(error)
        raise NotPlain(*words, line=mark.line + 1 if mark else 1) from None


def trail(text: str, where: Sequence[Any]) -> list[int]:
    """The lines on which the parts of a path stand, as far as the text has them."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    lines: list[int] = []
    for part in where:
        found = next(_children(node, part), None)
        if found is None:
            break
        key, node = found
        lines.append(key.start_mark.line + 1)
    return lines


def _children(node: Any, part: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((k, v) for k, v in node.value if k.value == str(part))
    elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        yield node.value[part], node.value[part]


def _malformed(error: yaml.YAMLError) -> Words:
    problem = getattr(error, "problem", None) or "unreadable characters"
    return Words(
        f"不是合法的 YAML（{problem}），请检查缩进与冒号",
        f"not valid YAML ({problem}); check the indentation and the colons",
    )


class _Unfit(yaml.MarkedYAMLError):
    """YAML, but not plain."""

    def __init__(self, zh: str, en: str, mark: yaml.Mark) -> None:
        super().__init__(problem_mark=mark)
        self.words = Words(zh, en)


class _Loader(yaml.SafeLoader):
    """A few lines of aliases can stand for gigabytes; a field written twice hides one."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            raise _Unfit("不能用别名（*），请写全", "no aliases (*); write it out", mark)
        if self._depth == DEEPEST:
            raise _Unfit("层次过深", "too many levels within each other", mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                raise _Unfit(
                    f"字段 {name} 写了两次", f"the field {name} stands twice", key.start_mark
                )
            seen.add(name)
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError:  # a date such as 2026-02-30
            raise _Unfit("读不出这个值", "this value cannot be read", node.start_mark) from None
