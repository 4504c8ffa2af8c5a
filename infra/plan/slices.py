"""The SDKs' largest modules, of which a plan makes only the classes that it uses.

A service's `_inputs` and `outputs` hold up to thousands of classes; making all of them was a third of a plan's time, and a
program names a few. Such a module runs its head (imports) when it is imported; a class is made when somebody asks the
module for it, or when Pulumi resolves an annotation that names it (`cheap_hints`): of its code in Python's own cache, or,
where nothing is cached, of its source. Where a module is not what the SDKs' generator writes today (a head, then classes
only), it is run whole. Leaves out `from module import *`, which finds no class
of such a module; packages look a name up instead (`infra/plan/sparing.py`).
"""

from __future__ import annotations

import builtins
import importlib
import re
import sys
import threading
from collections.abc import Mapping
from functools import cache, cached_property
from importlib.machinery import SourceFileLoader
from importlib.util import cache_from_source
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

SLICED = frozenset({"_inputs", "outputs"})
"""The last part of such a module's name."""
_CLASS = re.compile(rb"\n(@pulumi\.(?:in|out)put_type\n)?class (\w+)(?:\((\w+)\))?:")
_OTHER = re.compile(rb"\n(?!@pulumi\.(?:in|out)put_type\nclass |class |#)\S")
"""Both begin with a letter that `re` can look for: most of the time here goes to reading megabytes."""
_LIST = re.compile(rb"\n__all__ = \[.*?\n\]", re.DOTALL)
"""It goes, so that a star import takes the head's names and makes no class."""
_modules: dict[str, _Classes] = {}
_making = threading.RLock()
"""A class is made once, also where two recordings ask in two threads."""


class _Classes:
    """A module's classes: where each stands in its source, and how it is made."""

    def __init__(
        self, source: bytes, loader: SourceFileLoader, starts: list[re.Match[bytes]]
    ) -> None:
        self.source, self.loader = source, loader
        ends = [*(one.start() for one in starts[1:]), len(source)]
        self.places = {one[2].decode(): (one, end) for one, end in zip(starts, ends, strict=True)}

    @cached_property
    def bodies(self) -> dict[str, CodeType]:
        """Class → its body's code, all from the file that Python wrote when it imported the module whole, if it ever did."""
        if not Path(cache_from_source(self.loader.path)).is_file():
            return {}
        code = self.loader.get_code(self.loader.name)
        found = code.co_consts if code is not None else ()
        return {one.co_name: one for one in found if isinstance(one, CodeType)}

    def make(self, name: str, module: ModuleType) -> None:
        """Make the class in its module, decorated as the source says."""
        start, end = self.places[name]
        body = self.bodies.get(name)
        if body is None:
            text = self.source[start.start() : end]
            exec(compile(text, self.loader.path, "exec", dont_inherit=True), vars(module))
            return
        base = (start[3] or b"").decode()
        bases = (vars(module).get(base) or getattr(builtins, base),) if base else ()
        made = builtins.__build_class__(FunctionType(body, vars(module)), name, *bases)
        decorate = (start[1] or b"").decode().strip().rpartition(".")[2]
        vars(module)[name] = getattr(vars(module)["pulumi"], decorate)(made) if decorate else made


class SliceLoader(SourceFileLoader):
    """Loads a module of many classes without making any."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the head, and keep the classes' sources for who asks."""
        source = self.get_data(str(self.path))
        starts = list(_CLASS.finditer(source))
        all_read = source.count(b"\nclass ") == len(starts)
        if not (starts and all_read) or _OTHER.search(source, starts[0].start()):
            super().exec_module(module)
            return
        _modules[module.__name__] = _Classes(source, self, starts)
        head = _LIST.sub(b"", source[: starts[0].start()], count=1)
        vars(module)["__getattr__"] = lambda wanted: _asked(module, wanted)
        exec(compile(head, str(self.path), "exec", dont_inherit=True), vars(module))


def _asked(module: ModuleType, wanted: str) -> Any:
    if not has(module, wanted):
        raise AttributeError(f"module '{module.__name__}' has no attribute '{wanted}'")
    with _making:
        if wanted not in vars(module):
            _modules[module.__name__].make(wanted, module)
        return vars(module)[wanted]


def has(module: ModuleType, wanted: str) -> bool:
    """Whether a module exports the name, made or not."""
    classes = _modules.get(module.__name__)
    if classes is not None:
        return wanted in classes.places
    exported = vars(module).get("__all__")
    return wanted in (vars(module) if exported is None else exported) and wanted[:1] != "_"


@cache
def cheap_hints() -> None:
    """From here on, Pulumi finds classes that are not made yet when it resolves an SDK's annotations."""
    types: Any = importlib.import_module("pulumi._types")
    resolve = types.get_type_hints

    def hints(one: Any, globalns: dict[str, Any], localns: dict[str, Any]) -> dict[str, Any]:
        return resolve(one, globalns=globalns, localns=_Names(localns, globalns))

    types.get_type_hints = hints


class _Names(dict[str, Any]):
    """Local names of an annotation, and after the global ones those that the module's star import would have given."""

    def __init__(self, local: Mapping[str, Any], others: Mapping[str, Any]) -> None:
        super().__init__(local)
        self.others = others

    def __missing__(self, name: str) -> Any:
        package = self.others.get("__package__")
        inputs = sys.modules.get(f"{package}._inputs")
        known = name in self.others or hasattr(builtins, name)
        if known or inputs is None or not has(inputs, name):
            raise KeyError(name)
        return getattr(inputs, name)
