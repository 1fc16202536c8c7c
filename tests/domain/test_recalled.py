from dataclasses import dataclass, replace

from domain.recalled import Same, recalled


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
