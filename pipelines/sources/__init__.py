"""Where data comes from: one reader a kind of source, each giving a month as bytes to land.

Reads only; what is landed, under which version, is `pipelines.land`'s matter. Leaves out streams: the
unit is a month.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from landfall.intent.data import FileSource, Source
from landfall.month import Month
from pipelines.sources.base import Slice

if TYPE_CHECKING:
    from pipelines.context import Context


class Reader(Protocol):
    """One source of the intent, opened."""

    @property
    def is_reference(self) -> bool:
        """Whether it is one whole list, the same for every month."""
        ...

    def months(self) -> list[Month]:
        """The months it holds, in order; empty for a reference."""
        ...

    def read(self, month: Month) -> Slice | None:
        """That month's data (a reference: the whole), or None where it holds none."""
        ...


def open_source(ctx: Context, source: Source) -> Reader:
    """The reader of a source; opens nothing yet."""
    if isinstance(source, FileSource):
        if source.time and "{month}" not in source.path:
            from pipelines.sources.cut import CutFile

            return CutFile(ctx, source)
        from pipelines.sources.file import WholeFile

        return WholeFile(ctx.project.root, source)
    from pipelines.sources.jdbc import Table

    contract = ctx.contracts[source.dataset]
    return Table(source, contract.timezone, contract.volume.min_rows, ctx.platform)


def describe(source: Source) -> dict[str, Any]:
    """What a manifest says of a source; never a secret."""
    return source.model_dump(mode="json", exclude={"password_secret", "user"}, exclude_none=True)


__all__ = ["Reader", "Slice", "describe", "open_source"]
