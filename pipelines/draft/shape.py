"""How the rows of a file hang together: rows a month, what identifies a row, what gives the target away.

Looks at the columns that `infer` told; leaves out the writing of the draft.
"""

# pyright: reportAttributeAccessIssue=false
# (pyarrow makes its compute functions at import, where no type checker sees them.)
from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from landfall.errors import UsageError
from landfall.intent.ml import Kind
from landfall.month import Month
from pipelines.draft.infer import Column, read_moment

if TYPE_CHECKING:
    import numpy as np

MAX_CLASSES = 20
"""More different labels than this are no classes."""
_WHOLE_CLASSES = 10
"""Whole numbers with at most so many values are classes rather than amounts."""
_KEY_COLUMNS = 8
_KEY_SIZE = 3
"""At most so many columns are tried beside the time."""
_LEAK = 0.99
"""A column that alone is right on so many held-out rows, or explains so much of the variance, is suspected."""
_LEAK_ROWS = 20_000
SEED = 20130101


@dataclass(frozen=True)
class Months:
    """How many rows each month has, in the time column's own zone."""

    counts: dict[Month, int]

    @property
    def usual(self) -> int:
        """Rows of the month in the middle, by size."""
        return int(statistics.median(self.counts.values()))

    @property
    def first(self) -> Month:
        return min(self.counts)

    @property
    def last(self) -> Month:
        return max(self.counts)


def months_of(time: Column) -> Months:
    """Rows a month; rows whose time is unreadable count for none."""
    counts: Counter[Month] = Counter()
    for entry in time.values.drop_null().value_counts().to_pylist():
        moment = read_moment(entry["values"], time.format)
        if moment is not None:
            counts[Month(moment.year, moment.month)] += entry["counts"]
    return Months(dict(sorted(counts.items())))


def kind_of(target: Column, chosen: Kind | None) -> Kind:
    """The problem's kind by its target, or `chosen` where that fits; raises UsageError where none does."""
    if target.distinct < 2:
        what = "has no value at all" if target.distinct == 0 else "is the same in every row"
        raise UsageError(
            f"The target '{target.header}' {what}.",
            so="There is nothing to predict.",
            fix="Name another column with --target, or take a longer stretch of data.",
        )
    if target.type in ("date", "timestamp"):
        raise UsageError(
            f"The target '{target.header}' is a time.",
            fix="Predict a number or a label made of it, such as the days until then.",
        )
    if chosen is None:
        return _inferred(target)
    if chosen == "regression" and not target.is_number:
        raise UsageError(
            f"The target '{target.header}' is {target.type}, so it cannot be a regression.",
            fix="Leave --kind out, or choose binary or multiclass.",
        )
    if chosen == "binary" and target.distinct != 2:
        raise UsageError(
            f"The target '{target.header}' has {target.distinct:,} different values, binary needs two.",
            fix="Leave --kind out, or choose multiclass or regression.",
        )
    if chosen == "multiclass" and target.distinct > MAX_CLASSES:
        raise _too_many(target)
    return chosen


def _inferred(target: Column) -> Kind:
    if target.distinct == 2:
        return "binary"
    whole = target.type in ("int", "long")
    if target.is_number and not (whole and target.distinct <= _WHOLE_CLASSES):
        return "regression"
    if target.distinct > MAX_CLASSES:
        raise _too_many(target)
    return "multiclass"


def _too_many(target: Column) -> UsageError:
    return UsageError(
        f"The target '{target.header}' has {target.distinct:,} different values, too many for classes "
        f"(at most {MAX_CLASSES}).",
        so=target.note and f"Note: {target.note}.",
        fix="Group its values in the file, or name another target.",
    )


def rarer_label(target: Column) -> str:
    """The less frequent of two labels, as training writes it: of a boolean 1 or 0."""
    counted = target.values.drop_null().value_counts().to_pylist()
    rarest = min(counted, key=lambda one: (one["counts"], one["values"]))["values"].strip()
    if target.type == "boolean":
        return "1" if rarest.lower() == "true" else "0"
    if target.is_number:
        return f"{float(rarest):g}"
    return rarest


@dataclass(frozen=True)
class Key:
    """The columns that identify a row, time first, and what stands against them."""

    columns: tuple[str, ...]
    same: int
    """Rows that are wholly the same as another one; ingestion keeps one of them."""
    clashes: int
    """Rows beyond the first of their key that differ in other columns: ingestion would keep the last."""


