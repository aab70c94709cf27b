"""Settings: from the environment or `.env`, nothing else."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.words import Trouble


class Settings(BaseSettings):
    """DUBAN_HOME and DUBAN_DATABASE_URL say where things are; DUBAN_LANG is zh or en."""

    model_config = SettingsConfigDict(env_prefix="DUBAN_", env_file=".env", extra="ignore")

    home: Path = Path("duban-data")
    """The folder for everything a user keeps: SQLite file, inbox, demo messages, Prefect."""
    database_url: str = Field(default="", repr=False)
    """The ledger. Empty: SQLite in the home folder."""
    lang: Literal["zh", "en"] = "zh"
    port: int = Field(default=4200, ge=1, le=65535)
    """Where `duban up` lets Prefect's own server listen, on 127.0.0.1."""

    portal_host: str = "127.0.0.1"
    portal_port: int = Field(default=8000, ge=1, le=65535)
    """Where the portal listens."""
    portal_url: str = ""
    """The address people reach it by, as in https://duban.example.gov.cn; it stands in the links
    of notices, and with https cookies go over https only. Empty: host and port."""
    photos: str = ""
    """Where pictures are kept: a folder, or an fsspec URL such as s3://bucket/prefix. Empty:
    `photos` in the home folder."""
    hooks_private: bool = False
    """Whether outgoing hooks may call systems of the house's own network; see docs/hooks.md."""
    imap_url: str = Field(default="", repr=False)
    """Where mail is fetched: imaps://user:password@host:993/INBOX. Empty: nowhere."""
    mail_domain: str = ""
    """The domain of the address notices are sent from: mail of our own that comes back is known
    by it. Empty: known by its other marks."""
    sign_in_file: Path | None = None
    """Settings of other houses' sign-in; see docs/sign-in.md."""
    metrics_token: str = Field(default="", repr=False)
    """The key with which Prometheus may read /metrics; see docs/observability.md."""

    shards: int = Field(default=4, ge=1, le=64)
    """Into how many Prefect tasks a follow-up fans out on PostgreSQL; SQLite lets one write."""
    pool: int = Field(default=5, ge=1, le=200)
    """Database connections a process keeps; while they are asked for it opens ten more."""
    log: Literal["text", "json"] = "text"
    """How log lines are written: for people, or one JSON object a line for a log collector."""
    heartbeat_url: str = Field(default="", repr=False)
    """Called after each round that followed up: a watch outside rings when it falls silent."""
    backups: str = ""
    """The folder backups are written to, so that `duban doctor` can say how old the newest is.
    Empty: `backups` in the home folder."""
    archive_after_years: int = Field(default=2, ge=0, le=100)
    """What was sent about a case moves to the archive so long after its closing; 0: never."""

    def address(self) -> str:
        """The portal's public address, without a slash at its end."""
        return (self.portal_url or f"http://{self.portal_host}:{self.portal_port}").rstrip("/")

    def store(self) -> str:
        """Where pictures are kept."""
        return self.photos or str(self.home.resolve() / "photos")

    def database(self) -> str:
        """The URL of the ledger."""
        return self.database_url or f"sqlite:///{self.home.resolve() / 'duban.db'}"


def prepare() -> Settings:
    """Read the settings and put them where tasks and child processes find them.

    Also sets Prefect's own home below ours, and switches off what would call outside.
    """
    settings = _read()
    home = settings.home.resolve()
    os.environ["DUBAN_HOME"] = str(home)
    os.environ["DUBAN_DATABASE_URL"] = settings.database()
    os.environ["DUBAN_PHOTOS"] = settings.store()
    os.environ["DUBAN_HOOKS_PRIVATE"] = str(settings.hooks_private).lower()
    os.environ["DUBAN_SHARDS"] = str(settings.shards)
    os.environ["DUBAN_POOL"] = str(settings.pool)
    os.environ["DUBAN_LOG"] = settings.log
    os.environ["DUBAN_ARCHIVE_AFTER_YEARS"] = str(settings.archive_after_years)
    if settings.portal_url:
        os.environ["DUBAN_PORTAL_URL"] = settings.portal_url
    kept = {
        "IMAP_URL": settings.imap_url,
        "MAIL_DOMAIN": settings.mail_domain,
        "HEARTBEAT_URL": settings.heartbeat_url,
        "BACKUPS": settings.backups,
    }
    for name, said in kept.items():
        if said:  # from .env: the children of this process have only the environment
            os.environ[f"DUBAN_{name}"] = said
    if settings.log == "json":  # of Prefect's own processes too
        lines = Path(__file__).with_name("logging.yml")
        os.environ.setdefault("PREFECT_LOGGING_CONFIG_PATH", str(lines))
    for name, value in {
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # Kept in memory, the place of a run that was killed with the server is never free again.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
            "prefect.server.concurrency.lease_storage.filesystem"
        ),
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


def _read() -> Settings:
    try:
        return Settings()
    except ValidationError as errors:
        first = errors.errors(include_input=False)[0]
        name = "DUBAN_" + "_".join(str(part) for part in first["loc"]).upper()
        raise Trouble(
            f"设置 {name} 的值不行：{first['msg']}。请在环境变量或 .env 中改正。",
            f"The setting {name} will not do: {first['msg']}. Correct it in the environment or "
            "in .env.",
        ) from None
