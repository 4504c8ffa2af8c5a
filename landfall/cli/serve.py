"""`landfall serve`: the champion behind the Open Inference Protocol V2, until it is told to stop."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from landfall.cli.output import Form, Output, Stack, emit, status


def serve(
    stack: Stack,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="port; 0 takes any free one")] = 8080,
    grace: Annotated[
        float, typer.Option(min=0, help="seconds between turning unready and closing the door")
    ] = 1.0,
    output: Output = Form.text,
) -> None:
    """Answer inference requests with the champion (Open Inference Protocol V2)."""
    from pipelines.context import open_context

    with open_context(stack) as ctx:
        problem, settings = ctx.ml.problem, ctx.intent.serving
        from ml.serving.server import open_socket, run_server
        from ml.serving.source import RegistrySource

        sock = open_socket(host, port)
        status(f"loading the champion of {problem.name} …")

        def announce(told: dict[str, Any]) -> None:
            emit({**told, "stack": stack}, output, _print)
            sys.stdout.flush()  # whoever waits for this line reads a pipe

        with sock:
            run_server(
                RegistrySource(ctx.platform, problem.name), settings, sock, ctx.artifacts,
                announce=announce, grace=grace,
            )  # fmt: skip
    status("drained; every request was answered")


def _print(told: dict[str, Any]) -> None:
    print(f"serving {told['model']} version {told['version']} at {told['address']}")
    print(f"  try: curl {told['address']}/v2/models/{told['model']}")
