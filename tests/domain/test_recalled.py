from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.recalled import Same, recalled, recalled_by_row


@dataclass(frozen=True)
class Subject:
    prices: tuple[float, ...]
    now: int
    name: str = ""


def counting(looks: int = 1):
    calls: list[tuple[Subject, float]] = []

    @recalled("prices", "now", looks=looks)
    def total(subject: Subject, factor: float) -> float:
        calls.append((subject, factor))
        return factor * sum(subject.prices)

    return total, calls


def test_the_same_question_about_the_same_parts_is_answered_once():
    total, calls = counting()
    subject = Subject((1.0, 2.0), 5)
    assert [total(subject, 2.0), total(replace(subject, name="other"), 2.0)] == [6.0, 6.0]
    assert len(calls) == 1


def test_another_object_in_any_part_is_asked_about_anew():
    total, calls = counting()
    subject = Subject((1.0, 2.0), 5)
    total(subject, 2.0)
    assert total(replace(subject, prices=(1.0, 3.0)), 2.0) == 8.0
    assert total(replace(subject, now=10**9), 2.0) == 6.0
    assert len(calls) == 3


def test_other_arguments_are_other_questions_and_each_keeps_its_answer():
    total, calls = counting()
    subject = Subject((1.0, 2.0), 5)
    assert [total(subject, f) for f in (1.0, 2.0, 1.0, 2.0)] == [3.0, 6.0, 3.0, 6.0]
    assert len(calls) == 2


def test_with_more_looks_subjects_may_take_turns():
    total, calls = counting(looks=2)
    first, second = Subject((1.0,), 5), Subject((2.0,), 5)
    assert [total(one, 1.0) for one in (first, second, first, second)] == [1.0, 2.0, 1.0, 2.0]
    assert len(calls) == 2


def test_an_argument_by_identity_is_equal_to_itself_only():
    one, twin = [1.0], [1.0]
    assert Same(one) == Same(one)
    assert hash(Same(one)) == hash(Same(one))
    assert Same(one) != Same(twin)


def by_row(most: int):
    asked: list[list[int]] = []

    @recalled_by_row(most)
    def squares(rows: Sequence[int]) -> list[int]:
        asked.append(list(rows))
        return [row * row for row in rows]

    return squares, asked


def test_only_rows_never_asked_before_are_worked_out_all_at_once():
    squares, asked = by_row(10)
    assert squares([1, 2]) == [1, 4]
    assert squares([3, 2, 1, 4]) == [9, 4, 1, 16]
    assert squares((4, 3)) == [16, 9]
    assert squares([]) == []
    assert asked == [[1, 2], [3, 4]]


def test_when_too_many_rows_are_kept_the_old_ones_go():
    squares, asked = by_row(3)
    squares([1, 2, 3])
    assert squares([3, 4]) == [9, 16]
    assert squares([3, 4]) == [9, 16]
    assert squares([1]) == [1]
    assert asked == [[1, 2, 3], [4], [1]]
