"""Record a Plan: run the very program that `pulumi up` runs, in this process, with no CLI and no cloud.

The engine is played by a monitor that keeps every request as it came and answers with outputs made by
`infra/plan/outputs.py`, known (the default) or unknown as in a preview. A resource registered twice, a
call to a cloud, and a stack reference that nobody can answer are errors. Each recording runs in a context
of its own, so nothing leaks from one to the next. Source: the protocol of `pulumi.runtime.proto`, 3.272.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import inspect
import os
import threading
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from types import CoroutineType
from typing import Any, TypeVar
from urllib.parse import unquote, urlparse

from google.protobuf import empty_pb2, json_format, struct_pb2

from infra.plan.aliases import cheap_aliases
from infra.plan.lookups import answer
from infra.plan.model import SECRET, UNKNOWN, Plan, Resource
from infra.plan.outputs import Outputs
from infra.plan.positions import cheap_positions
from infra.plan.sparing import spare_imports
from infra.plan.uncollected import uncollected
from landfall.errors import LandfallError

PROJECT = "landfall"
T = TypeVar("T")
_SIGNATURE = "4dabf18193072939515e22adb298388d"  # marks special values on the wire
_IS_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_ASSETS = {"c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7"}
_REFERENCE = "5cf8f73096256a8f31e491e813e4eb8e"  # a resource given as an input
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_ROOT = Path(__file__).resolve().parents[2]


class _Switch:
    """Pulumi's switch in the environment by which an Output in a text raises; on while anyone records.

    Counted, since a recording may ask for another (a stack reference), in another thread.
    """

    name = "PULUMI_ERROR_OUTPUT_STRING"

    def __init__(self) -> None:
        self.lock, self.users = threading.Lock(), 0
        self.before: str | None = None

    def enter(self) -> None:
        with self.lock:
            if self.users == 0:
                self.before = os.environ.get(self.name)
                os.environ[self.name] = "true"
            self.users += 1

    def leave(self) -> None:
        with self.lock:
            self.users -= 1
            if self.users == 0:
                os.environ.pop(self.name, None)
                if self.before is not None:
                    os.environ[self.name] = self.before


_outputs_in_texts_raise = _Switch()


class _Here(ThreadPoolExecutor):
    """Does the work that Pulumi gives to other threads at once: a thread would be waited for, a request here is answered."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **more: Any) -> Future[T]:
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **more))
        except BaseException as error:
            done.set_exception(error)
        return done


References = Callable[[str], Mapping[str, Any]]
"""Given a stack's full name, the outputs that it exports; raises LandfallError where nobody knows."""


def no_references(stack: str) -> Mapping[str, Any]:
    """The answer where no other stack may be read."""
    raise LandfallError(f"Nothing is known of the stack '{stack}', which this one reads.")


def record(
    program: Callable[[], None],
    stack: str,
    cloud: str,
    *,
    known: bool = True,
    references: References = no_references,
    config: Mapping[str, str] | None = None,
) -> Plan:
    """Run `program` and return what it registered; raises what the program raises."""
    with uncollected():
        return contextvars.copy_context().run(
            _record, program, stack, cloud, known, references, dict(config or {})
        )


def _record(
    program: Callable[[], None],
    stack: str,
    cloud: str,
    known: bool,
    references: References,
    config: dict[str, str],
) -> Plan:
    import pulumi
    from pulumi.runtime import mocks, settings
    from pulumi.runtime.stack import run_in_stack

    spare_imports()
    cheap_aliases()
    cheap_positions()
    monitor = _monitor(Outputs(known), references)
    outputs_left: set[asyncio.Task[Any]] = set()
    settings.set_root_resource(None)  # pyright: ignore[reportArgumentType]
    settings.configure(
        mocks.MockSettings(
            monitor=monitor, engine=mocks.MockEngine(None), project=PROJECT, stack=stack,
            dry_run=not known, organization="organization", callbacks=None, parallel=0,
            root_directory=str(_ROOT), legacy_apply_enabled=False, package_refs={},
            base_providers_by_ref={}, outputs=outputs_left, monitor_features=set(),
        )
    )  # fmt: skip
    pulumi.runtime.set_all_config({"landfall:cloud": cloud, **config})
    loop = asyncio.new_event_loop()
    loop.set_default_executor(_Here())
    # An error comes out of run_in_stack; its echoes in other tasks are not told as well.
    loop.set_exception_handler(lambda *_: None)
    _outputs_in_texts_raise.enter()
    try:
        asyncio.set_event_loop(loop)
        with warnings.catch_warnings():
            # Where a program fails, Pulumi leaves coroutines behind that nobody will await.
            warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
            try:
                loop.run_until_complete(
                    run_in_stack(lambda: _with_classes(monitor, outputs_left, program))
                )
            except BaseException:
                _abandon(loop)
                raise
    finally:
        asyncio.set_event_loop(None)
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        _outputs_in_texts_raise.leave()
    ordered = sorted(monitor.recorded.values(), key=lambda one: one.urn)
    return Plan(stack, cloud, tuple(ordered), monitor.stack_outputs)


