"""How often the checks blame what others wrote: the examples in the provider SDKs' own documentation.

    python -m benchmarks.examples [aws] [gcp] [snowflake] [--show]

Each example of the installed SDKs is run with stand-in outputs, and its resources are checked as a plan of their own.
Nobody vouches for an example: placeholders ('STACK NAME'), examples of what is not sold any more and wrong documentation
are found too, so `--show` prints the findings for a person to judge. Leaves out azure-native, which has no examples in
Python, and examples that need a name which they do not define.
"""

from __future__ import annotations

import argparse
import builtins
import contextlib
import importlib
import json
import re
import sys
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.plan.check import check
from infra.plan.check.finding import Finding
from infra.plan.model import SECRET, UNKNOWN, Plan, Resource

SDKS = {"aws": "pulumi_aws", "gcp": "pulumi_gcp", "snowflake": "pulumi_snowflake"}
_SECRET = "4dabf18193072939515e22adb298388d"  # marks secrets and assets on the wire
_OPEN = re.compile(r"04da6b54-80e4-46f7-96ec-b56ff0331ba9|Output\[T\]|output\.Unknown object|None")
"""What stands in a text where an example puts an output into it."""
_OF_THE_RUN = ("type", "required")
"""Rules that blame the stand-ins: what an example takes from another resource is nothing here."""


class _Undefined(dict[str, Any]):
    """The names of an example; one that it does not define is an output without a value."""

    def __missing__(self, key: str) -> Any:
        import pulumi

        if hasattr(builtins, key):
            raise KeyError(key)
        return pulumi.Output.from_input(None)


def examples(package: str) -> Iterator[str]:
    """The Python examples of an SDK, each once."""
    root = Path(str(importlib.import_module(package).__file__)).parent
    seen: set[str] = set()
    for file in sorted(root.rglob("*.py")):
        if file.name.startswith(("_", "get_", "list_")):
            continue
        for found in re.finditer(r"```python\n(.*?)```", file.read_text("utf-8"), re.S):
            code = textwrap.dedent(found[1])
            if code not in seen and "import pulumi" in code:
                seen.add(code)
                yield code


def resources_of(code: str) -> list[Resource]:
    """What an example registers before it ends or fails."""
    import pulumi
    from pulumi.runtime import mocks

    made: list[Resource] = []

    class Recorder(mocks.Mocks):
        def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
            if args.custom and not args.typ.startswith("pulumi:"):
                urn = f"urn:pulumi:dev::examples::{args.typ}::{args.name}"
                made.append(Resource(urn, args.typ, args.name, _plain(args.inputs)))
            return f"{args.name}-id", dict(args.inputs)

        def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:  # fmt: skip
            return dict(args.args), None

    mocks.set_mocks(Recorder(), preview=True)

    @pulumi.runtime.test
    def run() -> None:
        exec(compile(code, "example", "exec"), {"__name__": "example"}, _Undefined())

    with contextlib.suppress(Exception):
        run()
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if _SECRET in value:
            return SECRET
        return {key: _plain(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_plain(inner) for inner in value if inner is not None]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        return UNKNOWN if _OPEN.search(value) else value
    return value if isinstance(value, bool | int | float) else json.loads(json.dumps(value, default=str))  # fmt: skip


def judged(package: str) -> tuple[int, int, int, list[Finding]]:
    """Examples that made anything, resources, types, and the findings that are not the run's own."""
    ran, count, types, found = 0, 0, set[str](), list[Finding]()
    for code in examples(package):
        made = resources_of(code)
        if made:
            ran += 1
            count += len(made)
            types |= {one.type for one in made}
            found += [one for one in check(Plan("dev", "", tuple(made))) if one.rule not in _OF_THE_RUN]  # fmt: skip
    return ran, count, len(types), found


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("sdk", nargs="*", default=list(SDKS))
    parser.add_argument("--show", action="store_true", help="print each finding")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in asked.sdk:
        ran, count, types, found = judged(SDKS[name])
        blamed = len({one.urn for one in found})
        print(f"{name}: {ran} examples, {count} resources of {types} types; {len(found)} findings on {blamed}")  # fmt: skip
        for one in found if asked.show else ():
            print(f"  {one.severity} {one.type} {one.path} {one.value[:60]!r}: {one.allowed[:100]} ({one.origin[:60]})")  # fmt: skip
    sys.stdout.flush()


if __name__ == "__main__":
    main()
