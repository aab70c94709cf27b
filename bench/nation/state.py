"""How things stand while a day goes on: runs, sites, and what goes wrong."""

from dataclasses import dataclass, field
from random import Random

from bench.nation.due import Backlog


@dataclass(slots=True)
class Run:
    """A run under way."""

    site: int
    key: str
    planned: float
    zone: int
    begun: float = 0.0
    dead: bool = False


@dataclass(slots=True)
class State:
    """A site as the day goes on."""

    looks: list[Backlog]
    dice: list[Random]
    """One for each hand, the last for messages: what comes is the same whoever works when."""
    messages: Backlog = field(default_factory=Backlog)
    shared: Backlog = field(default_factory=Backlog)
    """Messages through the city's one account."""
    findings: float = 0.0
    notices: float = 0.0
    """Owed in the messages that came."""
    seen: list[float] = field(default_factory=list)
    """Up to when what falls due has been reckoned, for each hand; the last is for messages."""
    busy: dict[str, float] = field(default_factory=dict)
    """Deployments whose run is under way, and until when a killed one still holds its place."""
    away_until: float = 0.0
    broken: Backlog = field(default_factory=Backlog)
    account_shut: float = 0.0
    account_pause: float = 60.0


@dataclass(slots=True)
class Fault:
    """What goes wrong. Instants in seconds of the day."""

    begins: float
    ends: float
    zone: int | None = None
    """This zone is away: its workers killed, its databases fail over."""
    everything: bool = False
    broken_shard: bool = False
    """One shard of the first site fails at every try."""
    slow_account: bool = False
    """The shared account of every site answers too late to be waited for."""

    @property
    def over(self) -> float:
        """From when catching up counts: a lost zone is to be stood at once."""
        return self.ends if self.zone is None else self.begins
