"""Where things lie: the project's folder, its stacks, the local home. The one reader of the environment.

A project is the folder that holds `Pulumi.yaml`; it is looked for upwards from the working folder,
or named by LANDFALL_PROJECT. All state of the local Platform lies in one home: LANDFALL_HOME, by
default `.landfall/` in the project.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from landfall.errors import UsageError
from landfall.fast_yaml import FastLoader

STACK_PREFIX = "Pulumi."
CONFIG_KEY = "landfall:intent"


class _UniqueKeys(FastLoader):
    """YAML lets a key stand twice and keeps the last; a client's answer must not vanish like that."""

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, object]:
        seen: set[object] = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if isinstance(name, Hashable) and name in seen:
                raise yaml.MarkedYAMLError(
                    None, None, f"the key '{name}' stands twice", key.start_mark
                )
            seen.add(name if isinstance(name, Hashable) else str(name))
        return super().construct_mapping(node, deep=deep)


def environment(name: str, default: str = "") -> str:
    """One variable of the environment; empty counts as absent."""
    return os.environ.get(name) or default


def whole_environment() -> dict[str, str]:
    """A copy of the environment, for a command that is started with more than it."""
    return dict(os.environ)


@contextmanager
def more_environment(more: Mapping[str, str]) -> Iterator[None]:
    """Within the block this process's environment has these variables, too, for SDKs that read it themselves."""
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def person() -> str:
    """Who runs this process."""
    named = environment("LANDFALL_USER") or environment("USER")
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


@dataclass(frozen=True)
class Project:
    """A checkout (or a client's copy): the folder of `Pulumi.yaml` and the home of local state."""

    root: Path
    home: Path

    @property
    def stacks_dir(self) -> Path:
        return self.root / "stacks"

    @property
    def contracts_dir(self) -> Path:
        return self.root / "pipelines" / "contracts"

    @property
    def dbt_dir(self) -> Path:
        return self.root / "warehouse" / "dbt"

    @property
    def cache_dir(self) -> Path:
        """Downloads that any home may share (Spark's jars, DuckDB's extensions)."""
        chosen = environment("LANDFALL_CACHE")
        return Path(chosen) if chosen else self.root / ".cache"

    def stacks(self) -> list[str]:
        """Names of the stacks in `stacks/`, sorted."""
        return sorted(
            path.name[len(STACK_PREFIX) : -len(".yaml")]
            for path in self.stacks_dir.glob(f"{STACK_PREFIX}*.yaml")
        )

    def stack_file(self, stack: str) -> Path:
        """The file of a stack; raises UsageError, with the stacks there are, where there is none."""
        path = self.stacks_dir / f"{STACK_PREFIX}{stack}.yaml"
        if not path.is_file():
            raise UsageError(
                f"There is no stack '{stack}' in {self.stacks_dir}.",
                fix=f"Choose one of: {', '.join(self.stacks()) or '(none yet)'}.",
            )
        return path

    def read_stack(self, stack: str) -> dict[str, object]:
        """The raw `landfall:intent` mapping of a stack, whole; raises UsageError where unreadable."""
        return self.whole_intent(read_intent(self.stack_file(stack)), (stack,))

    def whole_intent(
        self, raw: dict[str, object], above: tuple[str, ...] = ()
    ) -> dict[str, object]:
        """`raw` as it is, or, where it says `like: STACK`, that stack's intent with raw's keys in place of its.

        So the stacks of one client's layers share one intent. `above` are the stacks on the way here.
        """
        like = raw.get("like")
        if like is None:
            return raw
        if not isinstance(like, str) or like in above:
            raise UsageError(
                f"landfall:intent.like must name another stack of {self.stacks_dir.name}/ "
                f"(found: {like!r}).",
                fix="For example: like: meridian-gcp-prod-foundation",
            )
        base = self.whole_intent(read_intent(self.stack_file(like)), (*above, like))
        return {**base, **{key: value for key, value in raw.items() if key != "like"}}


def read_intent(path: Path) -> dict[str, object]:
    """The raw `landfall:intent` mapping of a stack's file; raises UsageError where unreadable."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.", fix="Name a stack's file, or use --stack."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not readable YAML: {error}", fix="Mend the file.") from None
    config = content.get("config") if isinstance(content, dict) else None
    raw = config.get(CONFIG_KEY) if isinstance(config, dict) else None
    if not isinstance(raw, dict):
        raise UsageError(
            f"{path} holds no '{CONFIG_KEY}' under 'config'.",
            fix="Copy the head of a sample in stacks/, or run `landfall intent example`.",
        )
    return raw


def find_project(start: Path | None = None) -> Project:
    """The project around `start` (default: LANDFALL_PROJECT, else the working folder)."""
    named = environment("LANDFALL_PROJECT")
    folder = (start or (Path(named) if named else Path.cwd())).resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / "Pulumi.yaml").is_file():
            home = Path(environment("LANDFALL_HOME") or candidate / ".landfall")
            return Project(root=candidate, home=home.absolute())
    raise UsageError(
        f"No Landfall project at or above {folder}.",
        fix="Change into the project's folder, or set LANDFALL_PROJECT to it.",
    )


def default_stack() -> str:
    """The stack that commands use unless told: LANDFALL_STACK, else the demo on this machine."""
    return environment("LANDFALL_STACK", "demo-local-dev")
