"""How a build calls the CLI: its end, its output, its home."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.release.engine import Engine, Hung, build_home
from infra.release.masking import MASK, Masker
from landfall.errors import MissingTool
from tests.infra.release.conftest import ROOT, Fake


def test_each_call_names_its_stack_and_asks_nothing(engine: Engine, fake: Fake) -> None:
    engine.run("stack", "export", stack="a")
    assert fake.calls() == [
        ["stack", "export", "--stack", "a", "--non-interactive", "--color", "never"]
    ]


def test_a_hung_cli_is_asked_to_end_then_ended_and_reported(fake: Fake, tmp_path: Path) -> None:
    fake.says("up", out="working on it\n", sleep=60, deaf=True)
    engine = Engine(tmp_path, dict(os.environ), limits={"up": 1}, grace=1)
    began = time.monotonic()
    with pytest.raises(Hung, match=r"did not end") as caught:
        engine.run("up", stack="a")
    assert time.monotonic() - began < 20
    assert "working on it" in caught.value.so
    assert "landfall stack pending a" in caught.value.fix


def test_a_cli_that_ends_at_the_first_signal_is_not_killed(fake: Fake, tmp_path: Path) -> None:
    fake.says("up", sleep=60)
    engine = Engine(tmp_path, dict(os.environ), limits={"up": 1}, grace=30)
    began = time.monotonic()
    with pytest.raises(Hung):
        engine.run("up", stack="a")
    assert time.monotonic() - began < 15


def test_an_aborted_build_takes_the_cli_along(fake: Fake, tmp_path: Path) -> None:
    fake.says("up", sleep=60)
    program = (
        "import os, pathlib\n"
        "from infra.release.engine import Engine\n"
        f"Engine(pathlib.Path({str(tmp_path)!r}), dict(os.environ), grace=2)"
        ".run('up', stack='a', on_start=lambda pid: print(pid, flush=True))\n"
    )
    build = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # fmt: skip
    assert build.stdout is not None
    pid = int(build.stdout.readline())
    build.send_signal(signal.SIGTERM)
    build.wait(timeout=20)
    build.stdout.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_what_a_killed_cli_leaves_running_is_ended(tmp_path: Path) -> None:
    cli = tmp_path / "pulumi"
    cli.write_text(
        "#!/bin/sh\nsleep 300 >/dev/null 2>&1 &\necho $!\nkill -9 $$\n", encoding="utf-8"
    )
    cli.chmod(0o755)
    engine = Engine(tmp_path, {"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    done = engine.run("up", stack="a")
    assert done.code == -signal.SIGKILL
    host = Path("/proc") / done.out.strip()
    deadline = time.monotonic() + 10
    while (
        host.exists() and time.monotonic() < deadline
    ):  # its parent is gone; the system takes it away
        time.sleep(0.05)
    assert not host.exists()


def test_output_is_masked_as_it_comes(fake: Fake, tmp_path: Path) -> None:
    fake.says("up", out="token s3cr3t-of-the-backend\n", err="AKIAABCDEFGHIJKLMNOP was refused\n")
    engine = Engine(tmp_path, {**os.environ, "PULUMI_ACCESS_TOKEN": "s3cr3t-of-the-backend"})
    lines: list[str] = []
    done = engine.run("up", stack="a", on_line=lines.append)
    assert lines == [f"token {MASK}\n"]
    assert done.out == f"token {MASK}\n"
    assert done.err == f"{MASK} was refused\n"


def test_the_token_that_jenkins_hands_over_is_masked(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("opaque-but-secret", encoding="utf-8")
    masker = Masker({"LANDFALL_OIDC_TOKEN_FILE": str(file), "SHORT_TOKEN": "dev"})
    told = masker.value({"a": ["x opaque-but-secret y"], "b": "dev", "n": 1})
    assert told == {"a": [f"x {MASK} y"], "b": "dev", "n": 1}


def test_a_path_or_a_file_name_is_no_secret() -> None:
    assert (
        Masker({"LANDFALL_TOKEN_FILE": "/run/token-file"}).text("/run/token-file")
        == "/run/token-file"
    )


def test_no_cli_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(MissingTool, match="no `pulumi`"):
        Engine(tmp_path, {"PATH": str(tmp_path)})


def test_a_build_has_a_home_of_its_own_with_the_machines_plugins(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    (shared / "plugins" / "resource-gcp").mkdir(parents=True)
    build = {"BUILD_URL": "https://jenkins.example.com/job/a/1/", "PULUMI_HOME": str(shared)}
    with build_home(build) as first, build_home(build) as second:
        assert len({first["PULUMI_HOME"], second["PULUMI_HOME"], str(shared)}) == 3
        assert (Path(first["PULUMI_HOME"]) / "plugins" / "resource-gcp").is_dir()
    assert not Path(first["PULUMI_HOME"]).exists()
    assert (shared / "plugins" / "resource-gcp").is_dir()


def test_a_person_keeps_the_home_they_have() -> None:
    with build_home({"HOME": "/home/lead"}) as environment:
        assert environment == {"HOME": "/home/lead"}


def test_what_kubeconfigs_call_is_found_by_the_cli_s_plugins(tmp_path: Path) -> None:
    cli = tmp_path / "pulumi"
    cli.write_text("#!/bin/sh\ncommand -v landfall\n", encoding="utf-8")
    cli.chmod(0o755)
    told = Engine(tmp_path, {"PATH": f"{tmp_path}:/usr/bin:/bin"}).run("up", stack="a")
    assert Path(told.out.strip()) == Path(sys.executable).parent / "landfall"
