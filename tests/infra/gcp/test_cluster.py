"""Who hands secrets on to what runs on the cluster: those that are named, and no others."""

from __future__ import annotations

from infra.jenkins import SECRETS
from infra.plan.model import Plan
from tests.infra.gcp.conftest import DEV, intent_of, named, plan_of

GRANT = "secretmanager/secretIamMember:SecretIamMember"
CONTROLLER = {
    "repository": "https://github.com/acme/platform",
    "login": "https://login.acme.example/.well-known/openid-configuration",
    "smtp": "smtp.acme.example",
}


def handed_on(plan: Plan) -> set[str]:
    return {
        one.inputs["secretId"]
        for name, one in named(plan, GRANT).items()
        if name.startswith("orchestrate-reads-jenkins-")
    }


def test_jenkins_secrets_are_read_by_name_where_it_runs_on_the_cluster(dev: Plan) -> None:
    jenkins = {"issuer": "https://keys.acme.example/jenkins", "controller": CONTROLLER}
    plan = plan_of(intent_of(DEV, jenkins=jenkins))
    assert handed_on(plan) == set(SECRETS)
    for name, one in named(plan, GRANT).items():
        if "jenkins" in name and name.startswith("orchestrate"):
            assert "orchestrate" in one.inputs["member"]
            assert one.inputs["role"] == "roles/secretmanager.secretAccessor"
    assert handed_on(dev) == set()
