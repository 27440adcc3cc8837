"""The prepare step: no row is lost, none is in both parts, and the same seed gives the same split."""

from __future__ import annotations

import pandas as pd
import pytest


def test_each_row_is_in_exactly_one_part(component, table):
    train, test = component("prepare").split(table, 0.25, seed=1)
    assert len(test) == 111
    assert sorted([*train.index, *test.index]) == list(table.index)


def test_the_seed_alone_decides(component, table):
    split = component("prepare").split
    first, again, other = (split(table, 0.25, seed)[1] for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert list(first.index) != list(other.index)


@pytest.mark.parametrize("fraction", [0, 1, -0.1, float("nan")])
def test_a_fraction_that_leaves_a_part_empty_is_refused(component, table, fraction):
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        component("prepare").split(table, fraction, seed=1)
