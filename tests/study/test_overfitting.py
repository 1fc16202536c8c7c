"""Choosing the best of many: luck is told from merit."""

import numpy as np
import pytest

from study.overfitting import overfitting


def luck(variants: int, days: int = 600, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 0.01, (days, variants))


def test_among_equals_the_best_of_one_half_is_about_a_coin_toss_in_the_other():
    found = [overfitting(luck(20, seed=seed)) for seed in range(10)]
    mean = np.mean([each.probability for each in found if each is not None])
    assert 0.35 < mean < 0.65


def test_a_variant_that_is_really_better_is_found_again():
    daily = luck(20)
    daily[:, 7] += 0.004
    found = overfitting(daily)
    assert found is not None
    assert found.probability < 0.01
    assert found.loss_probability < 0.01


def test_variants_that_only_fitted_one_half_are_caught():
    """Each variant is good in one block and bad in the rest: the winner of any half must fail."""
    blocks, days = 8, 400
    daily = np.full((days, blocks), -0.001)
    for block in range(blocks):
        daily[50 * block : 50 * (block + 1), block] = 0.02
    daily += np.random.default_rng(3).normal(0, 1e-5, daily.shape)
    found = overfitting(daily, blocks=blocks)
    assert found is not None
    assert found.probability == 1.0
    assert found.loss_probability == 1.0


def test_the_number_of_halves_is_that_of_the_binomial():
    found = overfitting(luck(3), blocks=12)
    assert found is not None
    assert found.splits == 924  # 12! / (6! 6!)


def test_a_hand_worked_case():
    """Four blocks of ten days; A earns in blocks 1 and 2 and loses in 3 and 4, B the opposite.

    Six halves. {1,2} chooses A and {3,4} chooses B, which then lose: below the median, twice. In
    each of the four mixed halves both stand at nothing, as in the other half: a tie, half a point
    each. (2 + 4 / 2) / 6 = 2/3, and money is lost in 2 of 6.
    """
    a = np.where(np.arange(40) < 20, 0.25, -0.25) * (1 + 0.5 * (np.arange(40) % 2))
    found = overfitting(np.column_stack([a, -a]), blocks=4)
    assert found is not None
    assert found.splits == 6
    assert found.probability == pytest.approx(4 / 6)
    assert found.loss_probability == pytest.approx(2 / 6)


def test_one_variant_or_too_few_days_say_nothing():
    assert overfitting(luck(1)) is None
    assert overfitting(luck(5, days=100)) is None
    assert overfitting(np.repeat(luck(1), 4, axis=1)) is None


@pytest.mark.parametrize("blocks", [2, 5])
def test_odd_or_few_blocks_are_refused(blocks):
    with pytest.raises(ValueError, match="even number"):
        overfitting(luck(3), blocks=blocks)
