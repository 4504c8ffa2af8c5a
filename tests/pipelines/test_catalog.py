"""The catalog is opened as PyIceberg wants it, whatever a platform's flat properties look like."""

from __future__ import annotations

from typing import Any

import pyiceberg.catalog
import pytest

from landfall.platform import Catalog as CatalogOutput
from landfall.platform import Platform
from pipelines.catalog import NAMESPACES, open_catalog


def test_how_to_sign_in_is_handed_on_as_a_mapping(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    class Catalog:
        made: list[str] = []

        def namespace_exists(self, name: str) -> bool:
            return name in self.made

        def create_namespace_if_not_exists(self, name: str) -> None:
            self.made.append(name)

    def load(name: str, **properties: Any) -> Catalog:
        given.update(name=name, **properties)
        return Catalog()

    monkeypatch.setattr(pyiceberg.catalog, "load_catalog", load)
    properties = {"type": "rest", "uri": "https://catalog.example", "auth.type": "google"}
    catalog = {"name": "lake", "properties": properties, "spark": {}}
    opened = open_catalog(Platform.model_construct(catalog=CatalogOutput.model_validate(catalog)))
    assert given == {
        "name": "lake",
        "py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO",
        "type": "rest",
        "uri": "https://catalog.example",
        "auth": {"type": "google"},
    }
    assert opened.made == list(NAMESPACES)  # pyright: ignore[reportAttributeAccessIssue]