def _abandon(loop: asyncio.AbstractEventLoop) -> None:
    """End what a failed program left half done, in silence: its error is told, the rest follows from it."""
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    for one in gc.get_objects():
        # Those that the error's traceback holds would be told when it is dropped.
        if type(one) is CoroutineType and inspect.getcoroutinestate(one) == "CORO_CREATED":
            one.close()


async def _with_classes(
    monitor: Any, outputs: set[asyncio.Task[Any]], program: Callable[[], None]
) -> None:
    """Run the program, telling the monitor each resource's Python class: its types make the outputs."""
    import pulumi

    def note(args: pulumi.ResourceTransformationArgs) -> None:
        monitor.classes[args.type_] = type(args.resource)

    pulumi.runtime.register_stack_transformation(note)  # pyright: ignore[reportArgumentType]
    program()
    # Pulumi's own waiting looks at every open output each time that one is done: quadratic, and most of a
    # recording's time. Waiting for all that there are at once comes to the same and is linear.
    while outputs:
        pending = list(outputs)
        outputs.clear()
        done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        if any(task.cancelled() or task.exception() for task in done):
            outputs.update(pending)  # for Pulumi to meet, and to raise in its own way
            return


def _monitor(outputs: Outputs, references: References) -> Any:
    """The monitor; made here because importing Pulumi is slow and only a recording needs it."""
    from pulumi.runtime.mocks import MockMonitor
    from pulumi.runtime.proto import resource_pb2

    class Recorder(MockMonitor):
        def __init__(self) -> None:
            super().__init__(mocks=None)  # pyright: ignore[reportArgumentType]
            self.recorded: dict[str, Resource] = {}
            self.classes: dict[str, type] = {}
            self.stack_outputs: dict[str, Any] = {}

        def make_urn(self, parent: str, type_: str, name: str) -> str:
            # The engine's rule: the parent's whole qualified type, but for the stack itself.
            from pulumi.runtime.settings import get_project, get_stack

            above = parent.split("::")[2] if parent else ""
            qualified = f"{above}${type_}" if above and above != "pulumi:pulumi:Stack" else type_
            return f"urn:pulumi:{get_stack()}::{get_project()}::{qualified}::{name}"

        def RegisterResource(self, request: Any) -> Any:  # noqa: N802 (the protocol's name)
            urn = self.make_urn(request.parent, request.type, request.name)
            if request.type == "pulumi:pulumi:Stack":
                return resource_pb2.RegisterResourceResponse(urn=urn)
            one = _resource(urn, request, self.recorded.get(request.parent))
            if urn in self.recorded:
                raise LandfallError(
                    f"Two resources are registered as {urn}: at {self.recorded[urn].source} "
                    f"and at {one.source}.",
                    so="The engine refuses the second.",
                    fix="Give one another logical name.",
                )
            self.recorded[urn] = one
            if not request.custom:
                return resource_pb2.RegisterResourceResponse(urn=urn)
            given = json_format.MessageToDict(request.object)
            id_, state = outputs.of(one, given, self.classes.get(request.type))
            return resource_pb2.RegisterResourceResponse(urn=urn, id=id_, object=_struct(state))

        def ReadResource(self, request: Any) -> Any:  # noqa: N802
            urn = self.make_urn(request.parent, request.type, request.name)
            if request.type == "pulumi:pulumi:StackReference":
                # In a thread, as who answers may record a plan, which wants an event loop of its own.
                with ThreadPoolExecutor(1) as apart:
                    read = dict(apart.submit(references, request.id).result())
                state: dict[str, Any] = {
                    "name": request.id, "outputs": read, "secretOutputNames": []
                }  # fmt: skip
                return resource_pb2.ReadResourceResponse(urn=urn, properties=_struct(state))
            raise LandfallError(
                f"The program reads {request.type} '{request.name}' from the cloud.",
                so="A plan is made with no cloud, so it cannot be planned.",
                fix="Take what is read from the intent, or adopt it by import.",
            )

        def Invoke(self, request: Any) -> Any:  # noqa: N802
            said = answer(request.tok, _plain(json_format.MessageToDict(request.args)))
            if said is not None:
                made = resource_pb2.ResourceInvokeResponse()
                getattr(made, "return").update(said)  # a field whose name Python reserves
                return made
            raise LandfallError(
                f"The program asks the cloud ({request.tok}) while it is planned.",
                so="A plan is made with no cloud.",
                fix="Take the value from the intent or from a dated table.",
            )

        def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
            if "::pulumi:pulumi:Stack::" in request.urn:
                self.stack_outputs = _plain(json_format.MessageToDict(request.outputs))
            return empty_pb2.Empty()

    return Recorder()


