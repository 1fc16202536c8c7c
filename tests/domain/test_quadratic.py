"""The quadratic program against conditions of optimality, not against another solver."""

import numpy as np
import pytest

from domain.quadratic import Program, solve


def program(seed, n=30, m=12):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(n, n))
    inside = rng.uniform(0.2, 1.0, n)
    above = rng.normal(size=(m, n))
    return Program(
        root.T @ root + 0.1 * np.eye(n),
        rng.normal(size=n) * 5,
        np.ones((1, n)),
        np.array([inside.sum()]),
        above,
        above @ inside - rng.uniform(0.0, 0.5, m),
    ), inside


@pytest.mark.parametrize("seed", range(8))
def test_the_solution_is_feasible_and_no_feasible_direction_improves_it(seed):
    task, inside = program(seed)
    solution = solve(task, np.ones(30))
    u = solution.u
    assert solution.converged
    assert u.min() >= 0
    assert task.equal @ u == pytest.approx(task.target, abs=1e-8)
    assert np.min(task.above @ u - task.floor) > -1e-8
    slope = task.hessian @ u - task.gradient
    assert slope @ (inside - u) > -1e-4
    for other_seed in range(20):  # the objective rises towards every other feasible point
        other = solve(
            Program(
                np.eye(30), np.random.default_rng(other_seed).normal(size=30), task.equal,
                task.target, task.above, task.floor,
            ),
            np.ones(30),
        ).u  # fmt: skip
        assert slope @ (other - u) > -1e-4


def test_a_program_without_inequalities_is_solved_by_its_equations():
    n = 5
    task = Program(
        np.eye(n), np.arange(1.0, n + 1), np.ones((1, n)), np.array([20.0]),
        np.zeros((0, n)), np.zeros(0),
    )  # fmt: skip
    assert solve(task, np.ones(n)).u == pytest.approx(np.arange(1.0, n + 1) + 1.0, abs=1e-5)


def test_an_infeasible_program_is_reported_and_raises_nothing():
    n = 4
    task = Program(
        np.eye(n), np.ones(n), np.ones((1, n)), np.array([1.0]), np.ones((1, n)), np.array([2.0])
    )
    assert not solve(task, np.ones(n)).converged
