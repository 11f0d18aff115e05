"""The numbers are those of the formulas, worked out by hand, and those of scipy for the same question."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlflow_operator.model_registry.drift import statistics
from mlflow_operator.model_registry.drift.statistics import Counts

counted = st.lists(st.integers(0, 500), min_size=3, max_size=3).filter(any).map(np.array)


def test_psi_worked_out_by_hand() -> None:
    """(0.25 - 0.5) ln(0.25 / 0.5) + (0.75 - 0.5) ln(0.75 / 0.5) = 0.1733 + 0.1014."""
    found = statistics.population_stability_index(np.array([50, 50]), np.array([25, 75]))
    assert found == pytest.approx(0.25 * math.log(2) + 0.25 * math.log(1.5)) == pytest.approx(0.2747, abs=1e-4)


def test_an_empty_bin_counts_as_a_ten_thousandth() -> None:
    """(1e-4 - 0.5) ln(1e-4 / 0.5) + (1 - 0.5) ln(1 / 0.5)."""
    found = statistics.population_stability_index(np.array([5, 5]), np.array([0, 10]))
    assert found == pytest.approx((1e-4 - 0.5) * math.log(1e-4 / 0.5) + 0.5 * math.log(2))


def test_jensen_shannon_worked_out_by_hand() -> None:
    """Nothing in common is one bit; else the root of the mean divergence from the mean, by its definition."""
    assert statistics.jensen_shannon_distance(np.array([10, 0]), np.array([0, 10])) == pytest.approx(1)
    # P = (1/2, 1/2), Q = (1, 0), M = (3/4, 1/4); the mean of the divergences of P and of Q from M
    of_p = 0.5 * math.log2(0.5 / 0.75) + 0.5 * math.log2(0.5 / 0.25)
    of_q = math.log2(1 / 0.75)
    found = statistics.jensen_shannon_distance(np.array([5, 5]), np.array([10, 0]))
    assert found == pytest.approx(math.sqrt((of_p + of_q) / 2))


@given(counted, counted)
def test_equal_shares_are_no_difference_and_order_does_not_matter(one: Counts, other: Counts) -> None:
    """PSI and Jensen-Shannon are symmetric, never negative, and 0 where shares are the same."""
    for measure in (statistics.population_stability_index, statistics.jensen_shannon_distance):
        assert measure(one, other) == pytest.approx(measure(other, one), abs=1e-9)
        assert measure(one, other) >= 0
        assert measure(one, one * 7) == pytest.approx(0, abs=1e-6)


def test_kolmogorov_smirnov_is_the_largest_distance_of_the_distributions() -> None:
    """Of 1, 2, 3, 4 below 2.5 there are two, of 3, 4, 5, 6 none: 0.5; its p-value is scipy's."""
    one, other = np.array([1.0, 2, 3, 4]), np.array([3.0, 4, 5, 6])
    found = statistics.kolmogorov_smirnov(one, other)
    assert found.statistic == pytest.approx(0.5)
    assert found.p_value == pytest.approx(stats.ks_2samp(one, other, method="exact").pvalue)


def test_chi_square_worked_out_by_hand() -> None:
    """Each of four cells expects 25 and is 5 off: 4 times 25 / 25. The p-value is that of one degree of freedom."""
    found = statistics.chi_square(np.array([20, 30]), np.array([30, 20]))
    assert found is not None
    assert found.statistic == pytest.approx(4)
    assert found.p_value == pytest.approx(math.erfc(math.sqrt(4 / 2)))


def test_categories_too_rare_for_the_test_are_counted_together() -> None:
    """Three that expect 1.5 each are one that expects 4.5, which takes the next one."""
    found = statistics.chi_square(np.array([40, 40, 2, 1, 2]), np.array([40, 40, 1, 2, 1]))
    same = statistics.chi_square(np.array([40, 45]), np.array([40, 44]))
    assert found == same
    assert statistics.chi_square(np.array([3, 1]), np.array([2, 1])) is None, "nothing is left to compare"


@given(counted, counted)
def test_every_cell_of_a_chi_square_test_expects_five(one: Counts, other: Counts) -> None:
    """Or there is no test; what was counted together is all there."""
    table = statistics._with_rare_ones_together(np.array([one, other]))
    assert table.sum(axis=1).tolist() == [one.sum(), other.sum()]
    if table.shape[1] > 1:
        assert stats.contingency.expected_freq(table).min() >= 5 - 1e-9


def test_missing_values_by_fishers_exact_test() -> None:
    """Three of three against none of three: one of twenty ways to draw, on either side."""
    found = statistics.missing(3, 3, 0, 3)
    assert found is not None
    assert found.p_value == pytest.approx(2 / 20)
    assert statistics.missing(0, 3, 0, 3) is None


def test_bins_hold_equally_many_values_of_the_reference() -> None:
    """Deciles: ten values in each of a hundred, and a value on an edge belongs to the bin below."""
    values = np.arange(100.0)
    edges = statistics.edges(values)
    assert statistics.counts(values, edges).tolist() == [10] * 10
    assert statistics.counts(np.array([-1e9, edges[0], edges[-1] + 0.1, np.inf]), edges).tolist() == [2, *[0] * 8, 2]


def test_a_value_that_comes_often_makes_fewer_bins() -> None:
    """No bin of the reference is empty."""
    values = np.array([0.0] * 90 + list(range(1, 11)))
    assert statistics.counts(values, statistics.edges(values)).tolist() == [90, 10]