def _struct(state: Mapping[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(state)  # pyright: ignore[reportArgumentType]
    return made


def _resource(urn: str, request: Any, parent: Resource | None) -> Resource:
    """The request as a resource; what it leaves open of retention it has from its parent, as in the engine."""
    dependencies = {key: tuple(sorted(v.urns)) for key, v in request.propertyDependencies.items()}
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        inputs=_plain(json_format.MessageToDict(request.object)),
        parent="" if "::pulumi:pulumi:Stack::" in request.parent else request.parent,
        provider=request.provider.rpartition("::")[0],
        deps=tuple(sorted(request.dependencies)),
        property_deps={key: urns for key, urns in sorted(dependencies.items()) if urns},
        protect=request.protect,
        retain=request.retainOnDelete
        if request.HasField("retainOnDelete")
        else bool(parent and parent.retain),
        custom=request.custom,
        aliases=tuple(sorted({*request.aliasURNs, *map(_alias, request.aliases)})),
        import_id=request.importId,
        ignore_changes=tuple(request.ignoreChanges),
        delete_before_replace=request.deleteBeforeReplace,
        source=_source(request),
    )


def _alias(alias: Any) -> str:
    if alias.HasField("urn"):
        return alias.urn
    spec = json_format.MessageToDict(alias.spec)
    return ",".join(f"{key}={value}" for key, value in sorted(spec.items()))


def _source(request: Any) -> str:
    """`file:line` of the innermost frame of our own code: the SDK's own frames stand before it."""
    for position in (request.sourcePosition, *(frame.pc for frame in request.stackTrace.frames)):
        if own := _own(position.uri):
            return f"{own}:{position.line}"
    return ""


@cache
def _own(uri: str) -> str:
    """The path below the project of a file of ours; empty for all others."""
    path = Path(unquote(urlparse(uri).path))
    ours = bool(uri) and path.is_relative_to(_ROOT) and "site-packages" not in path.parts
    return str(path.relative_to(_ROOT)) if ours else ""


def _plain(value: Any) -> Any:
    """A wire value as plain data: secrets masked, unknowns marked, whole floats as integers."""
    if isinstance(value, dict):
        if value.get(_SIGNATURE) == _IS_SECRET:
            return SECRET
        if value.get(_SIGNATURE) == _REFERENCE:
            return _plain(value.get("id") or value["urn"])
        if value.get(_SIGNATURE) in _ASSETS:  # a file or a text that goes up with the resource
            value = {key: inner for key, inner in value.items() if key not in (_SIGNATURE, "hash")}
        return {key: _plain(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value == _UNKNOWN:
        return UNKNOWN
    return value
