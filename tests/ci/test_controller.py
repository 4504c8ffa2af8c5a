"""The controller as code: what JCasC would be told, who may do what, and which pods it would make."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from infra.jenkins import BRANCHING, JOBS, ROLES, subjects
from infra.release.engine import LIMITS
from landfall.intent import parse_intent
from landfall.project import Project
from tests.ci.controller import (
    AGENTS,
    CASC,
    HERE,
    JENKINS,
    ROOT,
    VALUES,
    pods,
    raw,
    resolve,
    resolved,
)

KUBERNETES = "1.37"
SCHEMA = yaml.safe_load((HERE / "casc.schema.yaml").read_text(encoding="utf-8"))


def check(config: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(config)


@pytest.fixture(scope="module")
def casc() -> dict[str, Any]:
    return resolved(raw())


def roles(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    kinds = config["jenkins"]["authorizationStrategy"]["roleBased"]["roles"]
    return {role["name"]: role for kind in kinds.values() for role in kind}


def test_the_configuration_fits_our_schema_of_what_we_use(casc: dict[str, Any]) -> None:
    check(casc)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda it: it["jenkins"].update(numExecutors=2),
        lambda it: it["jenkins"].update(markupFormater="plainText"),
        lambda it: it["jenkins"]["securityRealm"]["oic"].update(disableSslVerification=True),
        lambda it: it["security"]["scriptApproval"].update(approvedSignatures=["new java.io.File"]),
        lambda it: it["unclassified"]["globalLibraries"]["libraries"][0].update(allowVersionOverride=True),
        lambda it: roles(it)["look"]["permissions"].append("Run/Replay"),
        lambda it: roles(it)["look"]["entries"].append({"group": "anonymous"}),
        lambda it: it["security"]["idToken"]["buildClaimTemplates"].append(
            {"name": "aud", "format": "landfall-deploy", "type": "string"}
        ),
        lambda it: it["jenkins"]["clouds"][0]["kubernetes"]["templates"][0].pop("nodeUsageMode"),
        lambda it: it.update(credentials={}),
        lambda it: it["jenkins"]["globalNodeProperties"][0]["envVars"]["env"].append(
            {"key": "LANDFALL_SCM_TOKEN", "value": "${landfall-scm}"}
        ),
    ],
)  # fmt: skip
def test_the_schema_refuses_what_must_not_be(
    casc: dict[str, Any], spoil: Callable[[dict[str, Any]], object]
) -> None:
    wrong = copy.deepcopy(casc)
    spoil(wrong)
    with pytest.raises(jsonschema.ValidationError):
        check(wrong)


def test_no_secret_stands_in_a_file_and_every_variable_is_told() -> None:
    told = (JENKINS / "README.md").read_text(encoding="utf-8")
    files = [*CASC.glob("*.yaml"), *AGENTS.glob("*.yaml")]
    assert len(files) == 9
    for file in files:
        text = file.read_text(encoding="utf-8")
        for name in re.findall(r"(?<!\^)\$\{([A-Za-z][\w-]*)", text):
            assert name == "readFile" or f"`{name}`" in told, f"{file.name}: {name}"
        for key, value in re.findall(
            r"(?m)^\s*(\w*(?:[Ss]ecret|[Pp]assword|[Kk]ey)): (\S.*)$", text
        ):
            assert value.startswith('"${'), f"{file.name}: {key}"
    realm = raw()["jenkins"]["securityRealm"]["oic"]
    assert realm["clientSecret"] == "${landfall-login-client-secret}"


def test_a_missing_variable_is_an_error_and_no_empty_text() -> None:
    with pytest.raises(KeyError):
        resolved(raw(), {key: value for key, value in VALUES.items() if "login" not in key})


def test_nobody_is_administrator_but_the_group_that_breaks_the_glass(casc: dict[str, Any]) -> None:
    found = [
        name for name, role in roles(casc).items() if "Overall/Administer" in role["permissions"]
    ]
    assert found == ["break-glass"]
    assert roles(casc)["break-glass"]["entries"] == [{"group": "landfall-break-glass"}]


MAY = {
    "platform": {"infra", "nightly", "destroy", "upgrade"},
    "data": {"pipelines"},
    "ml": {"ml", "rollback"},
    "approvers": set(),
    "auditors": set(),
}


@pytest.mark.parametrize("who", MAY)
def test_each_group_builds_its_own_jobs_and_no_others(casc: dict[str, Any], who: str) -> None:
    jobs = {job for group in MAY.values() for job in group}
    built = set()
    for role in roles(casc).values():
        if "Job/Build" in role["permissions"] and {"group": f"landfall-{who}"} in role["entries"]:
            built |= {job for job in jobs if re.fullmatch(role["pattern"], f"acme/{job}")}
    assert built == MAY[who]


def test_everybody_sees_and_auditors_only_see(casc: dict[str, Any]) -> None:
    look = {entry["group"] for entry in roles(casc)["look"]["entries"]}
    audit = {entry["group"] for entry in roles(casc)["auditors"]["entries"]}
    assert look | audit == {f"landfall-{who}" for who in MAY}
    for role in roles(casc).values():
        if {"group": "landfall-auditors"} in role["entries"]:
            assert all(one.endswith(("/Read", "/SystemRead", "/ExtendedRead", "/View")) for one in role["permissions"])  # fmt: skip


def test_the_table_of_responsibilities_names_every_group() -> None:
    text = (CASC / "access.yaml").read_text(encoding="utf-8")
    head = next(line for line in text.splitlines() if line.startswith("# | what"))
    assert [cell.strip() for cell in head.strip("# |").split("|")][1:] == list(MAY)


def test_the_subject_that_jenkins_signs_is_the_one_that_the_clouds_trust() -> None:
    templates = {one["name"]: one["format"] for one in resolved(raw())["security"]["idToken"]["buildClaimTemplates"]}  # fmt: skip
    raw_intent = {
        **Project(ROOT, ROOT / ".landfall").read_stack("harbor-gcp-dev"),
        "jenkins": {"issuer": "https://j.example.com/oidc"},
    }
    intent = parse_intent(raw_intent, "a test")
    for role in ROLES:
        for job, subject in subjects(intent, role).items():
            name = f"harbor/{job}/main" if job in BRANCHING else f"harbor/{job}"
            assert templates["sub"].replace("${JOB_NAME}", name) == subject
        pull_request = templates["sub"].replace("${JOB_NAME}", "harbor/infra/PR-12")
        assert pull_request not in subjects(intent, role).values()


def test_ids_of_builds_and_of_jenkins_itself_never_meet(casc: dict[str, Any]) -> None:
    outside = casc["security"]["idToken"]["globalClaimTemplates"][0]["format"]
    assert not outside.startswith("landfall:")


def test_a_token_outlives_the_longest_command_and_not_much_more(casc: dict[str, Any]) -> None:
    lifetime = casc["security"]["idToken"]["tokenLifetime"]
    assert max(LIMITS.values()) < lifetime <= max(LIMITS.values()) + 15 * 60


def test_the_library_is_the_deploy_branchs_own(casc: dict[str, Any]) -> None:
    (library,) = casc["unclassified"]["globalLibraries"]["libraries"]
    assert library["name"] == "landfall"
    assert library["defaultVersion"] == "main"
    assert (ROOT / library["retriever"]["modernSCM"]["libraryPath"] / "vars").is_dir()


def test_every_build_is_told_where_the_images_lie_that_the_night_scans(
    casc: dict[str, Any],
) -> None:
    (given,) = casc["jenkins"]["globalNodeProperties"]
    told = {one["key"]: one["value"] for one in given["envVars"]["env"]}
    assert told["LANDFALL_REGISTRY"] == VALUES["LANDFALL_REGISTRY"]
    asked = (ROOT / "ci/vars/landfallScan.groovy").read_text(encoding="utf-8")
    assert "env.LANDFALL_REGISTRY" in asked


# ---- agents


def test_every_label_that_a_pipeline_asks_for_is_a_template_and_the_other_way_round() -> None:
    asked = set()
    for file in [ROOT / "Jenkinsfile", *(ROOT / "ci").rglob("*.Jenkinsfile"), *(ROOT / "ci").rglob("*.groovy")]:  # fmt: skip
        asked |= set(re.findall(r"'(landfall-(?:cpu|spark|gpu)\w*)'", file.read_text(encoding="utf-8")))  # fmt: skip
    assert asked == set(pods())


@pytest.mark.parametrize("label", ["landfall-cpu", "landfall-spark", "landfall-gpu"])
def test_a_pod_is_one_that_the_api_server_takes(label: str) -> None:
    pod = copy.deepcopy(pods()[label])
    kubernetes_validate.validate(pod, KUBERNETES, strict=True)
    pod["spec"]["containers"][0]["reources"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(pod, KUBERNETES, strict=True)


@pytest.mark.parametrize("label", ["landfall-cpu", "landfall-spark", "landfall-gpu"])
def test_a_pod_is_restricted_bounded_and_nobody_to_the_cluster(label: str) -> None:
    spec = pods()[label]["spec"]
    (container,) = spec["containers"]
    assert container["name"] == "jnlp"
    assert container["image"] == f"registry.acme.example/landfall/{label.replace('landfall', 'agent')}:1.0.0"  # fmt: skip
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
    }
    for kind in ("memory", "ephemeral-storage"):
        assert container["resources"]["requests"][kind]
        assert container["resources"]["limits"][kind]
    assert all("emptyDir" in volume for volume in spec["volumes"])
    assert not spec.get("hostNetwork")


def fits(spec: dict[str, Any], labels: dict[str, str]) -> bool:
    """Whether the pod's required affinity takes a node with these labels."""
    terms = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    return any(
        all(labels.get(one["key"]) in one["values"] for one in term["matchExpressions"])
        for term in terms["nodeSelectorTerms"]
    )


