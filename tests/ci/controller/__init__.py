"""What the tests of the controller read with: a small stand-in for JCasC, of our own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
JENKINS = ROOT / "ci/jenkins"
CASC = JENKINS / "casc"
AGENTS = ROOT / "ci/agents"
HERE = Path(__file__).parent

_INNERMOST = re.compile(r"(?<!\^)\$\{([^${}]*)\}")
VALUES = {
    "LANDFALL_JENKINS_URL": "https://jenkins.acme.example/",
    "LANDFALL_MAIL_FROM": "jenkins@acme.example",
    "LANDFALL_SMTP_HOST": "smtp.acme.example",
    "LANDFALL_LOGIN_WELL_KNOWN": "https://login.acme.example/.well-known/openid-configuration",
    "LANDFALL_REPOSITORY": "https://github.com/acme/platform",
    "LANDFALL_AGENTS_URL": "http://jenkins.jenkins.svc:8080/",
    "LANDFALL_REGISTRY": "registry.acme.example/landfall",
    "LANDFALL_VERSION": "1.0.0",
    "LANDFALL_CODE": "/usr/share/jenkins/landfall",
    "landfall-login-client-id": "jenkins",
    "landfall-login-client-secret": "never-in-a-file",
}
"""A value for every variable that has no default."""


def resolve(text: str, values: Mapping[str, str] = VALUES) -> str:
    """`text` with its variables filled in, from the innermost out, as JCasC does; raises KeyError where one is unknown.

    Knows `${NAME}`, `${NAME:-default}`, `${readFile:PATH}` below LANDFALL_CODE, and `^${…}`, which stays for later.
    """

    def value(match: re.Match[str]) -> str:
        name, given, default = match[1].partition(":-")
        if name.startswith("readFile:"):
            path = name.removeprefix("readFile:").replace(values["LANDFALL_CODE"] + "/", "")
            return (AGENTS.parent / path).read_text(encoding="utf-8")
        return values.get(name, default) if given else values[name]

    while _INNERMOST.search(text):
        text = _INNERMOST.sub(value, text)
    return text.replace("^${", "${")


def resolved(value: Any, values: Mapping[str, str] = VALUES) -> Any:
    """The same for each text of a loaded YAML."""
    if isinstance(value, str):
        return resolve(value, values)
    if isinstance(value, list):
        return [resolved(one, values) for one in value]
    if isinstance(value, dict):
        return {key: resolved(one, values) for key, one in value.items()}
    return value


def raw() -> dict[str, Any]:
    """All files of casc/ as one, merged as JCasC merges them: a value that two files give is an error."""
    whole: dict[str, Any] = {}
    for file in sorted(CASC.glob("*.yaml")):
        _merge(whole, yaml.safe_load(file.read_text(encoding="utf-8")), file.name)
    return whole


def _merge(into: dict[str, Any], more: Mapping[str, Any], file: str) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key, {}), dict):
            _merge(into.setdefault(key, {}), value, file)
        elif key in into:
            raise ValueError(f"{file}: {key} is set by two files")
        else:
            into[key] = value


def pods() -> dict[str, dict[str, Any]]:
    """Label → the pod that the cloud's template asks for, all variables filled in."""
    (cloud,) = resolved(raw())["jenkins"]["clouds"]
    return {one["label"]: yaml.safe_load(one["yaml"]) for one in cloud["kubernetes"]["templates"]}


def plugins() -> dict[str, str]:
    """Plugin → version, of plugins.txt."""
    lines = (JENKINS / "plugins.txt").read_text(encoding="utf-8").splitlines()
    found = [line.partition("#")[0].strip() for line in lines]
    return dict(line.split(":", 1) for line in found if line)
