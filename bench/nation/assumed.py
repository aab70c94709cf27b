"""What is assumed of the nation, each figure with its source; none of it measured."""

from dataclasses import dataclass
from math import exp, log

MINUTE, HOUR = 60.0, 3600.0
CASES_PER_STREET, UNITS_PER_STREET = 4_500, 963


@dataclass(frozen=True, slots=True)
class Assumed:
    """The nation, its people and the machines around them. Times in seconds."""

    open_cases: int = 100_000_000
    cities: int = 300
    zones: int = 3
    people_per_unit: float = 2.0
    requests_per_action: float = 5.0
    shared_outlet: float = 0.3
    answer: float = 0.2
    robot_per_minute: int = 20
    fail_over: float = 120.0
    stuck: float = 300.0
    lease: float = 585.0
    stale: float = 600.0
    send_limit: float = 15.0
    side_by_side: int = 8
    threads: int = 32

    def units(self, open_cases: float) -> float:
        """Responsible units of an area with so many open cases."""
        return open_cases * UNITS_PER_STREET / CASES_PER_STREET


TABLE: tuple[tuple[str, str, str], ...] = (
    ("open cases, cities", "100,000,000 in 300", "the issue. 22,222 streets like the one of the "
     "source documents (4,500 problems, mechanisms.md no. 229); China has about 40,500 townships "
     "and streets, 284 cities of prefecture rank (stats.gov.cn, yearbook 2012, table 1-1)"),
    ("sizes of the cities", "7 cities of 10 to 20 million, 14 of 5 to 10, 14 of 3 to 5, 70 of 1 to "
     "3, 135 of 0.5 to 1, 60 of 0.2 to 0.5; cases in proportion", "the first two classes: "
     "census of "
     "2020, urban population (Qiushi 2021/18); the others assumed, evenly on a logarithmic scale"),
    ("responsible units", "963 for 4,500 open cases, two people each", "mechanisms.md no. 229; the "
     "two: a contact and a head"),
    ("limits", "1 working day 29 %, 5 days 17 %, 3 days 17 %, 2 days 17 %, 4 working hours 9 %, 2 "
     "continuous hours 6 %, 2 working hours 5 %", "544 categories of domain.md section 1, counted "
     "by category, not by how often each occurs"),
    ("how a case goes on", "signed after 3.5 working hours on average; four of five in time, most "
     "towards the end; who is late is 2 working days late on average; verified after a "
     "working day; "
     "one of ten fails once", "assumed; cities report 26.7 % in time before and 99.33 % after "
     "(domain.md section 1), so more is late here than should be"),
    ("findings in the day", "85 % in opening hours, the rest between 07:00 and 21:00; on a day "
     "off 30 % of a working day's", "07:00 to 21:00: mechanisms.md no. 8; the shares assumed"),
    ("when looks fall due", "not assumed: 60,000 lives judged by the shipped policy "
     "(deploy/policy/chuangcheng.yaml) and calendar", "bench/nation/profile.json"),
    ("requests of a person", "5 for each finding, signing, submission, verification", "assumed: a "
     "list, the case, the form, the deed, the answer"),
    ("outlets", "30 % of messages through one account of the city, 200 ms each; the others through "
     "robots of the units, 20 a minute each", "20 a minute: DingTalk and WeCom (docs/channels.md); "
     "the rest assumed"),
    ("fail-over of a database", "2 minutes", "Patroni's ttl of 30 s and loop_wait of 10 s; GitLab "
     "reports 1 to 3 minutes in practice (infrastructure issues 7790, 1163)"),
    ("a killed run's place", "free after 5 minutes", "Prefect 3.8: "
     "initial_deployment_lease_duration 300 s, looked after every 15 s"),
    ("a killed sender's messages", "held for 585 s", "rules/pace.py: LEASE"),
    ("machines", "a core as fast as the one measured on; three zones, a third of everything in "
     "each", "assumed"),
)  # fmt: skip

CLASSES: tuple[tuple[int, float, float], ...] = (
    (7, 10e6, 20e6), (14, 5e6, 10e6), (14, 3e6, 5e6), (70, 1e6, 3e6), (135, 0.5e6, 1e6),
    (60, 0.2e6, 0.5e6),
)  # fmt: skip
"""How many cities have between so many and so many inhabitants."""

LIMITS: tuple[tuple[str, int], ...] = (
    ("1 工作日", 144), ("5 工作日", 87), ("3 工作日", 84), ("2 工作日", 83), ("4 工作时", 47),
    ("2 紧急工作时", 32), ("2 工作时", 23),
)  # fmt: skip
"""Limits and how many categories of the city's standard have them."""


def city_sizes(assumed: Assumed) -> list[float]:
    """Open cases of each city, the largest first."""
    people = [each for many, low, high in CLASSES for each in _spread(many, low, high)]
    share = sorted(people, reverse=True)
    share = [share[place * len(share) // assumed.cities] for place in range(assumed.cities)]
    return [assumed.open_cases * each / sum(share) for each in share]


def _spread(many: int, low: float, high: float) -> list[float]:
    """So many sizes between two, evenly on a logarithmic scale."""
    step = log(high / low) / many
    return [low * exp(step * (place + 0.5)) for place in range(many)]