# The labels and taints that infra/*/ puts on its pools, as its own sources write them (see the test below).
NODES = {
    "gcp": {"landfall.io/use": "{use}", "landfall.io/capacity": "{capacity}"},
    "azure": {"landfall.io/use": "{use}", "landfall.io/capacity": "{capacity}"},
    "aws": {"landfall.dev/pool": "{use}-{capacity}", "landfall.dev/capacity": "{capacity}"},
}


@pytest.mark.parametrize("cloud", NODES)
def test_the_gpu_agent_lands_on_trainings_spot_nodes_and_on_no_other(cloud: str) -> None:
    spec = pods()["landfall-gpu"]["spec"]
    for use in ("training", "serving"):
        for capacity in ("spot", "on-demand", "reservation"):
            labels = {key: value.format(use=use, capacity=capacity) for key, value in NODES[cloud].items()}  # fmt: skip
            assert fits(spec, labels) == ((use, capacity) == ("training", "spot"))
    asked = yaml.safe_load(
        resolve((AGENTS / "gpu.yaml").read_text(encoding="utf-8"), {**VALUES, "LANDFALL_GPU_CAPACITY": "on-demand"})
    )  # fmt: skip
    labels = {key: value.format(use="training", capacity="on-demand") for key, value in NODES[cloud].items()}  # fmt: skip
    assert fits(asked["spec"], labels)


def test_the_gpu_agent_tolerates_the_pools_taints_and_only_it() -> None:
    from infra.azure.gpu_pool import SPOT_TAINT, TAINT

    taints = {pair.partition("=")[0] for pair in (TAINT, SPOT_TAINT)} | {"nvidia.com/gpu"}
    assert {one["key"] for one in pods()["landfall-gpu"]["spec"]["tolerations"]} == taints
    assert "tolerations" not in pods()["landfall-cpu"]["spec"]
    assert "tolerations" not in pods()["landfall-spark"]["spec"]
    limits = pods()["landfall-gpu"]["spec"]["containers"][0]["resources"]["limits"]
    assert limits["nvidia.com/gpu"] == "1"


def test_every_job_that_may_have_a_token_is_one_that_people_have_been_given() -> None:
    assert {*JOBS["preview"], *JOBS["deploy"]} <= MAY["platform"]
    assert set(JOBS["data"]) <= MAY["data"] | MAY["ml"]
