"""The Pulumi program refuses what it cannot build, before anything is registered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from landfall.project import find_project


def run_program(stack: str, raw: dict[str, object]) -> subprocess.CompletedProcess[str]:
    """Run `infra/` as the engine would: `runpy` in its own process, configuration in the environment."""
    root = find_project(Path(__file__)).root
    script = (
        "import json, runpy, sys, pulumi\n"
        "pulumi.runtime.set_all_config({'landfall:intent': sys.argv[1]})\n"
        "pulumi.runtime.set_mocks(type('M', (pulumi.runtime.Mocks,), {'new_resource': lambda s, a: (a.name, {}),"
        " 'call': lambda s, a: {}})(), project='landfall', stack=sys.argv[2])\n"
        "runpy.run_path('infra', run_name='__main__')\n"
    )
    return subprocess.run(
        [sys.executable, "-c", script, json.dumps(raw), stack],
        cwd=root, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "PYTHONWARNINGS": ""},
    )  # fmt: skip


BASE = {"client": {"name": "Hudson Air", "slug": "hudson-air"}, "environment": "dev"}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({**BASE, "cloud": {"provider": "local"}}, "landfall run --all"),
        ({**BASE, "cloud": {"provider": "local"}, "clowd": 1}, "clowd"),
    ],
)
def test_what_cannot_be_built_is_refused_with_a_way_on(raw: dict[str, object], said: str) -> None:
    ended = run_program("demo-local-dev", raw)
    assert ended.returncode != 0
    assert said in ended.stderr
