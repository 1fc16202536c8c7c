"""A small dense convex quadratic program with non-negative variables, solved by an interior point.

Decides nothing about finance. Meant for about a hundred variables and constraints. Source: S.
Mehrotra, "On the implementation of a primal-dual interior point method", SIAM J. Optim. 2 (1992).
"""

from dataclasses import dataclass

import numpy as np

from domain.pricing import Floats

_STAY_INSIDE = 0.995  # share of the step to the boundary that is taken


@dataclass(frozen=True, slots=True)
class Program:
    """Minimise u'Hu/2 - g'u with u >= 0, equal @ u = target and above @ u >= floor.

    Shapes: hessian (n, n) positive definite, gradient (n,), equal (p, n), target (p,), above (m,
    n), floor (m,); m may be 0. Rows are expected to be scaled so that their numbers are of order
    one.
    """

    hessian: Floats
    gradient: Floats
    equal: Floats
    target: Floats
    above: Floats
    floor: Floats


@dataclass(frozen=True, slots=True)
class Solution:
    """``converged`` is False when the limit of rounds was reached, e.g. because no point is
    feasible.
    """

    u: Floats
    rounds: int
    converged: bool


@dataclass(slots=True)
class _Point:
    """Iterate: variables u >= 0 and slacks s >= 0 with their multipliers z and v, and y of the
    equalities.
    """

    u: Floats
    z: Floats
    s: Floats
    v: Floats
    y: Floats

    def moved(self, step: "_Point", length: float) -> "_Point":
        return _Point(
            self.u + length * step.u,
            self.z + length * step.z,
            self.s + length * step.s,
            self.v + length * step.v,
            self.y + length * step.y,
        )

    def gap(self) -> float:
        return float(self.u @ self.z + self.s @ self.v)


def solve(program: Program, start: Floats, *, tolerance: float = 1e-8, limit: int = 40) -> Solution:
    """Solve to a mean complementarity of ``tolerance`` times the mean diagonal of the hessian.

    ``start`` (n,) is a guess of u; it is pushed inside the bounds and need not be feasible.
    """
    scale = float(np.mean(np.diag(program.hessian))) or 1.0
    u = np.maximum(start, 0.1)
    point = _Point(
        u,
        np.full(u.size, 1e-2 * scale),
        np.maximum(program.above @ u - program.floor, 0.1),
        np.full(program.floor.size, 1e-2 * scale),
        np.zeros(program.target.size),
    )
    for rounds in range(limit):
        dual, equal, slack = _residuals(program, point)
        mean_gap = point.gap() / (point.u.size + point.s.size)
        feasible = max(_largest(equal), _largest(slack)) < 1e-9 and _largest(dual) < 1e-6 * scale
        if mean_gap < tolerance * scale and feasible:
            return Solution(point.u, rounds, True)
        if not np.isfinite(mean_gap):
            break
        try:
            point = _advance(program, point, dual, equal, slack, mean_gap)
        except np.linalg.LinAlgError:  # the multipliers of an infeasible program run off
            break
    return Solution(point.u, limit, False)


def _residuals(program: Program, at: _Point) -> tuple[Floats, Floats, Floats]:
    dual = (
        program.hessian @ at.u
        - program.gradient
        - program.equal.T @ at.y
        - at.z
        - program.above.T @ at.v
    )
    return dual, program.equal @ at.u - program.target, program.above @ at.u - at.s - program.floor


def _advance(
    program: Program,
    at: _Point,
    dual: Floats,
    equal: Floats,
    slack: Floats,
    mean_gap: float,
) -> _Point:
    """One predictor and one corrector step on the same factorisation."""
    matrix = program.hessian + (program.above.T * (at.v / at.s)) @ program.above
    matrix.flat[:: at.u.size + 1] += at.z / at.u
    spread = np.linalg.solve(matrix, program.equal.T)
    core = np.linalg.inv(program.equal @ spread)

    def step(bounds: Floats, slacks: Floats) -> _Point:
        right = -dual + bounds / at.u + program.above.T @ ((slacks - at.v * slack) / at.s)
        free = np.linalg.solve(matrix, right)
        y = -(core @ (equal + program.equal @ free))
        u = free + spread @ y
        s = program.above @ u + slack
        return _Point(u, (bounds - at.z * u) / at.u, s, (slacks - at.v * s) / at.s, y)

    guess = step(-at.u * at.z, -at.s * at.v)
    after = at.moved(guess, _length(at, guess, 1.0)).gap()
    aim = mean_gap * (max(after, 0.0) / at.gap()) ** 3
    chosen = step(aim - at.u * at.z - guess.u * guess.z, aim - at.s * at.v - guess.s * guess.v)
    return at.moved(chosen, _length(at, chosen, _STAY_INSIDE))


def _length(at: _Point, step: _Point, share: float) -> float:
    """One length for all variables: with two the dual residual of a quadratic would not shrink."""
    reach = min(
        _reach(at.u, step.u), _reach(at.s, step.s), _reach(at.z, step.z), _reach(at.v, step.v)
    )
    return min(1.0, share * reach)


def _reach(value: Floats, step: Floats) -> float:
    """How far value + length * step stays non-negative."""
    steepest = float(np.max(-step / value, initial=0.0))
    return 1.0 / steepest if steepest > 0 else np.inf


def _largest(values: Floats) -> float:
    return float(np.max(np.abs(values), initial=0.0))
