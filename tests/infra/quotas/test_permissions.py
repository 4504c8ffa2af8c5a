"""What an identity may do is asked of the account, by each cloud's own interface; stand-ins on this machine answer here."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from typer.testing import CliRunner

from infra.plan.check.aws_data import actions
from infra.plan.policies.base import resource
from infra.plan.quotas import Need, quotas
from infra.plan.quotas.granted import azure, judged_by
from infra.plan.quotas.live import look
from infra.plan.quotas.permissions import of_type, unlisted, wanted
from landfall.cli import build_app
from tests.infra.quotas.test_preflight import GCP, cli
from tests.infra.samples import plan_of, sample, sample_stacks

Answer = Callable[[str, str, dict[str, str]], tuple[int, str]]
"""Path, body and headers of a question → status and body of the answer."""


@pytest.fixture
def server() -> Iterator[Callable[[Answer], str]]:
    """Starts a server on the loopback that answers by a function; gives its address."""
    running: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(answer: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
                status, text = answer(self.path, body, dict(self.headers))
                self.send_response(status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base's name)
                del format, args

        one = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=one.serve_forever)
        thread.start()
        running.append((one, thread))
        return f"http://127.0.0.1:{one.server_port}"

    yield start
    for one, thread in running:
        one.shutdown()
        thread.join()
        one.server_close()


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("sh", "cat"):
        (tmp_path / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def permission(*names: str) -> Need:
    return Need("permission", "a role", "a role", "global", permissions=names)


def asked(stack: str, *needs: Need) -> list[Need]:
    looked = look(list(needs), sample(stack), timeout=10)
    assert looked.live, looked.said
    return looked.needs


# ---- the table


@pytest.mark.parametrize("stack", sample_stacks("gcp", "aws", "azure"))
def test_every_type_of_the_samples_is_in_the_table(stack: str) -> None:
    provider = {"azure": "azure-native"}.get(
        sample(stack).cloud.provider, sample(stack).cloud.provider
    )
    assert unlisted(plan_of(stack).resources, provider) == ()
    assert [
        one for one in quotas(plan_of(stack), sample(stack)) if one.permissions
    ]  # each stack asks for something


def test_every_action_of_aws_in_the_table_is_one() -> None:
    types = {one.type for stack in sample_stacks("aws") for one in plan_of(stack).resources}
    for type_ in types:
        for name in of_type(type_) or ():
            service, _, verb = name.partition(":")
            assert verb.lower() in {one.lower() for one in actions()[service]["Actions"]}, name


def test_permissions_are_written_as_their_cloud_writes_them() -> None:
    assert of_type("gcp:storage/bucket:Bucket") == (
        "storage.buckets.create", "storage.buckets.get", "storage.buckets.update", "storage.buckets.delete",
    )  # fmt: skip
    assert of_type("gcp:orgpolicy/policy:Policy") == ()  # above the project
    assert of_type("gcp:nothing/known:Known") is None
    assert of_type("azure-native:network:Subnet") == (
        "Microsoft.Network/virtualNetworks/subnets/read",
        "Microsoft.Network/virtualNetworks/subnets/write",
    )
    role = resource("aws:iam/role:Role")
    assert "iam:PassRole" in wanted([role, role])


# ---- Google Cloud

TOKEN = "ya29.stand-in"


def google(granted: set[str], foreign: set[str], said: list[list[str]]) -> Answer:
    def answer(where: str, body: str, headers: dict[str, str]) -> tuple[int, str]:
        assert where == "/v3/projects/harbor-data-dev:testIamPermissions"
        assert headers["Authorization"] == f"Bearer {TOKEN}"
        names = json.loads(body)["permissions"]
        said.append(names)
        if len(names) > 100 or foreign & set(names):
            return 400, '{"error": {"message": "Permission is not valid for this resource."}}'
        held = [one for one in names if one in granted]
        return 200, json.dumps({"permissions": held} if held else {})

    return answer


@pytest.fixture
def gcloud(path: Path, server: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], None]:
    def serve(answer: Answer) -> None:
        cli(path, "gcloud", {**GCP, "auth print-access-token": f"{TOKEN}\n"})
        monkeypatch.setenv(
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER", server(answer) + "/"
        )

    return serve


def test_a_google_project_says_which_permissions_one_holds(gcloud: Any) -> None:
    said: list[list[str]] = []
    gcloud(google({"a.b.get", "a.b.create"}, {"billing.budgets.create"}, said))
    whole, half, odd = asked(
        "harbor-gcp-dev", permission("a.b.get", "a.b.create"), permission("a.b.get", "c.d.create"),
        permission("billing.budgets.create"),
    )  # fmt: skip
    assert (whole.state, whole.said) == ("enough", "2 permissions granted")
    assert (half.state, half.said) == ("short", "not granted: c.d.create")
    assert (odd.state, odd.said) == ("unknown", "asked for above the project")
    assert half.to_ask


def test_more_permissions_than_one_question_takes_go_in_several(gcloud: Any) -> None:
    said: list[list[str]] = []
    names = [f"a.b.{i}" for i in range(250)]
    gcloud(google(set(names), set(), said))
    [need] = asked("harbor-gcp-dev", permission(*names))
    assert need.state == "enough"
    assert sorted(len(one) for one in said) == [50, 100, 100]


def test_a_google_project_that_refuses_to_say_leaves_it_unknown(gcloud: Any) -> None:
    def no(*_: Any) -> tuple[int, str]:
        return 403, '{"error": {"message": "API has not been used in project 1 before"}}'

    gcloud(no)
    [need] = asked("harbor-gcp-dev", permission("a.b.get"))
    assert need.state == "unknown"
    assert "403: API has not been used" in need.said


def test_no_token_is_told(path: Path) -> None:
    cli(path, "gcloud", GCP)
    [need] = asked("harbor-gcp-dev", permission("a.b.get"))
    assert need.state == "unknown"
    assert need.said.startswith("gcloud gives no token")


def test_the_command_names_the_role_to_ask_for_and_what_is_lacking(gcloud: Any) -> None:
    stack = "harbor-gcp-dev"
    every = {name for one in quotas(plan_of(stack), sample(stack)) for name in one.permissions}
    gcloud(google(every - {"storage.buckets.setIamPolicy"}, set(), []))
    done = CliRunner().invoke(build_app(), ["preflight", stack])
    assert done.exit_code == 1
    assert (
        "roles/storage.admin  LACKS IT (not granted: storage.buckets.setIamPolicy)" in done.stdout
    )
    assert "--role=roles/storage.admin" in done.stdout
    assert "--role=roles/cloudkms.admin" not in done.stdout  # held
    assert TOKEN not in done.stdout + done.stderr


# ---- AWS

ROLE = "arn:aws:iam::210987654321:role/aws-reserved/sso.amazonaws.com/Deploy"


def aws(arn: str, denied: set[str]) -> Answer:
    def answer(_: str, body: str, __: dict[str, str]) -> tuple[int, str]:
        given = dict(parse_qsl(body))
        result = {
            "GetCallerIdentity": f"<Arn>{arn}</Arn><Account>210987654321</Account><UserId>x</UserId>",
            "GetRole": f"<Role><Arn>{ROLE}</Arn><Path>/aws-reserved/sso.amazonaws.com/</Path><RoleName>Deploy</RoleName>"
            "<RoleId>AROA</RoleId><CreateDate>2026-11-27T00:00:00Z</CreateDate></Role>",
        }.get(given["Action"])
        if given["Action"] == "SimulatePrincipalPolicy":
            assert given["PolicySourceArn"] == ROLE
            names = [v for k, v in given.items() if k.startswith("ActionNames.member.")]
            first = "Marker" not in given  # an answer in two pages
            shown = names[:1] if first else names[1:]
            more = (
                "<IsTruncated>true</IsTruncated><Marker>1</Marker>"
                if first
                else "<IsTruncated>false</IsTruncated>"
            )
            members = "".join(
                f"<member><EvalActionName>{one}</EvalActionName><EvalResourceName>*</EvalResourceName>"
                f"<EvalDecision>{'implicitDeny' if one in denied else 'allowed'}</EvalDecision></member>"
                for one in shown
            )
            result = f"<EvaluationResults>{members}</EvaluationResults>{more}"
        if result is None:
            return (
                400,
                "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>",
            )
        name = given["Action"]
        return 200, f"<{name}Response><{name}Result>{result}</{name}Result></{name}Response>"

    return answer


@pytest.fixture
def account(
    server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[Answer], None]:
    def serve(answer: Answer) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server(answer))
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    return serve


SESSION = "arn:aws:sts::210987654321:assumed-role/Deploy/somebody@client.example"
STACK = "northwind-aws-prod-ml"


def test_policies_of_a_sessions_role_are_simulated_page_by_page(account: Any) -> None:
    account(aws(SESSION, {"s3:PutBucketPolicy"}))
    whole, half = asked(
        STACK, permission("s3:CreateBucket", "kms:CreateKey", "eks:CreateCluster"),
        permission("s3:CreateBucket", "s3:PutBucketPolicy"),
    )  # fmt: skip
    assert (whole.state, whole.said) == ("enough", "3 permissions granted")
    assert (half.state, half.said) == ("short", "not granted: s3:PutBucketPolicy")


@pytest.mark.parametrize(
    ("arn", "state"),
    [
        ("arn:aws:iam::210987654321:root", "enough"),
        ("arn:aws:sts::210987654321:federated-user/somebody", "unknown"),
    ],
)
def test_the_root_may_everything_and_others_cannot_be_simulated(
    account: Any, arn: str, state: str
) -> None:
    account(aws(arn, set()))
    [need] = asked(STACK, permission("s3:CreateBucket"))
    assert need.state == state


def test_an_identity_that_may_not_simulate_is_told(account: Any) -> None:
    def no(where: str, body: str, headers: dict[str, str]) -> tuple[int, str]:
        refused = "SimulatePrincipalPolicy" in body
        return aws(SESSION, set())(where, body.replace("SimulatePrincipalPolicy", "Refused") if refused else body, headers)  # fmt: skip

    account(no)
    [need] = asked(STACK, permission("s3:CreateBucket"))
    assert need.state == "unknown"
    assert "AccessDenied" in need.said


# ---- Azure

CONTRIBUTOR = {
    "actions": ["*"],
    "notActions": ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write", "Microsoft.Authorization/elevateAccess/Action"],
}  # fmt: skip
ACCESS = {"actions": ["*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"], "notActions": []}  # fmt: skip


def test_actions_match_with_stars_without_case_and_less_what_is_taken_away() -> None:
    names = ["Microsoft.Network/virtualNetworks/write", "Microsoft.Authorization/roleAssignments/write"]  # fmt: skip
    assert azure([CONTRIBUTOR], names) == {names[0]}
    assert azure([ACCESS], names) == {names[1]}
    assert azure([CONTRIBUTOR, ACCESS], names) == set(names)
    assert azure([{"actions": ["microsoft.network/*/WRITE"]}], names) == {names[0]}
    assert azure([{"actions": ["Microsoft.Network/virtualNetworks"]}], names) == set()
    assert azure([], names) == set()


def test_an_azure_subscription_says_which_actions_one_has(path: Path) -> None:
    rest = "--method get --url https://management.azure.com/subscriptions"
    more = "https://management.azure.com/next"
    cli(path, "az", {
        "account show": {"id": "x"},
        f"{rest}/66666666-7777-8888-9999-000000000000/providers/Microsoft.Authorization/permissions": {
            "value": [{"actions": ["*/read"]}], "nextLink": more},
        f"--url {more}": {"value": [CONTRIBUTOR]},
    })  # fmt: skip
    stack = "fjord-azure-dev"
    needs = [one for one in quotas(plan_of(stack), sample(stack)) if one.kind == "permission"]
    there = {one.name: one for one in asked(stack, *needs)}
    assert there["Contributor"].state == "enough"
    assert there["User Access Administrator"].state == "short"
    assert (
        "Microsoft.Authorization/roleAssignments/write" in there["User Access Administrator"].said
    )
    assert "Microsoft.Authorization/policyAssignments/write" in there["Resource Policy Contributor"].said  # fmt: skip


def test_an_azure_subscription_that_does_not_say_leaves_it_unknown(path: Path) -> None:
    cli(path, "az", {"account show": {"id": "x"}})
    [need] = asked("fjord-azure-dev", permission("Microsoft.Network/virtualNetworks/write"))
    assert need.state == "unknown"
    assert re.search("unknown: rest --method get", need.said)


def test_a_need_of_which_a_part_cannot_be_asked_is_judged_by_the_rest() -> None:
    need = permission("a", "b")
    assert judged_by(need, {"a"}, {"b"}).state == "enough"
    assert judged_by(need, set(), {"b"}).said == "not granted: a"
    assert judged_by(need, set(), {"a", "b"}).state == "unknown"
