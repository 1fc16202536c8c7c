"""Properties that are worked out once and never outlive their value."""

import pickle
from dataclasses import dataclass

from domain.derived import Derived, Deriving
from domain.replacing import replace

ASKED: list[int] = []


@dataclass(frozen=True, slots=True)
class Pair(Deriving):
    first: int
    second: int

    @Derived
    def total(self) -> int:
        """Of both."""
        ASKED.append(self.first)
        return self.first + self.second


def test_it_is_worked_out_once() -> None:
    ASKED.clear()
    pair = Pair(1, 2)
    assert (pair.total, pair.total, ASKED) == (3, 3, [1])


def test_a_copy_has_its_own_answer() -> None:
    pair = Pair(1, 2)
    assert pair.total == 3
    assert replace(pair, first=5).total == 7
    assert pickle.loads(pickle.dumps(pair)).total == 3


def test_it_is_no_part_of_the_value() -> None:
    asked, fresh = Pair(1, 2), Pair(1, 2)
    assert asked.total == 3
    assert asked == fresh
    assert hash(asked) == hash(fresh)
    assert repr(asked) == repr(fresh)
    assert Pair.total.__doc__ == "Of both."
