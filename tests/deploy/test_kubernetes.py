"""deploy/kubernetes keeps our own laws, and the schemas of Kubernetes where those are installed."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.laws import is_command, is_setting, portal_pages

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
BESIDE = {"kustomization.yaml", "secret.example.yaml", "base-job-template.yaml"}
"""Files that are not applied."""

MANIFESTS: list[dict[str, Any]] = [
    document
    for file in sorted(FOLDER.glob("*.yaml"))
    if file.name not in BESIDE
    for document in yaml.safe_load_all(file.read_text("utf-8"))
]
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))
TEMPLATE = yaml.safe_load((FOLDER / "base-job-template.yaml").read_text("utf-8"))
SECRETS = {
    one["metadata"]["name"]: one
    for one in yaml.safe_load_all((FOLDER / "secret.example.yaml").read_text("utf-8"))
}
UNASKED = {"reactions"}
"""Who is not asked after its health; its file says why."""


def of(kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in MANIFESTS if one["kind"] == kind}


def _pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in ("Deployment", "Job"):
        for name, one in of(kind).items():
            yield name, one["spec"]["template"]
    for name, one in of("CronJob").items():
        yield name, one["spec"]["jobTemplate"]["spec"]["template"]
    yield "run", TEMPLATE["job_configuration"]["job_manifest"]["spec"]["template"]


PODS = dict(_pods())
CONTAINERS = {
    f"{name}/{one['name']}": (name, one)
    for name, pod in PODS.items()
    for one in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
}
each_pod = pytest.mark.parametrize("name", PODS)
each = pytest.mark.parametrize("name", CONTAINERS)


def test_every_file_is_applied() -> None:
    files = {file.name for file in FOLDER.iterdir()}
    assert set(KUSTOMIZATION["resources"]) == files - BESIDE


def test_the_schemas_of_kubernetes_hold() -> None:
    validate = pytest.importorskip("kubernetes_validate").validate
    for one in MANIFESTS:
        validate(one, "1.33", strict=True)


# -- who may do what ---------------------------------------------------------------------------


@each_pod
def test_a_pod_is_nobodys_root_and_holds_no_token_it_does_not_need(name: str) -> None:
    spec = PODS[name]["spec"]
    context = spec["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] == context["fsGroup"] == 10001
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is (name == "worker")
    assert spec["serviceAccountName"] in of("ServiceAccount")
    assert spec["enableServiceLinks"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)


@each
def test_a_container_can_change_nothing_but_its_volumes(name: str) -> None:
    context = CONTAINERS[name][1]["securityContext"]
    assert context == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_worker_may_start_runs_here_and_nothing_else() -> None:
    rules = of("Role")["worker"]["rules"]
    may = {(resource, verb) for r in rules for resource in r["resources"] for verb in r["verbs"]}
    assert {what for what, verb in may if verb not in ("get", "list", "watch")} == {"jobs"}
    assert not {"*", "secrets", "pods/exec"} & {what for what, _ in may}
    assert of("ClusterRole") == {}
    subjects = of("RoleBinding")["worker"]["subjects"]
    assert [(s["name"], s["namespace"]) for s in subjects] == [("worker", "duban")]


def test_nobody_talks_to_anybody_unless_it_is_said_and_all_that_is_said_names_a_pod() -> None:
    policies = of("NetworkPolicy")
    assert policies["nobody"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    labels = {pod["metadata"]["labels"]["app.kubernetes.io/name"] for pod in PODS.values()}
    text = (FOLDER / "network.yaml").read_text("utf-8")
    lists = re.findall(r"values: \[(.*?)\]", text)
    named = {name for said in lists for name in said.split(", ")}
    named |= set(re.findall(r"app\.kubernetes\.io/name: ([\w-]+)", text))
    assert named == labels


# -- what is asked for -------------------------------------------------------------------------


@each
def test_a_container_asks_for_what_it_needs_and_is_bounded(name: str) -> None:
    resources = CONTAINERS[name][1]["resources"]
    for said in ("requests", "limits"):
        assert set(resources[said]) == {"cpu", "memory", "ephemeral-storage"}


@pytest.mark.parametrize("name", sorted(set(of("Deployment")) - UNASKED))
def test_health_is_asked_where_somebody_answers(name: str) -> None:
    (container,) = PODS[name]["spec"]["containers"]
    ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}
    said = {one["name"]: one.get("value") for one in container["env"]}
    port = {
        "portal": said.get("DUBAN_PORTAL_PORT"),
        "worker": said.get("PREFECT_WORKER_WEBSERVER_PORT"),
        "prefect": container["command"][-1] if name == "prefect" else None,
    }[name]
    theirs = {"worker": {"/health"}, "prefect": {"/api/health", "/api/ready"}}
    paths = theirs.get(name) or portal_pages()
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = container[probe]["httpGet"]
        assert ports[asked["port"]] == port
        assert asked["path"] in paths
    if name == "portal":
        assert container["readinessProbe"]["httpGet"]["path"] == "/ready"
        assert container["livenessProbe"]["httpGet"]["path"] == "/health"


def test_services_lead_to_ports_that_there_are() -> None:
    for name, service in of("Service").items():
        (container,) = PODS[name]["spec"]["containers"]
        assert service["spec"]["selector"] == PODS[name]["metadata"]["labels"]
        ports = {port["name"] for port in container["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    url = of("ConfigMap")["duban"]["data"]["PREFECT_API_URL"]
    assert url == f"http://prefect:{of('Service')['prefect']['spec']['ports'][0]['port']}/api"


def test_a_budget_for_disruptions_never_blocks_a_drain() -> None:
    scaled = of("HorizontalPodAutoscaler")
    for name, budget in of("PodDisruptionBudget").items():
        spec = of("Deployment")[name]["spec"]
        least = scaled[name]["spec"]["minReplicas"] if name in scaled else spec["replicas"]
        assert least > budget["spec"]["minAvailable"]
        assert budget["spec"]["selector"] == spec["selector"]


def test_who_is_scaled_has_no_number_of_its_own_that_every_apply_would_set_back() -> None:
    for name in of("HorizontalPodAutoscaler"):
        assert "replicas" not in of("Deployment")[name]["spec"]


@each
def test_every_command_is_one_that_there_is(name: str) -> None:
    container = CONTAINERS[name][1]
    words = [*container.get("command", ["duban"])]
    given = container.get("args", [])
    if given == "{{ command }}":
        given = TEMPLATE["variables"]["properties"]["command"]["default"].split()
    assert is_command([*words, *given])


# -- what is told ------------------------------------------------------------------------------


@each
def test_every_name_in_the_environment_is_a_setting_and_every_secret_is_in_the_example(
    name: str,
) -> None:
    for said in CONTAINERS[name][1]["env"]:
        assert is_setting(said["name"])
        if "valueFrom" in said:
            key = said["valueFrom"]["secretKeyRef"]
            assert key["key"] in SECRETS[key["name"]]["stringData"]
            assert "value" not in said


def test_what_is_no_secret_is_a_setting() -> None:
    assert [name for name in of("ConfigMap")["duban"]["data"] if not is_setting(name)] == []


def test_no_secret_has_a_value_in_the_files() -> None:
    assert of("Secret") == {}
    for one in SECRETS.values():
        assert set(one["stringData"].values()) == {""}


@each
def test_images_are_all_the_same_and_pinned(name: str) -> None:
    (image,) = KUSTOMIZATION["images"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", image["newTag"])
    assert CONTAINERS[name][1]["image"] in (image["name"], "{{ image }}")


def test_the_image_of_the_runs_is_put_where_it_is_registered() -> None:
    (container,) = PODS["set-up"]["spec"]["containers"]
    (target,) = KUSTOMIZATION["replacements"][0]["targets"]
    place = re.fullmatch(r".*\[name=(\w+)\]\.args\.(\d+)", target["fieldPaths"][0])
    assert place
    assert place[1] == container["name"]
    assert container["args"][int(place[2]) - 1] == "--image"


@each_pod
def test_volumes_are_claimed_and_what_is_written_to_is_mounted(name: str) -> None:
    spec = PODS[name]["spec"]
    volumes = {one["name"]: one for one in spec["volumes"]}
    for one in volumes.values():
        if claim := one.get("persistentVolumeClaim"):
            assert claim["claimName"] in of("PersistentVolumeClaim")
    for container in spec["containers"]:
        mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
        assert "/tmp" in mounts
        assert set(mounts.values()) <= set(volumes)


def test_a_run_is_given_up_later_than_the_longest_flow_gives_itself_up() -> None:
    job = TEMPLATE["job_configuration"]["job_manifest"]["spec"]
    assert job["activeDeadlineSeconds"] > 3600


def test_all_that_the_template_asks_for_is_declared() -> None:
    asked = set(re.findall(r"\{\{ (\w+) \}\}", yaml.safe_dump(TEMPLATE["job_configuration"])))
    assert asked == set(TEMPLATE["variables"]["properties"])
