"""What Jenkins' preview role may do with the state: read it, open its secrets, and note what builds find.

The deploy role may already write any bucket and use any key of its account that their own policies do not close. A
bucket or a key of another account needs policies of its own that let both roles in. The key also encrypts the bucket, so
who writes there has new data keys made.
"""

from __future__ import annotations

from infra.aws.policies import Statement, allow
from infra.scope import Scope
from infra.state_bucket import state_bucket


def opens_state(scope: Scope) -> list[Statement]:
    """The statements; none where the intent names no bucket of AWS'."""
    bucket = state_bucket(scope.intent)
    if bucket is None:
        return []
    own = f"arn:aws:s3:::{bucket.name}"
    below = f"{own}/{bucket.folder}/*" if bucket.folder else f"{own}/*"
    found = [
        allow("FindState", ["s3:GetBucketLocation", "s3:ListBucket"], own),
        allow("ReadState", ["s3:GetObject"], below),
        allow("NoteBuilds", ["s3:PutObject"], f"{own}/{bucket.notes}*"),
    ]
    if bucket.key:
        found.append(allow("OpenState", ["kms:Decrypt", "kms:GenerateDataKey"], bucket.key))
    return found
