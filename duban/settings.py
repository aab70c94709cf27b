"""Settings: from the environment or `.env`, nothing else."""

import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """DUBAN_HOME and DUBAN_DATABASE_URL say where things are; DUBAN_LANG is zh or en."""

    model_config = SettingsConfigDict(env_prefix="DUBAN_", env_file=".env", extra="ignore")

    home: Path = Path("duban-data")
    """The folder for everything a user keeps: SQLite file, inbox, demo messages, Prefect."""
    database_url: str = Field(default="", repr=False)
    """The ledger. Empty: SQLite in the home folder."""
    lang: str = "zh"
    port: int = 4200
    """Where `duban up` lets Prefect's own server listen, on 127.0.0.1."""

    def database(self) -> str:
        """The URL of the ledger."""
        return self.database_url or f"sqlite:///{self.home.resolve() / 'duban.db'}"


def prepare() -> Settings:
    """Read the settings and put them where tasks and child processes find them.

    Also sets Prefect's own home below ours, and switches off what would call outside.
    """
    settings = Settings()
    home = settings.home.resolve()
    os.environ["DUBAN_HOME"] = str(home)
    os.environ["DUBAN_DATABASE_URL"] = settings.database()
    for name, value in {
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        # Prefect keeps every run for ever unless told otherwise; a round a minute adds up.
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(7 * 24 * 3600),
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P1D",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    }.items():
        os.environ.setdefault(name, value)
    return settings
