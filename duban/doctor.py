"""体检: `duban doctor` looks at a whole installation and says what to do."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from duban import show
from duban.looking import AsJson
from duban.session import now, settings
from models.words import Trouble, Words

if TYPE_CHECKING:
    from duban.checks.examining import Looked
    from duban.checks.finding import Finding

_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "wrong": ("✗", "bold red")}


def add_to(app: typer.Typer) -> None:
    """Hang this command on the program."""
    app.command()(doctor)


def doctor(as_json: AsJson = False) -> None:
    """体检：检查整个安装，说明怎么办；有错退出码为 1 · examine an installation, say what to do."""
    looked, lang = _look()
    if as_json:
        show.print_json(_document(looked), ZoneInfo("UTC"))
    else:
        _print(looked, lang)
    if _counts(looked)["wrong"]:
        raise typer.Exit(1)


def _look() -> tuple[list["Looked"], str]:
    from duban.checks.examining import Looked, examine
    from duban.checks.finding import Site, wrong

    try:
        said = settings()
    except Trouble as trouble:  # nothing else can be looked at
        todo = Words("改正后再体检一次。", "Put it right and run duban doctor again.")
        found = [wrong("settings", trouble.words, todo)]
        return [Looked(Words("设置", "Settings"), found)], "zh"
    with show.err.status("正在体检… looking"):
        return examine(Site(said, now())), said.lang


def _counts(looked: Sequence["Looked"]) -> Counter[str]:
    return Counter(each.state.value for group in looked for each in group.findings)


def _print(looked: Sequence["Looked"], lang: str) -> None:
    for title, findings in looked:
        if findings:
            show.out.print(Text(title.within(lang), style="bold"))
        for each in findings:
            _print_one(each, lang)
    show.say(_verdict(_counts(looked)).within(lang))


def _print_one(each: "Finding", lang: str) -> None:
    mark, style = _MARKS[each.state.value]
    line = Text(f"  {mark} ", style=style).append(each.found.within(lang), style="default")
    show.out.print(line, soft_wrap=True)
    if each.todo:
        show.out.print(Text(f"    → {each.todo.within(lang)}"), soft_wrap=True)


def _verdict(counts: Counter[str]) -> Words:
    wrong, doubtful = counts["wrong"], counts["warning"]
    if not wrong and not doubtful:
        return Words("一切正常。", "All is well.")
    return Words(
        f"{wrong} 处有错，{doubtful} 处请注意；各项说明见 docs/operations.md。",
        f"{wrong} wrong, {doubtful} to look at; docs/operations.md says more of each.",
    )


def _document(looked: Sequence["Looked"]) -> dict[str, Any]:
    counts = _counts(looked)
    worst = next((state for state in ("wrong", "warning") if counts[state]), "ok")
    return {
        "state": worst,
        "findings": [
            {
                "group": title.en,
                "name": each.name,
                "state": each.state.value,
                "found": each.found._asdict(),
                "todo": each.todo._asdict() if each.todo else None,
            }
            for title, findings in looked
            for each in findings
        ],
    }
