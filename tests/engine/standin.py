"""Providers of our own that stand in for the clouds', so that the real engine runs with no cloud.

One gRPC server a package, attached by PULUMI_DEBUG_PROVIDERS. What is created lives in memory; a test may
change it there, as a person would in the console, and `refresh` then finds the drift. Outputs are those
that a recorded plan makes up (`infra/plan/outputs.py`), so that both can be compared value by value.
Functions are answered as a plan answers them, which is few. Leaves out schemas and calls, which our programs
must not need.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from infra.plan.change import REPLACES
from infra.plan.lookups import answer
from infra.plan.model import Plan, Resource
from infra.plan.outputs import Outputs
from infra.plan.sdk import class_of

PACKAGES = ("gcp", "aws", "azure-native", "azuread", "kubernetes", "snowflake", "random")
_SIGNATURE = "4dabf18193072939515e22adb298388d"


@dataclass
class Held:
    """One resource of the pretended cloud: what it was asked to be, and all that it answers."""

    urn: str
    inputs: dict[str, Any]
    state: dict[str, Any]


class Stall:
    """A resource of whose creation or change the cloud tells nothing, and which it never does."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.reached, self.over = threading.Event(), threading.Event()


class Cloud:
    """What exists in the pretended cloud, by the stack that made it, type and id: a bucket and its settings share the
    bucket's name, and two samples may call theirs the same, each in an account of its own."""

    def __init__(self) -> None:
        self.live: dict[tuple[str, str, str], Held] = {}
        self.stall: Stall | None = None
        self._one_at_a_time = threading.Lock()

    def answer(
        self, one: Resource, given: dict[str, Any], known: bool
    ) -> tuple[str, dict[str, Any]]:
        """The id and state of a resource; the SDKs' classes are imported by one thread at a time, since a module
        that another thread is still importing has no class to show."""
        with self._one_at_a_time:
            return Outputs(known).of(one, given, class_of(one.type))

    def key(self, urn: str, id_: str) -> tuple[str, str, str]:
        """Where a resource is held: by its own stack, or by the one that it was moved from."""
        own = (_stack(urn), _type(urn), id_)
        moved = (key for key in self.live if key[1:] == own[1:])
        return own if own in self.live else next(moved, own)

    @contextmanager
    def stalled(self, name: str) -> Iterator[Stall]:
        """While the block runs, the cloud does not answer for the resource of this logical name."""
        self.stall = Stall(name)
        try:
            yield self.stall
        finally:
            self.stall.over.set()
            self.stall = None

    def hang(self, urn: str, context: Any) -> None:
        """Called before anything is done to a resource; does not come back where that resource is stalled."""
        stall = self.stall
        if stall is None or urn.rpartition("::")[2] != stall.name:
            return
        stall.reached.set()
        stall.over.wait()
        context.abort(grpc.StatusCode.UNAVAILABLE, f"the cloud did not answer for {stall.name}")

    def adopt(self, plan: Plan) -> None:
        """Let what the plan imports exist already, as the client has it."""
        for one in plan.resources:
            if one.import_id:
                _, state = self.answer(one, dict(one.inputs), True)
                self.live[_stack(one.urn), one.type, one.import_id] = Held(
                    one.urn, dict(one.inputs), state
                )


class StandIn(provider_pb2_grpc.ResourceProviderServicer):
    """One package's provider over the pretended cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802 (the protocol's names)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def Attach(self, request: Any, context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version="99.0.0")

    def GetMapping(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.GetMappingResponse()

    def GetMappings(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.GetMappingsResponse()

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self.Diff(request, context)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        kind = provider_pb2.DiffResponse
        old, new = _plain(request.old_inputs), _plain(request.news)
        # A refresh asks what differs between the state and the inputs that it read.
        changed = sorted(k for k in {*old, *new} if old.get(k) != new.get(k) and k != "version")
        replaced = REPLACES.get(_type(request.urn), ())
        return kind(
            changes=kind.DIFF_SOME if changed else kind.DIFF_NONE,
            diffs=changed,
            replaces=[key for key in changed if key in replaced],
            # As the clouds' providers do: what has no details is left out of the JSON of a refresh.
            hasDetailedDiff=True,
            detailedDiff={key: _difference(key, old, new, key in replaced) for key in changed},
        )

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        given = json_format.MessageToDict(request.properties)
        one = _resource(request.urn, _plain(request.properties))
        id_, state = self.cloud.answer(one, given, not request.preview)
        if request.preview:
            return provider_pb2.CreateResponse(properties=_struct(state))
        self.cloud.hang(request.urn, context)
        stack = _stack(request.urn)
        while (stack, one.type, id_) in self.cloud.live:  # ids are the cloud's to give, one each
            id_ += "-2"
        self.cloud.live[stack, one.type, id_] = Held(request.urn, given, state)
        return provider_pb2.CreateResponse(id=id_, properties=_struct(state))

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        held = self.cloud.live.get(self.cloud.key(request.urn, request.id))
        if held is None:
            return provider_pb2.ReadResponse()
        # An import knows no state of its own yet.
        return provider_pb2.ReadResponse(
            id=request.id, properties=_struct(held.state), inputs=_struct(held.inputs)
        )

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        given = json_format.MessageToDict(request.news)
        one = _resource(request.urn, _plain(request.news))
        _, state = self.cloud.answer(one, given, True)
        if not request.preview:
            self.cloud.hang(request.urn, context)
            self.cloud.live[self.cloud.key(request.urn, request.id)] = Held(
                request.urn, given, state
            )
        return provider_pb2.UpdateResponse(properties=_struct(state))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.cloud.live.pop(self.cloud.key(request.urn, request.id), None)
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        said = answer(request.tok, _plain(request.args))
        if said is None:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"the program calls {request.tok}")
        made = provider_pb2.InvokeResponse()
        getattr(made, "return").update(said)  # a field whose name Python reserves
        return made


def _difference(key: str, old: dict[str, Any], new: dict[str, Any], replaces: bool) -> Any:
    kind = provider_pb2.PropertyDiff
    word = "ADD" if key not in old else "DELETE" if key not in new else "UPDATE"
    return kind(kind=kind.Kind.Value(f"{word}_REPLACE" if replaces else word), inputDiff=True)


def _stack(urn: str) -> str:
    return urn.split("::")[0].rpartition(":")[2]


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _resource(urn: str, inputs: dict[str, Any]) -> Resource:
    return Resource(urn=urn, type=_type(urn), name=urn.rpartition("::")[2], inputs=inputs)


def _plain(message: Any) -> dict[str, Any]:
    return _open(json_format.MessageToDict(message))


def _open(value: Any) -> Any:
    """Secrets as their values: the stand-in is inside the trust of the apply."""
    if isinstance(value, dict):
        return (
            _open(value["value"])
            if _SIGNATURE in value and "value" in value
            else {key: _open(inner) for key, inner in value.items()}
        )
    return [_open(inner) for inner in value] if isinstance(value, list) else value


def _struct(state: dict[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(state)
    return made


@contextmanager
def providers(cloud: Cloud) -> Iterator[str]:
    """Serve every package on loopback; gives the value of PULUMI_DEBUG_PROVIDERS."""
    servers, attached = [], []
    for package in PACKAGES:
        server = grpc.server(
            ThreadPoolExecutor(max_workers=16),
            options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
        )
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(StandIn(cloud), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
        attached.append(f"{package}:{port}")
    try:
        yield ",".join(attached)
    finally:
        for server in servers:
            server.stop(grace=None).wait()
