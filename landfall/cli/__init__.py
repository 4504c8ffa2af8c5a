"""The `landfall` command: one file a noun, mounted here. Heavy imports wait until a command needs them.

Exit codes: 0 fine, 1 failed, 2 usage, 3 refused by a policy, gate or lock, 130 interrupted.
"""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from landfall import __version__
from landfall.errors import LandfallError

EPILOG = "Exit codes: 0 fine, 1 failed, 2 usage, 3 refused by a policy, gate or lock."


def _version(asked: bool) -> None:
    if asked:
        print(f"landfall {__version__}")
        raise typer.Exit


def _about(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """From a client's answers to a governed data-to-AI platform."""


def build_app() -> typer.Typer:
    """The whole command, every noun mounted."""
    from landfall.cli import (
        check,
        clients,
        cluster,
        code,
        compare,
        dataset,
        doctor,
        evidence,
        intent,
        lake,
        land,
        listen,
        model,
        notice,
        plan,
        platform,
        preflight,
        registry,
        report,
        run,
        serve,
        stack,
        waivers,
    )

    app = typer.Typer(
        name="landfall",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        epilog=EPILOG,
    )
    app.callback()(_about)
    for function in (
        doctor.doctor, plan.plan, check.check, compare.compare, preflight.preflight, evidence.evidence, land.land, listen.listen, run.run,
        report.report, serve.serve, notice.notice, waivers.waivers,
    ):  # fmt: skip
        app.command()(function)
    for noun in (clients, cluster, code, dataset, intent, lake, model, platform, registry, stack):
        app.add_typer(noun.app, name=noun.__name__.rsplit(".", 1)[-1])
    return app


def main() -> None:
    """Run the command line; every error of ours ends in its exit code and a message, no traceback."""
    try:
        build_app()()
    except KeyboardInterrupt:
        print(
            "interrupted; what was published stays, run the same command to go on", file=sys.stderr
        )
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        from landfall.faults import translate

        known = translate(error)
        if known is None:
            known = _bug(error)
        _explain(known)
        sys.exit(known.exit_code)


def _bug(error: Exception) -> LandfallError:
    """An error nobody foresaw: its traceback goes to a file, the person gets a line and the file's name."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="landfall-error-", suffix=".txt", delete=False, encoding="utf-8"
    ) as stream:
        stream.write(f"landfall {__version__}: {' '.join(sys.argv[1:])}\n\n")
        traceback.print_exception(error, file=stream)
    return LandfallError(
        f"{type(error).__name__}: {error}".strip().splitlines()[0][:300],
        so="Landfall did not expect this; what was published stays.",
        fix=f"The details are in {stream.name}; please report them with the command you typed.",
    )


def _explain(error: LandfallError) -> None:
    if any(
        a == "--output=json" or (a, b) == ("--output", "json")
        for a, b in zip(sys.argv, [*sys.argv[1:], ""], strict=True)
    ):
        print(json.dumps(error.as_dict()))
    print(f"error: {error.what}", file=sys.stderr)
    for part in (error.so, error.fix):
        if part:
            print(f"  {part}", file=sys.stderr)
