"""Planning without importing the whole of the SDKs: of a package only the modules whose names are asked for.

Pulumi's SDKs import a service's hundreds of modules when one of its classes is wanted; making those classes was a quarter
of a plan's time. Once `spare_imports` was called, such a package runs its own `__init__` without the star imports, and looks
for a name in the module that is called after it; where it is not there, all are imported after all, as the SDK would. Of
the largest modules only the classes asked for are made (`infra/plan/slices.py`). What is recorded stays the same
(`tests/infra/plan/test_sparing.py`). For plans only: `pulumi up` imports as always. Leaves out `from package import *`,
which finds nothing in such a package.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

from infra.plan.slices import SLICED, SliceLoader, cheap_hints, has

_SDKS = ("pulumi_gcp", "pulumi_aws", "pulumi_azure_native", "pulumi_snowflake", "pulumi_kubernetes")
_RUN_WHOLE = ("pulumi_kubernetes",)
"""Its packages import one another in circles, and are small: all their modules are imported, but no class is made."""
_spared: set[str] = set()
"""Packages that look names up: one that was found before `spare_imports` needs its modules whole."""


@cache
def spare_imports() -> None:
    """From here on, packages of the SDKs that are not imported yet import their modules one by one."""
    sys.meta_path.insert(0, _Finder())
    cheap_hints()


class _Finder:
    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The package or large module as Python finds it, with our loader; None for everything else."""
        if name.partition(".")[0] not in _SDKS:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or not isinstance(spec.loader, SourceFileLoader):
            return None
        if spec.submodule_search_locations is not None:
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        elif name.rpartition(".")[2] in SLICED and name.rpartition(".")[0] in _spared:
            spec.loader = SliceLoader(spec.loader.name, spec.loader.path)
        else:
            return None
        return spec


def _starred(node: ast.stmt) -> str:
    """The module of a `from .module import *`; empty for everything else."""
    if isinstance(node, ast.ImportFrom) and node.level == 1 and node.names[0].name == "*":
        return node.module or ""
    return ""


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        """Run the package's `__init__` without its star imports, which wait for a name."""
        _spared.add(module.__name__)
        if module.__name__.partition(".")[0] in _RUN_WHOLE:
            vars(module)["__getattr__"] = lambda wanted: _found(module, ["_inputs"], wanted)
            super().exec_module(module)
            return
        tree = ast.parse(self.get_data(str(self.path)))
        modules = [name for node in tree.body if (name := _starred(node))]
        tree.body = [node for node in tree.body if not _starred(node)]
        exec(compile(tree, str(self.path), "exec", dont_inherit=True), vars(module))
        vars(module)["__getattr__"] = lambda wanted: _found(module, modules, wanted)


def _found(package: ModuleType, modules: list[str], wanted: str) -> Any:
    """A name of the package, looked for where it is likely, then everywhere; raises AttributeError."""
    if not wanted.startswith("__"):
        for name in (*(one for one in _likely(wanted) if one in modules), *modules):
            module = importlib.import_module(f"{package.__name__}.{name}")
            if has(module, wanted):
                vars(package)[wanted] = getattr(module, wanted)
                return vars(package)[wanted]
            if name == wanted:
                return module
    raise AttributeError(f"module '{package.__name__}' has no attribute '{wanted}'")


def _likely(wanted: str) -> Iterator[str]:
    """Modules that may hold a name: `network` holds Network and NetworkArgs, `_inputs` the arguments of parts."""
    yield wanted
    yield _snake(wanted)
    if wanted.endswith(("Args", "ArgsDict")):
        yield _snake(wanted.removesuffix("Dict").removesuffix("Args"))
        yield "_inputs"
    yield "_enums"


def _snake(name: str) -> str:
    parts = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", parts).lower()
