"""What every layer's builder is given: the intent, the names and labels, the provider to build with.

Holds the options that all resources share, so that no builder forgets the parent, the provider or the
protection. Leaves out making providers (`infra/<cloud>/provider.py`, the only place that does).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pulumi

from landfall.intent import Intent
from landfall.naming import Names


@dataclass(frozen=True)
class Scope:
    """One stack being built."""

    intent: Intent
    stack: str
    names: Names
    labels: dict[str, str]
    provider: pulumi.ProviderResource

    def entering(self, provider: pulumi.ProviderResource) -> Scope:
        """The same stack, with resources built through another provider."""
        return replace(self, provider=provider)

    def name(self, kind: str, purpose: str) -> str:
        """The cloud's name of a resource; see `landfall/naming.py`."""
        return self.names.name(f"{self.intent.cloud.provider}.{kind}", purpose)

    def component(self) -> pulumi.ResourceOptions:
        """Options of a layer's component: children inherit the provider from it."""
        return pulumi.ResourceOptions(providers=[self.provider])

    def child(
        self,
        parent: pulumi.Resource,
        *,
        protect: bool = False,
        retain_on_delete: bool = False,
        **more: Any,
    ) -> pulumi.ResourceOptions:
        """Options of a resource inside a component; `more` as ResourceOptions takes it.

        Said outright: a child would take its parent's protection and retention, and a grant below a
        protected database could then not be taken away, or would outlive it.
        """
        return pulumi.ResourceOptions(
            parent=parent, provider=self.provider, protect=protect, retain_on_delete=retain_on_delete, **more
        )  # fmt: skip

    def asking(self) -> pulumi.InvokeOutputOptions:
        """Options of a look-up; the few that the plan knows how to answer stand in `infra/plan/lookups.py`."""
        return pulumi.InvokeOutputOptions(provider=self.provider)

    def stateful(self, parent: pulumi.Resource, **more: Any) -> pulumi.ResourceOptions:
        """Options of a resource that holds data, keys or proof: protected, and kept when the stack goes."""
        return self.child(parent, protect=True, retain_on_delete=True, **more)
