"""deploy/compose.yaml keeps our own laws: nothing runs as root, everything is bounded and asked."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.laws import is_command, is_setting, portal_pages

DEPLOY = Path(__file__).parents[2] / "deploy"
TEXT = (DEPLOY / "compose.yaml").read_text("utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONCE = {"migrate", "register"}
UNASKED = {*ONCE, "reactions", "backup"}
"""Who is not asked after its health; compose.yaml says why."""

OTHERS = {"postgres", "prometheus"}
each = pytest.mark.parametrize("name", SERVICES)
ours = pytest.mark.parametrize("name", sorted(set(SERVICES) - OTHERS))


def environment(name: str) -> dict[str, str]:
    return dict(SERVICES[name].get("environment", {}))


@each
def test_nothing_runs_as_root_or_writes_where_it_should_not(name: str) -> None:
    one = SERVICES[name]
    assert one["user"].split(":")[0] not in ("", "0", "root")
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert "cap_add" not in one
    assert "privileged" not in one
    assert one["security_opt"] == ["no-new-privileges:true"]


@each
def test_everything_is_bounded(name: str) -> None:
    limits = SERVICES[name]["deploy"]["resources"]["limits"]
    assert set(limits) == {"cpus", "memory", "pids"}
    assert SERVICES[name]["logging"]["options"]["max-size"]


@each
def test_what_keeps_running_is_started_again_and_asked_after_its_health(name: str) -> None:
    one = SERVICES[name]
    assert one["restart"] == ("on-failure:5" if name in ONCE else "unless-stopped")
    if name in UNASKED:
        assert one["healthcheck"] == {"disable": True}
    else:
        assert one["healthcheck"]["test"][0] == "CMD"


@each
def test_an_image_is_pinned_and_its_version_is_no_moving_one(name: str) -> None:
    image = re.sub(r"\$\{\w+:-(.*?)\}", r"\1", SERVICES[name]["image"])
    assert re.fullmatch(r"[\w/.-]+:v?\d+\.\d+(\.\d+)?(-\w+)?", image)


@ours
def test_every_name_in_the_environment_is_a_setting(name: str) -> None:
    assert [said for said in environment(name) if not is_setting(said)] == []


@ours
def test_every_command_is_one_that_there_is(name: str) -> None:
    one = SERVICES[name]
    if name == "backup":
        words = one["command"][0].split("duban ")[1].split()[:2]
        assert is_command(["duban", *words])
    else:
        assert is_command([*one.get("entrypoint", ["duban"]), *one["command"]])


def test_no_secret_has_a_value_in_the_files() -> None:
    secret = re.compile(r"(PASSWORD|TOKEN|SECRET|AUTH_STRING|DATABASE|_URL)")
    for name, one in SERVICES.items():
        for key, said in one.get("environment", {}).items():
            if re.search(r"PASSWORD|TOKEN|SECRET|AUTH_STRING|DATABASE", key):
                assert "${" in str(said), f"{name}: {key}"
    example = (DEPLOY / "compose.env.example").read_text("utf-8")
    for line in example.splitlines():
        key, _, value = line.partition("=")
        if not line.startswith("#") and secret.search(key):
            assert value == "", key


def test_the_example_names_all_that_is_asked_for_and_nothing_else() -> None:
    asked = set(re.findall(r"\$\{(\w+)", TEXT))
    example = (DEPLOY / "compose.env.example").read_text("utf-8")
    assert set(re.findall(r"^(\w+)=", example, re.M)) == asked


def test_what_must_be_said_is_refused_when_it_is_not() -> None:
    must = set(re.findall(r"\$\{(\w+):\?", TEXT))
    assert must == {
        "POSTGRES_PASSWORD", "DUBAN_DB_PASSWORD", "PREFECT_DB_PASSWORD", "PREFECT_PASSWORD",
        "DUBAN_PORTAL_URL",
    }  # fmt: skip


def test_the_database_is_reached_by_nobody_outside_and_the_others_on_one_address_only() -> None:
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == ["data"]
    assert "ports" not in SERVICES["postgres"]
    published = [port for one in SERVICES.values() for port in one.get("ports", [])]
    assert published
    assert all(port.startswith("${LISTEN:-127.0.0.1}:") for port in published)


def test_prefect_has_a_database_and_a_role_of_its_own() -> None:
    theirs = environment("prefect")["PREFECT_SERVER_DATABASE_CONNECTION_URL"]
    assert re.match(r"postgresql\+asyncpg://prefect:\$\{PREFECT_DB_PASSWORD:.*@postgres:5432/prefect$",
                    theirs)  # fmt: skip
    for name in sorted(set(SERVICES) - OTHERS - {"prefect"}):
        said = environment(name)
        assert "PREFECT_DB_PASSWORD" not in str(said)
        assert re.match(r"postgresql://duban:.*@postgres:5432/duban$", said["DUBAN_DATABASE_URL"])


def test_the_database_is_upgraded_before_anybody_works_on_it() -> None:
    for name in sorted(set(SERVICES) - OTHERS - {"prefect", "migrate"}):
        assert waits_for(name, "migrate"), name


def waits_for(name: str, other: str) -> bool:
    wanted = SERVICES[name].get("depends_on", {})
    return wanted.get(other, {}).get("condition") == "service_completed_successfully" or any(
        waits_for(next_one, other) for next_one in wanted
    )


def test_there_are_as_many_workers_as_the_work_is_shared_among() -> None:
    assert SERVICES["worker"]["deploy"]["replicas"] == "${DUBAN_WORKERS:-2}"
    assert SERVICES["register"]["command"][-1] == "${DUBAN_WORKERS:-2}"


def test_the_portal_does_not_wait_for_prefect() -> None:
    assert set(SERVICES["portal"]["depends_on"]) == {"migrate"}


@pytest.mark.parametrize("name", ["portal", "prefect", "worker"])
def test_health_is_asked_where_somebody_answers(name: str) -> None:
    asked = re.search(r"127\.0\.0\.1:(\d+)(/[\w/]+)", SERVICES[name]["healthcheck"]["test"][-1])
    assert asked
    port, path = asked.groups()
    if name == "portal":
        assert port == environment(name)["DUBAN_PORTAL_PORT"]
        assert path in portal_pages()
    if name == "worker":
        assert (port, path) == (environment(name)["PREFECT_WORKER_WEBSERVER_PORT"], "/health")
    if name == "prefect":
        assert port == SERVICES[name]["command"][-1]
        assert path == "/api/health"


def test_files_that_are_mounted_are_there() -> None:
    mounted = [
        volume.split(":")[0]
        for one in SERVICES.values()
        for volume in one.get("volumes", [])
        if volume.startswith("./")
    ]
    assert set(mounted) == {"./postgres-init.sh", "./monitoring"}
    credentials = re.search(
        r"credentials_file: /run/secrets/(\w+)",
        (DEPLOY / "monitoring" / "prometheus.yaml").read_text("utf-8"),
    )
    assert credentials
    assert SERVICES["prometheus"]["secrets"] == [credentials[1]] == list(COMPOSE["secrets"])
    assert all((DEPLOY / path).exists() for path in mounted)
    config = next(c for c in SERVICES["prometheus"]["command"] if c.startswith("--config.file"))
    assert (DEPLOY / "monitoring" / config.rpartition("/")[2]).exists()


# -- the image ---------------------------------------------------------------------------------


DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")


def test_the_image_is_not_roots_and_holds_nothing_of_the_builder() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", last, re.M)
    assert "pip install" not in last
    assert "COPY . ." not in last
    assert 'ENTRYPOINT ["duban"]' in last
    assert is_command(["duban", "serve", "portal"])


def test_the_image_is_built_from_the_lock_file_with_a_pinned_tool() -> None:
    assert re.search(r"uv==\d+\.\d+\.\d+", DOCKERFILE)
    assert DOCKERFILE.count("uv sync --locked --no-dev") == 2
    assert re.search(r"^ARG BASE=python:3\.\d+\.\d+-slim-\w+$", DOCKERFILE, re.M)


def test_the_builder_is_given_every_package_and_nothing_that_somebody_keeps() -> None:
    root = DEPLOY.parent
    ignore = (root / ".dockerignore").read_text("utf-8").splitlines()
    given = {line[1:] for line in ignore if line.startswith("!")}
    wheel = re.search(r"^packages = \[(.*)\]$", (root / "pyproject.toml").read_text("utf-8"), re.M)
    assert wheel
    assert given == {*re.findall(r'"(\w+)"', wheel[1]),
                     "pyproject.toml", "uv.lock", "README.md", "LICENSE"}  # fmt: skip
    kept = {"deploy/compose.env", "deploy/compose.metrics-token"}
    assert set(ignore[-3:]) == {"**/.env", *kept}
    assert {f"/{name}" for name in kept} <= set((root / ".gitignore").read_text("utf-8").split())


def test_health_in_the_image_is_the_portals() -> None:
    asked = re.search(r"127\.0\.0\.1:8000(/\w+)", DOCKERFILE)
    assert asked
    assert asked[1] in portal_pages()
