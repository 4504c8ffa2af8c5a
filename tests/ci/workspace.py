"""An agent's workspace, as a checkout and ci/setup.sh leave it: `python -m tests.ci.workspace FOLDER`.

The folder becomes a clone of what is committed here, with an environment of its own that has this checkout's packages:
ci/setup.sh finds it filled, and nothing that it does reaches this checkout.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from landfall.project import find_project

ROOT = find_project(Path(__file__)).root
_LINKED = (".venv-dbt", ".tools", ".cache")
_UNUSED = {".venv-policy": "policy.txt", ".venv-dbt-clouds": "dbt-clouds.txt"}
"""Environments that no local step opens: their mark alone."""


def make(folder: Path) -> None:
    """Clone, and make ready."""
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder)], check=True)
    for name in _LINKED:
        if (ROOT / name).exists():
            (folder / name).symlink_to(ROOT / name)
    python = ROOT / ".venv" / "bin" / "python"
    subprocess.run([python, "-m", "venv", "--without-pip", folder / ".venv"], check=True)
    (site,) = (folder / ".venv" / "lib").glob("python*/site-packages")
    (site / "landfall.pth").write_text(f"{folder}\n{sysconfig.get_path('purelib')}\n")
    script = folder / ".venv" / "bin" / "landfall"
    script.write_text(
        f"#!{folder}/.venv/bin/python\nfrom landfall.cli import main\n\nif __name__ == '__main__':\n    main()\n"
    )
    script.chmod(0o755)
    for name in ("dev.txt", "infra.txt"):
        shutil.copy(folder / "requirements" / name, folder / ".venv" / f".{name}")
    for environment, name in _UNUSED.items():
        (folder / environment).mkdir()
        shutil.copy(folder / "requirements" / name, folder / environment / f".{name}")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
