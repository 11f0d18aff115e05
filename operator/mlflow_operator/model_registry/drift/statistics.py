"""Two samples of one column, compared: counts and values go in, numbers come out.

Counts are of bins or categories, in the same order for the reference and for what is compared with it. The package
scipy does the tests; what is ours is the choice of bins.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.spatial import distance

Counts = NDArray[np.int64]
Values = NDArray[np.float64]

BINS = 10
_LEAST_SHARE = 1e-4
"""What an empty bin counts as in the PSI, whose logarithm knows no zero."""
_EXACT = 10_000
"""Values of the larger sample, up to which the distribution of the Kolmogorov-Smirnov statistic is computed exactly."""
_LEAST_EXPECTED = 5
"""In each cell of a chi-square test, or its p-value is none (Cochran 1954)."""


@dataclass(frozen=True)
class Test:
    """What a test has found."""

    name: str
    statistic: float
    p_value: float
    """How likely a difference at least as large is, where both samples are of the same distribution."""


def population_stability_index(reference: Counts, current: Counts) -> float:
    """PSI: the sum over bins of (q - p) ln(q / p), for the shares p of the reference and q of what is compared.

    0 for equal shares. It has no upper bound but for the least share that an empty bin counts as.
    """
    p, q = (np.maximum(counts / counts.sum(), _LEAST_SHARE) for counts in (reference, current))
    return float(np.sum((q - p) * np.log(q / p)))


def jensen_shannon_distance(reference: Counts, current: Counts) -> float:
    """The square root of the Jensen-Shannon divergence in bits: 0 for equal shares, 1 where nothing is in common."""
    return float(np.nan_to_num(distance.jensenshannon(reference, current, base=2)))


def kolmogorov_smirnov(reference: Values, current: Values) -> Test:
    """The two-sample test of numbers: the largest distance between the two distribution functions."""
    method = "exact" if max(len(reference), len(current)) <= _EXACT else "asymp"
    found: Any = stats.ks_2samp(reference, current, method=method)
    return Test("kolmogorov_smirnov", float(found.statistic), float(found.pvalue))


def chi_square(reference: Counts, current: Counts) -> Test | None:
    """Pearson's test of homogeneity of categories; None where less than two are left to compare.

    Categories that are too rare for the test are counted together, beginning with the rarest.
    """
    table = _with_rare_ones_together(np.array([reference, current]))
    if table.shape[1] < 2:
        return None
    found: Any = stats.chi2_contingency(table, correction=False)
    return Test("chi_square", float(found.statistic), float(found.pvalue))


def missing(reference: int, of_reference: int, current: int, of_current: int) -> Test | None:
    """Whether values are missing as often as before: Fisher's exact test; None where none is missing or all are."""
    if reference + current in (0, of_reference + of_current):
        return None
    found: Any = stats.fisher_exact([[reference, of_reference - reference], [current, of_current - current]])
    return Test("missing_values", float(current / of_current - reference / of_reference), float(found.pvalue))


def edges(reference: Values) -> Values:
    """Inner edges of bins with equally many values of the reference, deciles; fewer where values come often."""
    inner = np.arange(1, BINS) / BINS
    return np.unique(np.quantile(reference, inner, method="inverted_cdf"))


def counts(values: Values, inner: Values) -> Counts:
    """How many values are in each bin; one that is on an edge belongs to the bin below it."""
    return np.bincount(np.searchsorted(inner, values, side="left"), minlength=len(inner) + 1)


def _with_rare_ones_together(table: Counts) -> Counts:
    total = table.sum(axis=0)
    table, total = table[:, total > 0], total[total > 0]
    smaller_row = table.sum(axis=1).min() / table.sum()
    ordered = table[:, np.argsort(total, kind="stable")]
    expected = ordered.sum(axis=0) * smaller_row
    together = 0
    while together < len(expected) and (
        expected[together] < _LEAST_EXPECTED or 0 < expected[:together].sum() < _LEAST_EXPECTED
    ):
        together += 1
    if not together:
        return ordered
    return np.column_stack([ordered[:, :together].sum(axis=1), ordered[:, together:]])