def propose_key(columns: Sequence[Column], time: Column, target: Column) -> Key:
    """The smallest set of columns with the time that no two different rows share."""
    import numpy as np

    codes = {column.name: _codes(column) for column in columns}
    whole = _groups([codes[column.name] for column in columns])
    keep = np.unique(whole, return_index=True)[1]
    codes = {name: values[keep] for name, values in codes.items()}
    rows, same = len(keep), len(whole) - len(keep)
    fit = [
        column
        for column in columns
        if column not in (time, target) and column.missing == 0 and column.distinct > 1
        and column.type in ("string", "int", "long", "date", "boolean", "timestamp")
    ]  # fmt: skip
    # The fewest values first: a station or a shop names a row better than a running number does.
    fit.sort(key=lambda column: (column.distinct, column.name))
    fit = fit[: _KEY_COLUMNS - 1] + fit[_KEY_COLUMNS - 1 :][-1:]
    for size in range(min(_KEY_SIZE, len(fit)) + 1):
        for chosen in combinations(fit, size):
            names = (time.name, *(column.name for column in chosen))
            if _unique([codes[name] for name in names]):
                return Key(names, same, 0)
    names = (time.name, *(column.name for column in fit))
    return Key(names, same, rows - len(np.unique(_groups([codes[name] for name in names]))))


def _codes(column: Column) -> np.ndarray:
    import pyarrow.compute as pc

    coded = column.values.combine_chunks().dictionary_encode().indices
    return pc.fill_null(coded, -1).to_numpy(zero_copy_only=False).astype("int64")


def _groups(codes: Sequence[np.ndarray]) -> np.ndarray:
    """One number a row, the same for rows that agree in every column."""
    import numpy as np

    found = codes[0]
    for more in codes[1:]:
        mixed = found * (more.max() + 2) + more + 1
        found = np.unique(mixed, return_inverse=True)[1].astype("int64")
    return found


def _unique(codes: Sequence[np.ndarray]) -> bool:
    import numpy as np

    # Most sets fail within the first rows already.
    head = [one[:5000] for one in codes]
    if len(np.unique(_groups(head))) < len(head[0]):
        return False
    return len(np.unique(_groups(codes))) == len(codes[0])


def leaks(columns: Sequence[Column], target: Column, kind: Kind) -> dict[str, float]:
    """Columns that alone tell the target, with the share of held-out rows (or of variance) they tell.

    A small tree learns the target from one column on half of the rows and is tried on the rest.
    """
    import numpy as np
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    known = np.flatnonzero(target.values.is_valid().to_numpy())
    # By chance, as every other row in the file's order may fall on every other hour or shop.
    known = np.random.default_rng(SEED).permutation(known)[:_LEAK_ROWS]
    truth = _numbers(target)[known] if kind == "regression" else _codes(target)[known]
    learn, test = truth[::2], truth[1::2]
    if len(test) < 20 or len(set(test.tolist())) < 2:
        return {}
    make = DecisionTreeRegressor if kind == "regression" else DecisionTreeClassifier
    found: dict[str, float] = {}
    for column in columns:
        if column.type in ("date", "timestamp") or column.distinct < 2:
            continue
        if column.type == "string" and column.identifies:
            continue
        values = (_numbers(column) if column.is_number else _codes(column).astype(float))[known]
        values = np.nan_to_num(values, nan=-1e30)[:, None]
        tree = make(max_leaf_nodes=256, min_samples_leaf=3, random_state=0)
        guess = tree.fit(values[::2], learn).predict(values[1::2])
        share = _told(test, guess, kind)
        if share >= _LEAK:
            found[column.name] = float(share)
    return found


def _told(truth: np.ndarray, guess: np.ndarray, kind: Kind) -> float:
    import numpy as np

    if kind == "regression":
        return 1 - float(((truth - guess) ** 2).sum() / ((truth - truth.mean()) ** 2).sum())
    # By class, so that a rare label is not drowned by the frequent one.
    return float(np.mean([(guess[truth == label] == label).mean() for label in np.unique(truth)]))


def _numbers(column: Column) -> np.ndarray:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    values = pc.utf8_trim_whitespace(column.values).cast(pa.float64())
    found = np.array(values.to_numpy(zero_copy_only=False), dtype=float)
    found[~np.isfinite(found)] = np.nan
    return found
