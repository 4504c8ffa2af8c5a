"""The few statistics that profile and drift share, on NumPy alone. Pure functions; no data access."""

from __future__ import annotations

import math

import numpy as np

BINS = 10
SMOOTHING = 0.5
CAP = 10.0
"""Effect sizes are cut here: a constant that moves would otherwise be infinitely far away."""


def psi(reference: np.ndarray, current: np.ndarray) -> float:
    """Population stability index of two vectors of counts over the same bins; 0 is equal.

    PSI = Σ (cᵢ - rᵢ) · ln(cᵢ / rᵢ) over the shares of a bin. Half a row is added to every bin that
    either side fills (Jeffreys' prior), so that an empty bin is far but not infinitely far.
    """
    used = (reference + current) > 0
    if not used.any() or not reference.sum() or not current.sum():
        return 0.0
    r = reference[used] + SMOOTHING
    c = current[used] + SMOOTHING
    r, c = r / r.sum(), c / c.sum()
    return float(np.sum((c - r) * np.log(c / r)))


def bin_numbers(reference: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts of both sides over ten quantile bins of the reference (finite values only).

    Where the reference has at most ten distinct values, each is a bin of its own, and so is every gap
    between them; else a spike at one value would share its bin with whatever lies above it.
    """
    distinct = np.unique(reference)
    if len(distinct) <= BINS:

        def place(x: np.ndarray) -> np.ndarray:
            left = np.searchsorted(distinct, x, side="left")
            equal = (
                distinct[np.minimum(left, len(distinct) - 1)] == x if len(distinct) else left == -1
            )
            return 2 * left + equal

        size = 2 * len(distinct) + 1
    else:
        edges = np.unique(np.quantile(reference, np.linspace(0, 1, BINS + 1)[1:-1]))

        def place(x: np.ndarray) -> np.ndarray:
            return np.searchsorted(edges, x, side="right")

        size = len(edges) + 1
    return (
        np.bincount(place(reference), minlength=size).astype(float),
        np.bincount(place(current), minlength=size).astype(float),
    )


def distances(reference: np.ndarray, current: np.ndarray) -> dict[str, float]:
    """How far two samples of numbers lie apart: `d`, `wasserstein`, `ks`.

    `d` is Cohen's d (signed, pooled standard deviation); `wasserstein` the earth mover's distance in
    the same units, which equals |d| for a pure shift and also sees a change of spread or shape; `ks`
    the greatest gap between the distribution functions. Values beyond the 0.1 % and 99.9 % quantiles
    of both together are pulled in to them, so that one absurd value cannot decide.
    """
    if not len(reference) or not len(current):
        return {"d": 0.0, "wasserstein": 0.0, "ks": 0.0}
    both = np.concatenate([reference, current])
    low, high = np.quantile(both, [0.001, 0.999])
    scale = max(abs(low), abs(high), 1e-300)
    a, b = np.clip(reference, low, high) / scale, np.clip(current, low, high) / scale
    order = np.sort(np.concatenate([a, b]))
    cdf_a = np.searchsorted(np.sort(a), order, side="right") / len(a)
    cdf_b = np.searchsorted(np.sort(b), order, side="right") / len(b)
    gap = np.abs(cdf_a - cdf_b)
    spread = math.sqrt((len(a) * a.var() + len(b) * b.var()) / (len(a) + len(b)))
    shift, moved = float(b.mean() - a.mean()), float(np.sum(gap[:-1] * np.diff(order)))
    return {
        "d": _in_units(shift, spread),
        "wasserstein": _in_units(moved, spread),
        "ks": float(gap.max()),
    }


def _in_units(distance: float, spread: float) -> float:
    if abs(distance) < 1e-12:
        return 0.0
    if spread < 1e-12:
        return math.copysign(CAP, distance)
    return max(-CAP, min(CAP, distance / spread))


def cohens_h(first: float, second: float) -> float:
    """Effect size of two shares: 2·asin√second - 2·asin√first, between -π and π."""
    return 2 * math.asin(math.sqrt(second)) - 2 * math.asin(math.sqrt(first))


def cramers_v(table: np.ndarray) -> float:
    """Cramér's V of a table of counts, corrected for bias (Bergsma 2013); 0 none, 1 full."""
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    total = table.sum()
    rows, columns = table.shape
    if rows < 2 or columns < 2 or total < 2:
        return 0.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
    phi = float(((table - expected) ** 2 / expected).sum() / total)
    phi = max(0.0, phi - (rows - 1) * (columns - 1) / (total - 1))
    least = (
        min(rows - (rows - 1) ** 2 / (total - 1), columns - (columns - 1) ** 2 / (total - 1)) - 1
    )
    return min(1.0, math.sqrt(phi / least)) if least > 0 else 0.0


def correlation_ratio(codes: np.ndarray, values: np.ndarray) -> float:
    """Eta: how much of a number's spread the category explains, 0 to 1 (finite values, codes ≥ 0)."""
    if len(values) < 2 or values.min() == values.max():
        return 0.0
    values = values / np.abs(values).max()  # absurd values must not overflow
    counts = np.bincount(codes)
    sums = np.bincount(codes, weights=values - values.mean())
    between = float(np.sum(sums[counts > 0] ** 2 / counts[counts > 0]))
    return min(1.0, math.sqrt(between / max(len(values) * float(values.var()), 1e-300)))


def ranks(values: np.ndarray) -> np.ndarray:
    """Average ranks from 1, NaN stays NaN; Pearson of these is Spearman."""
    result = np.full(len(values), np.nan)
    here = ~np.isnan(values)
    _, inverse, counts = np.unique(values[here], return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    result[here] = ((last - counts + 1 + last) / 2)[inverse]
    return result


def pairwise_correlation(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pearson's r of every pair of columns over the rows where both are there, and those rows' number.

    NaN where a pair has fewer than 3 rows or a side does not vary. Matrix products instead of a loop
    over pairs: 25 columns of 27,000 rows take about 20 ms.
    """
    here = ~np.isnan(matrix)
    mask = here.astype(float)
    count = mask.T @ mask
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = np.where(here, matrix, 0).sum(axis=0) / np.maximum(mask.sum(axis=0), 1)
        x = np.where(here, matrix - centre, 0.0)
        x = x / np.maximum(
            np.abs(x).max(axis=0, initial=0), 1e-300
        )  # absurd values must not overflow
        scale = np.sqrt((x**2).sum(axis=0) / np.maximum(mask.sum(axis=0), 1))
        x = x / np.where(scale > 0, scale, 1)
        sums, squares = x.T @ mask, (x**2).T @ mask
        cov = x.T @ x - sums * sums.T / count
        var = squares - sums**2 / count
        r = cov / np.sqrt(np.maximum(var, 0) * np.maximum(var.T, 0))
    r[(count < 3) | (var < 1e-9) | (var.T < 1e-9)] = np.nan
    return np.clip(r, -1, 1), count.astype(int)
