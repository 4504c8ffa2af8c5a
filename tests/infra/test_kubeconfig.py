"""A kubeconfig is an address and a command of ours that says who comes: it holds no key, on any cloud."""

from __future__ import annotations

import json

import typer
from typer.testing import CliRunner

from infra.aws.cluster import _kubeconfig
from infra.kubeconfig import API_VERSION, kubeconfig
from landfall.cli import build_app


def test_it_holds_an_address_and_a_helper_and_no_key() -> None:
    config = json.loads(kubeconfig("acme", "https://gke-1.example.gke.goog", "gke"))
    assert (config["apiVersion"], config["kind"]) == ("v1", "Config")
    (cluster,) = config["clusters"]
    assert cluster["cluster"] == {"server": "https://gke-1.example.gke.goog"}
    (user,) = config["users"]
    assert set(user["user"]) == {"exec"}
    (context,) = config["contexts"]
    assert context["context"] == {"cluster": cluster["name"], "user": user["name"]}
    assert config["current-context"] == context["name"]


def test_the_helper_asks_nobody_and_is_no_cloud_s_own_tool() -> None:
    config = json.loads(kubeconfig("acme", "https://10.0.0.4", "aks", authority="QUJD"))
    helper = config["users"][0]["user"]["exec"]
    assert helper["command"] == "landfall"
    assert helper["args"] == ["cluster", "token", "aks"]
    assert (helper["apiVersion"], helper["interactiveMode"]) == (API_VERSION, "Never")
    assert config["clusters"][0]["cluster"]["certificate-authority-data"] == "QUJD"


def test_what_a_kubeconfig_calls_are_commands_of_ours() -> None:
    group = typer.main.get_command(build_app())
    for login in (("gke",), ("eks", "--name", "acme", "--region", "eu-central-1"), ("aks",)):
        helper = json.loads(kubeconfig("acme", "https://10.0.0.4", *login))["users"][0]["user"]
        asked = CliRunner().invoke(
            build_app(), [*helper["exec"]["args"][:3], "--help"], prog_name=group.name or "landfall"
        )
        assert asked.exit_code == 0, asked.output
        assert all(word in asked.output for word in login if word.startswith("--"))


def test_an_account_that_the_stack_made_is_entered_by_its_role() -> None:
    def login(entry: str) -> list[str]:
        config = json.loads(_kubeconfig("acme", "https://x.eks", "QUJD", "eu-central-1", entry))
        return config["users"][0]["user"]["exec"]["args"]

    assert login("") == [
        "cluster",
        "token",
        "eks",
        "--name",
        "acme",
        "--region",
        "eu-central-1",
    ]
    entry = "arn:aws:iam::123456789012:role/Entry"
    assert login(entry)[-2:] == ["--role", entry]
