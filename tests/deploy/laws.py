"""What may stand in files for Docker and Kubernetes: settings, commands, pages that there are."""

from functools import cache

from cyclopts import CycloptsError
from prefect.cli._app import _app as prefect_cli
from prefect.settings import Settings as PrefectSettings
from prefect.settings.legacy import _get_settings_fields
from typer.main import get_command

from duban.cli import app as duban_cli
from duban.settings import Settings
from portal.pages import routers

BESIDE = {"DUBAN_SECRET_KEY", "FORWARDED_ALLOW_IPS", "TZ"}
"""Read elsewhere: by tasks/keys.py, by uvicorn, by the C library."""

KUBERNETES = "PREFECT_INTEGRATIONS_KUBERNETES_"
"""Settings of prefect-kubernetes, which is in the image only."""


def is_setting(name: str) -> bool:
    """Whether somebody reads this name in the environment."""
    return name in BESIDE | _settings() or name.startswith(KUBERNETES)


def is_command(words: list[str]) -> bool:
    """Whether `duban …` or `prefect …` is a command that there is, with options that there are."""
    program, *rest = words
    return {"duban": _of_duban, "prefect": _of_prefect}[program](tuple(rest))


@cache
def portal_pages() -> set[str]:
    """The addresses of the portal's own pages."""
    return {getattr(route, "path", "") for router in routers() for route in router.routes}


@cache
def _settings() -> set[str]:
    duban = {f"DUBAN_{name.upper()}" for name in Settings.model_fields}
    return duban | {name for name in _get_settings_fields(PrefectSettings) if name.isupper()}


@cache
def _of_duban(words: tuple[str, ...]) -> bool:
    command = get_command(duban_cli)
    while hasattr(command, "commands") and words:
        name, words = words[0], words[1:]
        if name not in command.commands:
            return False
        command = command.commands[name]
    options = {spelled for one in command.params for spelled in one.opts}
    return not hasattr(command, "commands") and {w for w in words if w[:2] == "--"} <= options


@cache
def _of_prefect(words: tuple[str, ...]) -> bool:
    try:
        prefect_cli.parse_args(words, exit_on_error=False, print_error=False)
    except CycloptsError:
        return False
    return True
