"""The evaluate step: the metrics are the right ones."""

from __future__ import annotations

import numpy as np
import pytest

ACTUAL = np.array([1.0, 2.0, 3.0, 6.0])


def test_the_metrics_of_a_known_case(component):
    metrics = component("evaluate").measure(ACTUAL, np.array([1.0, 2.0, 3.0, 4.0]), baseline=3.0)
    assert metrics == pytest.approx(
        {
            "r2": 1 - 4 / 14,
            "rmse": 1.0,
            "mae": 0.5,
            "baseline_rmse": (14 / 4) ** 0.5,
            "rmse_improvement": 1 - 1 / (14 / 4) ** 0.5,
            "test_rows": 4,
        }
    )


@pytest.mark.parametrize(
    ("predicted", "improvement"), [(ACTUAL, 1), (np.full(4, 3.0), 0), (2 * ACTUAL.mean() - ACTUAL, -1)]
)
def test_perfect_is_one_the_baseline_zero_and_worse_negative(component, predicted, improvement):
    metrics = component("evaluate").measure(ACTUAL, predicted, baseline=3.0)
    assert metrics["rmse_improvement"] == pytest.approx(improvement)
