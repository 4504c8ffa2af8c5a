"""PyIceberg's header by a token in a file, read anew before each call: see `pipelines/sign_in.py`.

Named by `auth.impl` in a catalog's properties. Leaves out Spark, which is given the token with its settings.
"""

from __future__ import annotations

from pyiceberg.catalog.rest.auth import AuthManager

from pipelines.sign_in import read_token


class TokenFile(AuthManager):
    """`file` is where pods have it, `audience` whom it must be meant for."""

    def __init__(self, file: str, audience: str) -> None:
        self._file, self._audience = file, audience

    def auth_header(self) -> str:
        return f"Bearer {read_token(self._file, self._audience)}"
