"""The Dockerfiles, read as Docker would: what they stand on, who they run as, what they copy, and what they must not hold.

No image is built here, as there is no Docker daemon: `make images REGISTRY=…` builds them where there is one.
"""

from __future__ import annotations

import fnmatch
import json
import re
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from infra import images
from infra.kubernetes import airflow, jenkins, runtime
from landfall import __version__
from tests.ci.controller import ROOT, pods
from warehouse import remote_engine

IMAGES = ROOT / "ci/images"
BAKE: dict[str, Any] = json.loads((IMAGES / "docker-bake.json").read_text(encoding="utf-8"))
FILES = sorted(IMAGES.glob("*/Dockerfile"))
KNOWN = {
    "FROM", "ARG", "LABEL", "ENV", "COPY", "RUN", "USER", "WORKDIR", "ENTRYPOINT", "CMD",
}  # fmt: skip
USERS = {"controller": "1000", "agent": "10001", "landfall": "10001", "mlflow": "10001", "airflow": "50000"}  # fmt: skip


class Stage(NamedTuple):
    base: str
    name: str
    steps: list[tuple[str, str]]

    def all(self, kind: str) -> list[str]:
        return [words for word, words in self.steps if word == kind]


def stages(text: str) -> list[Stage]:
    """The stages of a Dockerfile; refuses an instruction that we do not use."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found: list[Stage] = []
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        word, _, rest = line.strip().partition(" ")
        if not word:
            continue
        if word not in KNOWN:
            raise ValueError(f"{word} is not an instruction that our images use")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append(Stage(base, name, []))
        else:
            found[-1].steps.append((word, " ".join(rest.split())))
    return found


def read(file: Path) -> list[Stage]:
    return stages(file.read_text(encoding="utf-8"))


def copied(stage: Stage) -> list[str]:
    """What a stage takes from the repository: sources of COPY and of binds."""
    taken: list[str] = []
    for words in stage.all("COPY"):
        if "--from=" not in words:
            taken += [word for word in words.split() if not word.startswith("--")][:-1]
    for words in stage.all("RUN"):
        taken += re.findall(r"type=bind,source=([^,\s]+)", words)
    return taken


def admitted(path: str, rules: list[str]) -> bool:
    """Whether a .dockerignore lets a path through: the last rule that fits decides."""
    through = True
    for rule in rules:
        opens, pattern = rule.startswith("!"), rule.lstrip("!")
        parents = [path, *map(str, Path(path).parents)]
        if any(fnmatch.fnmatch(one, pattern.removeprefix("**/")) for one in parents if one != "."):
            through = opens
    return through


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_every_base_is_pinned_and_what_has_no_digest_says_how_to_get_it(file: Path) -> None:
    found = read(file)
    names = {stage.name for stage in found if stage.name}
    text = file.read_text(encoding="utf-8")
    for stage in found:
        if stage.base in names:
            continue
        assert re.fullmatch(r"docker\.io/[a-z0-9-]+/[a-z0-9-]+:[\w.-]+(@sha256:[0-9a-f]{64})?", stage.base), stage.base  # fmt: skip
        tag = stage.base.partition("@")[0].rpartition(":")[2]
        assert tag not in {"latest", "stable", "lts"}
        if "@sha256:" in stage.base:
            source = (
                r"docker-library/repo-info" if "/library/" in stage.base else r"public pipelines"
            )
            assert re.search(source, text), f"{stage.base}: where its digest was read"
        else:
            assert re.search(r"\d+\.\d+\.\d+|\d{4}\.v", tag), f"{stage.base}: an exact version"
            assert "docker buildx imagetools inspect" in text


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_every_image_is_built_in_stages_and_runs_as_a_number_that_is_not_root(file: Path) -> None:
    found = read(file)
    assert len(found) >= 2
    kept = [stage for stage in found if not any(stage.name == t for t in building(found))]
    for stage in kept:
        assert stage.all("USER")[-1].partition(":")[0] == USERS[file.parent.name]


def building(found: list[Stage]) -> set[str]:
    """Stages that are only copied from."""
    text = " ".join(words for stage in found for _, words in stage.steps)
    return {stage.name for stage in found if stage.name and f"--from={stage.name} " in text}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_what_is_copied_exists_and_gets_past_the_ignore_file(file: Path) -> None:
    ignore = file.with_name("Dockerfile.dockerignore").read_text(encoding="utf-8")
    rules = [line for line in ignore.splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"
    taken = [path for stage in read(file) for path in copied(stage)]
    assert taken
    for path in taken:
        assert (ROOT / path).exists(), path
        assert admitted(path, rules), path
    for secret in (".git/config", ".landfall/state", ".venv/bin/python", "tests/ci/__init__.py"):
        assert not admitted(secret, rules)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_stages_are_copied_from_by_names_that_exist(file: Path) -> None:
    found = read(file)
    names = {stage.name for stage in found}
    for stage in found:
        for words in stage.all("COPY"):
            assert set(re.findall(r"--from=(\S+)", words)) <= names


SECRET = re.compile(r"(?i)\b\w*(password|passwd|token|secret|api_?key|credential)\w*\s*=")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_no_secret_is_baked_in_and_nothing_is_fetched_unchecked(file: Path) -> None:
    for stage in read(file):
        for kind in ("ARG", "ENV"):
            for words in stage.all(kind):
                without = words.replace("CASC_STRICT_SECRET_RESOLUTION=", "")
                assert not SECRET.search(without), words
        for words in stage.all("RUN"):
            assert not re.search(r"\b(curl|wget)\b", words)
            if "pip install" in words and "--no-index" not in words:
                assert "--require-hashes" in words
            if "apt-get install" in words:
                assert "--no-install-recommends" in words
                assert "rm -rf /var/lib/apt/lists" in words


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("ADD https://example.com/a.tar /", "ADD"),
        ("HEALTHCHECK CMD true", "HEALTHCHECK"),
    ],
)
def test_an_instruction_that_we_do_not_use_is_refused(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        stages(f"FROM docker.io/library/debian:13.1\n{line}\n")


@pytest.mark.parametrize(
    "line", ["ENV API_TOKEN=abc", "ARG PASSWORD=x", "ENV A=1 MY_SECRET=2", "ARG apikey=1"]
)
def test_a_secret_would_be_seen(line: str) -> None:
    assert SECRET.search(line)


# ---- what is built


def target(name: str) -> dict[str, Any]:
    made = BAKE["target"][name]
    return {**(BAKE["target"]["common"] if "common" in made.get("inherits", []) else {}), **made}


def tags() -> dict[str, str]:
    """Image name → tag, of everything that is built."""
    given = {name: variable["default"] for name, variable in BAKE["variable"].items()}
    found = {}
    for name in BAKE["group"]["default"]["targets"]:
        (tag,) = target(name)["tags"]
        image, _, version = re.sub(r"\$\{(\w+)\}", lambda m: given[m[1]], tag).rpartition(":")
        found[image.removeprefix("landfall/")] = version
    return found


def test_every_image_that_the_cluster_and_its_builds_name_is_built() -> None:
    named = {"landfall", "mlflow", "airflow", jenkins.IMAGE}
    for pod in pods().values():
        image = pod["spec"]["containers"][0]["image"].rpartition("/")[2].partition(":")[0]
        named.add(image)
    assert tags() == dict.fromkeys(named, __version__)
    assert set(images.IMAGES) == named


def test_every_target_is_a_stage_of_its_file_with_a_bill_of_materials() -> None:
    used = set()
    for name in BAKE["group"]["default"]["targets"]:
        made = target(name)
        used.add(made["dockerfile"])
        assert made["attest"] == ["type=sbom", "type=provenance,mode=max"]
        assert made["args"] == {"VERSION": "${VERSION}"}
        names = {stage.name for stage in read(ROOT / made["dockerfile"])}
        assert made.get("target", "") in names | {""}
    assert used == {str(file.relative_to(ROOT)) for file in FILES}


def test_the_engine_in_the_agent_is_the_one_that_the_program_is_written_for() -> None:
    lines = (ROOT / "requirements/infra.txt").read_text(encoding="utf-8")
    pinned = re.search(r"(?m)^pulumi==(\S+)", lines)
    (engine,) = [s for s in read(IMAGES / "agent/Dockerfile") if s.name == "pulumi"]
    assert pinned
    assert engine.base == f"docker.io/pulumi/pulumi-base:{pinned[1]}"


def test_the_agents_bring_what_scans_images() -> None:
    """The night's `make scan` runs on landfall-cpu, and looks at no image without it."""
    (cpu,) = [s for s in read(IMAGES / "agent/Dockerfile") if s.name == "cpu"]
    assert "--from=grype /grype /usr/local/bin/grype" in cpu.all("COPY")
    night = (ROOT / "ci/pipelines/nightly.Jenkinsfile").read_text(encoding="utf-8")
    assert re.search(r"landfallAgent \{\s*landfallScan\(", night)


