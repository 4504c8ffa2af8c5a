"""The seed job and the token credentials, under the Groovy that Jenkins runs, with recorders in Jenkins' place."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.jenkins import AUDIENCES, JOBS
from pipelines.jars import find_java
from tests.ci.controller import HERE, JENKINS, ROOT
from tests.ci.scenarios import needs_groovy

CLIENT = {"client": "acme", "scm": "github", "repository": "https://github.com/acme/platform"}
CASES: dict[str, str] = {
    "plain": json.dumps([CLIENT]),
    "branch": json.dumps([{**CLIENT, "branch": "release/2026"}]),
    "forks": json.dumps([{**CLIENT, "forks": True}]),
    "gitlab": json.dumps(
        [{**CLIENT, "scm": "gitlab", "repository": "https://gitlab.example/data/team/platform.git"}]
    ),
    "gitlab forks": json.dumps([{**CLIENT, "scm": "gitlab", "forks": True}]),
    "two": json.dumps([CLIENT, {**CLIENT, "client": "borealis", "name": "Borealis Air"}]),
    "readme": re.findall(r"```json\n(.*?)```", (JENKINS / "README.md").read_text(encoding="utf-8"), re.S)[0],
    "no scm": json.dumps([{"client": "acme", "repository": "https://github.com/acme/platform"}]),
    "other scm": json.dumps([{**CLIENT, "scm": "svn"}]),
    "no slug": json.dumps([{**CLIENT, "client": "Acme/../other"}]),
    "a secret in the address": json.dumps([{**CLIENT, "repository": "https://me:pw@github.com/a/b"}]),
}  # fmt: skip
Call = list[Any]


def groovy(*words: str | Path, **more: str) -> str:
    needs_groovy()
    done = subprocess.run(
        ["groovy", *map(str, words)], capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "JAVA_HOME": str(find_java().resolve().parents[1]), **more},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("seed")
    (folder / "cases.json").write_text(json.dumps(list(CASES.values())), encoding="utf-8")
    groovy(HERE / "Seed.groovy", JENKINS / "jobs/seed.groovy", folder / "cases.json", folder / "results.json")  # fmt: skip
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return dict(zip(CASES, results, strict=True))


def named(calls: list[Call], name: str) -> list[Call]:
    """Every call of that name, however deep."""
    found = [one for one in calls if one[0] == name]
    for _, _, inner in calls:
        found += named(inner, name)
    return found


def jobs(result: dict[str, Any]) -> dict[str, Call]:
    return {
        call[1][0]: call
        for call in result["calls"]
        if call[0] in {"pipelineJob", "multibranchPipelineJob"}
    }


def one(call: Call, name: str) -> str:
    (found,) = named(call[2], name)
    return found[1][0]


def test_a_client_gets_a_folder_and_the_jobs_that_clouds_and_roles_know(
    seeded: dict[str, Any],
) -> None:
    made = seeded["plain"]
    assert [call[1][0] for call in made["calls"] if call[0] == "folder"] == ["acme"]
    expected = {"infra", "pipelines", "nightly", "destroy", "upgrade", "ml", "rollback"}
    assert set(jobs(made)) == {f"acme/{name}" for name in expected}
    assert {name for group in JOBS.values() for name in group} <= expected
    kinds = {name for name, call in jobs(made).items() if call[0] == "multibranchPipelineJob"}
    assert kinds == {"acme/infra", "acme/pipelines"}


def test_every_job_runs_a_pipeline_that_exists(seeded: dict[str, Any]) -> None:
    scripts = {one(call, "scriptPath") for call in jobs(seeded["plain"]).values()}
    assert all((ROOT / script).is_file() for script in scripts)
    files = {str(file.relative_to(ROOT)) for file in (ROOT / "ci/pipelines").glob("*.Jenkinsfile")}
    assert scripts == files | {"Jenkinsfile"}


def test_what_may_deploy_is_always_the_deploy_branchs_own_pipeline(seeded: dict[str, Any]) -> None:
    for case, branch in (("plain", "main"), ("branch", "release/2026")):
        for call in jobs(seeded[case]).values():
            if call[0] == "pipelineJob":
                assert one(call, "branch") == f"refs/heads/{branch}"
    infra = jobs(seeded["plain"])["acme/infra"]
    assert one(infra, "includes") == "main PR-*"
    assert one(jobs(seeded["plain"])["acme/pipelines"], "includes") == "main"
    assert one(jobs(seeded["gitlab"])["acme/infra"], "includes") == "main MR-*"


def test_a_start_of_jenkins_takes_from_no_job_its_clock_its_parameters_or_its_limits(
    seeded: dict[str, Any],
) -> None:
    """Job DSL writes the jobs anew at every start: what only the pipeline says would be gone until its next build."""
    single = [call for call in jobs(seeded["plain"]).values() if call[0] == "pipelineJob"]
    assert len(single) == 5
    for call in single:
        code = (ROOT / one(call, "scriptPath")).read_text(encoding="utf-8")
        asked = re.findall(r"string\(name: '(\w+)', defaultValue: '(.*?)', description: '(.*?)'\)", code)  # fmt: skip
        assert [tuple(given[1]) for given in named(call[2], "stringParam")] == asked
        assert code.count("string(") == len(asked), "a parameter of another form"
        kept = re.findall(r"numToKeepStr: '(\d+)'", code)
        assert [given[1][0] for given in named(call[2], "numToKeepStr")] == kept
        assert [given[1][0] for given in named(call[2], "spec")] == re.findall(r"cron\('(.*?)'\)", code)  # fmt: skip
        assert ("disableConcurrentBuilds()" in code) is bool(named(call[2], "disableConcurrentBuilds"))  # fmt: skip
    (clock,) = named(jobs(seeded["plain"])["acme/nightly"][2], "spec")
    assert clock[1] == ["H 2 * * *"]


def test_forks_are_built_only_where_asked_for_and_then_trusted_with_nothing(
    seeded: dict[str, Any],
) -> None:
    assert not named(seeded["plain"]["calls"], "gitHubForkDiscovery")
    (found,) = named(seeded["forks"]["calls"], "gitHubForkDiscovery")
    (trust,) = named(found[2], "trust")
    assert trust[2] == [["gitHubTrustNobody", [], []]]


def test_old_branches_go_and_ids_stay_the_same(seeded: dict[str, Any]) -> None:
    for call in jobs(seeded["plain"]).values():
        if call[0] == "multibranchPipelineJob":
            assert one(call, "daysToKeep") == "30"
            assert one(call, "id") == f"landfall-{call[1][0].replace('/', '-')}"


def test_a_gitlab_project_may_lie_in_groups_of_groups(seeded: dict[str, Any]) -> None:
    infra = jobs(seeded["gitlab"])["acme/infra"]
    assert one(infra, "projectOwner") == "data/team"
    assert one(infra, "projectPath") == "data/team/platform"


def test_the_example_of_the_readme_is_one_that_the_seed_takes(seeded: dict[str, Any]) -> None:
    assert set(jobs(seeded["readme"])) == set(jobs(seeded["plain"]))


def test_two_clients_share_nothing(seeded: dict[str, Any]) -> None:
    names = jobs(seeded["two"])
    assert len(names) == 14
    assert {name.partition("/")[0] for name in names} == {"acme", "borealis"}


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("no scm", "has no 'scm'"),
        ("other scm", "'svn'; github or gitlab"),
        ("gitlab forks", "forks are built from github only"),
        ("no slug", "is no slug"),
        ("a secret in the address", "is not like https://HOST/OWNER/NAME"),
    ],
)
def test_a_client_written_wrongly_is_told(seeded: dict[str, Any], case: str, says: str) -> None:
    assert says in seeded[case]["error"]


# What Job DSL 1.94 and the plugins call these (job-dsl-core sources; @Symbol of github-branch-source,
# gitlab-branch-source, scm-api, workflow-multibranch, workflow-job, cloudbees-folder, core; read 2026-11-29).
KNOWN = {
    "folder", "multibranchPipelineJob", "pipelineJob", "displayName", "description", "branchSources", "branchSource",
    "source", "github", "gitlab", "id", "repoOwner", "repository", "repositoryUrl", "configuredByUrl", "credentialsId",
    "serverName", "projectOwner", "projectPath", "traits", "gitHubBranchDiscovery", "gitHubPullRequestDiscovery",
    "gitHubForkDiscovery", "gitHubTrustNobody", "gitLabBranchDiscovery", "gitLabOriginDiscovery", "strategyId", "trust", "headWildcardFilter", "includes", "excludes", "factory",
    "workflowBranchProjectFactory", "scriptPath", "triggers", "periodicFolderTrigger", "interval",
    "orphanedItemStrategy", "discardOldItems", "daysToKeep", "numToKeep", "definition", "cpsScm", "scm", "git", "remote",
    "url", "credentials", "branch", "lightweight", "parameters", "stringParam", "properties", "disableConcurrentBuilds",
    "abortPrevious", "buildDiscarder", "strategy", "logRotator", "daysToKeepStr", "numToKeepStr", "artifactDaysToKeepStr",
    "artifactNumToKeepStr", "pipelineTriggers", "cron", "spec",
}  # fmt: skip


def test_nothing_is_called_that_job_dsl_does_not_have(seeded: dict[str, Any]) -> None:
    def names(calls: list[Call]) -> set[str]:
        return {call[0] for call in calls}.union(*(names(call[2]) for call in calls))

    used = set[str]().union(*(names(result.get("calls", [])) for result in seeded.values()))
    assert used == KNOWN


@pytest.mark.parametrize("issuer", ["", "https://keys.acme.example/jenkins"])
def test_the_tokens_are_made_once_and_keep_their_keys(issuer: str) -> None:
    told = json.loads(
        groovy("-cp", HERE / "stand_ins", HERE / "Tokens.groovy", JENKINS / "init/tokens.groovy",
               **({"LANDFALL_OIDC_ISSUER": issuer} if issuer else {}))
    )  # fmt: skip
    first, second = told["runs"]
    assert first == second
    assert {token["id"]: token["audience"] for token in first} == {v: v for v in AUDIENCES.values()}
    assert {token["issuer"] for token in first} == {issuer or None}
    assert len({token["key"] for token in first}) == len(AUDIENCES)
    assert told["saved"] == 2
