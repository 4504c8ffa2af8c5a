"""What the CLI said, as errors a person can act on.

Knows the words of refusals that come up in builds; everything else is told with the CLI's own error lines. The JSON
of a preview that a policy pack refuses does not say which policy: ours are judged on the plan, where they are named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from infra.release.engine import Done
from landfall.errors import LandfallError, Refused, UsageError

_SHOWN = 5
_PROTECTED = re.compile(
    r'resource "(?P<urn>urn:pulumi:[^"]+)"\s*(?:as it is currently marked for protection|cannot be deleted)'
)


def events(out: str) -> list[dict[str, Any]]:
    """The engine events of `pulumi up --json`, one a line; lines that are none are left out."""
    found = []
    for line in out.splitlines():
        try:
            one = json.loads(line)
        except ValueError:
            continue
        if isinstance(one, dict):
            found.append(one)
    return found


def errors_in(done: Done) -> list[str]:
    """The errors that a call told, each a line or a few: from its JSON, its events or its stderr."""
    document = done.json()
    told: Iterable[Any] = ()
    if isinstance(document, dict) and "diagnostics" in document:
        told = document["diagnostics"] or ()
    elif done.out.lstrip().startswith("{"):
        told = [one["diagnosticEvent"] for one in events(done.out) if "diagnosticEvent" in one]
    found = [str(one.get("message", "")).strip() for one in told if one.get("severity") == "error"]
    if not found:
        found = _beside(done) or done.err.strip().splitlines()[-3:]
    return list(dict.fromkeys(one.removeprefix("error: ") for one in found if one))


def _beside(done: Done) -> list[str]:
    """The errors that a call told on stderr."""
    return re.findall(r"^error: (.+)$", done.err, re.M)


def not_needed(done: Done, preview: Mapping[str, Any]) -> set[str]:
    """The URNs that an apply bound to this preview imported and had leave to change, where no change was wanted and the
    engine complains of nothing else; else none.

    A preview does not know yet whether an adopted resource will want a change besides its import, and plans one; where
    none is wanted, the engine has done all and says that an operation was not seen (policies over the whole stack are not
    asked in such an apply; the preview before it asked them). Source: pulumi 3.260,
    `pkg/resource/deploy/deployment_executor.go`; it holds an operation that became unneeded to be done elsewhere.
    """
    told = [_UNSEEN.fullmatch(one.strip()) for one in (*errors_in(done), *_beside(done))]
    spared = {one["urn"] for one in told if one}
    planned = {one["urn"] for one in preview.get("steps") or [] if one["op"] == "import"}
    ended = (
        one["resOutputsEvent"]["metadata"] for one in events(done.out) if "resOutputsEvent" in one
    )
    imported = {one["urn"] for one in ended if one["op"] == "import"}
    # Ended by a signal, who knows what it would have said.
    whole = done.code >= 0 and all(told) and spared <= planned & imported
    return spared if whole else set()


_UNSEEN = re.compile(r"expected resource operations for (?P<urn>urn:pulumi:\S+) but none were seen")


def failure(done: Done, stack: str, doing: str) -> LandfallError:
    """The error that a failed call deserves; `doing` says what was tried, as `preview`."""
    told = errors_in(done)
    text = "\n".join(told) + "\n" + done.err
    protected = _PROTECTED.search(text)
    if protected:
        name = protected["urn"].rpartition("::")[2]
        return Refused(
            f"'{name}' of {stack} is protected, and the {doing} would remove or replace it.",
            so="It holds data, keys or proof; nothing was changed of it.",
            fix="Mark it in one release and remove it in the next: `retiring` in the intent, docs/jenkins.md.",
        )
    for pattern, fix, usage in _KNOWN:
        if re.search(pattern, text):
            kind = UsageError if usage else LandfallError
            return kind(
                f"The {doing} of {stack} failed: {_first(told)}", fix=fix.format(stack=stack)
            )
    return LandfallError(
        f"The {doing} of {stack} failed: {'; '.join(told[:_SHOWN]) or f'exit code {done.code}'}",
        so="Nothing was applied." if doing == "preview" else "What was applied before that stays.",
        fix=f"Mend it and preview again; what an apply left half done is told by: landfall stack pending {stack}",
    )


_KNOWN = (
    (r"no stack named", "Make it once, by whoever owns the state: pulumi stack init --secrets-provider KEY {stack} (docs/state.md).", True),
    (r"passphrase", "Commit the two lines that `pulumi stack init --secrets-provider` wrote into the stack's file (docs/state.md); "
     "where it has a passphrase instead, set PULUMI_CONFIG_PASSPHRASE.", True),
    (r"(PULUMI_ACCESS_TOKEN must be set|not logged in|could not determine.*backend)",
     "Say where the state lies: PULUMI_BACKEND_URL, or jenkins.state in the intent.", True),
    (r"(could not find default credentials|NoCredentialProviders|no EC2 IMDS role found|az login|get credentials)",
     "There are no credentials for the cloud: sign in, or let Jenkins hand its token on (LANDFALL_OIDC_TOKEN_FILE).", False),
)  # fmt: skip


def _first(told: list[str]) -> str:
    return told[0].splitlines()[0] if told else "the CLI gave no reason"