def test_the_agent_installs_a_plugin_for_every_provider_of_the_program() -> None:
    runs = " ".join(words for stage in read(IMAGES / "agent/Dockerfile") for words in stage.all("RUN"))  # fmt: skip
    script = re.search(r"sed -nE '([^']+)'", runs)
    assert script
    done = subprocess.run(
        ["sed", "-nE", script[1], str(ROOT / "requirements/infra.txt")],
        capture_output=True, text=True, check=True, timeout=10,
    )  # fmt: skip
    plugins = dict(line.split() for line in done.stdout.splitlines())
    assert {"gcp", "aws", "azure-native", "snowflake", "kubernetes", "random"} <= set(plugins)
    assert all(re.fullmatch(r"v\d+\.\d+\.\d+", version) for version in plugins.values())


def test_the_projects_place_in_the_image_is_where_the_cluster_mounts_its_files() -> None:
    for name in ("landfall", "airflow"):
        last = read(IMAGES / name / "Dockerfile")[-1]
        assert f"LANDFALL_PROJECT={runtime.PROJECT}" in " ".join(last.all("ENV"))
    user = str(runtime.CONFINED_POD["runAsUser"])
    assert USERS["landfall"] == USERS["mlflow"] == user


def test_the_image_that_runs_months_holds_the_clouds_clients_and_the_warehouses_adapters() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    wanted = [*told["clouds"], *told["buses"], *told["sources"]]
    lines = (ROOT / "requirements/cloud.txt").read_text(encoding="utf-8")
    for requirement in wanted:
        name = re.split(r"[\[>=<]", requirement)[0]
        assert re.search(rf"(?m)^{name}==", lines), name
    (build, _) = read(IMAGES / "landfall/Dockerfile")
    runs = " ".join(build.all("RUN"))
    for environment, list_ in ((".venv", "cloud"), (remote_engine.ENVIRONMENT, "dbt-clouds")):
        install = f"{environment}/bin/pip install --require-hashes -r requirements/{list_}.txt"
        assert install in runs


def test_airflow_in_its_image_is_the_one_that_the_chart_is_told_of() -> None:
    bases = {stage.base for stage in read(IMAGES / "airflow/Dockerfile")}
    wanted = f"docker.io/apache/airflow:{airflow.VERSION}-python3.12"
    assert all(base == wanted or base.startswith(f"{wanted}@sha256:") for base in bases), bases


def test_the_servers_packages_are_the_clients_version() -> None:
    lines = (ROOT / "requirements/mlflow.txt").read_text(encoding="utf-8")
    assert f"\nmlflow=={version('mlflow')} " in lines
    for driver in ("psycopg", "psycopg2-binary", "boto3", "google-cloud-storage", "azure-storage-blob"):  # fmt: skip
        assert re.search(rf"(?m)^{driver}==", lines)
