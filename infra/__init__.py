"""The Pulumi programs. This version checks the intent and refuses to build; the layers come next."""
