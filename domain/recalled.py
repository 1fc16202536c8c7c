"""Remembers the newest answers of a pure function of the desk: many rules ask the same at one look.

An answer is given again only while every part of the desk that it was made from is the same object
and every other argument is equal, so it can never be a different one. Knows no desk.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from operator import attrgetter, is_
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar, cast

Args = ParamSpec("Args")
Row = TypeVar("Row")
Subject = TypeVar("Subject")
Answer = TypeVar("Answer")

_Function: TypeAlias = Callable[Concatenate[Subject, Args], Answer]
_ByRow: TypeAlias = Callable[[Sequence[Row]], Sequence[Answer]]
_ANSWERS = 8  # to different arguments, about the same parts


class Same:
    """A value as an argument of a cached function: the very same object or another one."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


def recalled(
    *parts: str, looks: int = 1
) -> Callable[[_Function[Subject, Args, Answer]], _Function[Subject, Args, Answer]]:
    """For a function that reads nothing of its first argument but the attributes ``parts``, two or
    more of them, and takes its other arguments by position.

    ``looks`` is for how many different sets of parts answers are kept.
    """
    read = attrgetter(*parts)

    def remembering(
        function: _Function[Subject, Args, Answer],
    ) -> _Function[Subject, Args, Answer]:
        # Replaced as a whole, so that another thread sees either the old or the new.
        kept: tuple[tuple[tuple[Any, ...], tuple[tuple[tuple[Any, ...], Any], ...]], ...] = ()

        @wraps(function)
        def asked(subject: Any, *others: Any) -> Any:
            nonlocal kept
            now = read(subject)
            known: tuple[tuple[tuple[Any, ...], Any], ...] = ()
            for look in kept:
                if all(map(is_, look[0], now)):
                    known = look[1]
                    break
            for arguments, answer in known:
                if arguments == others:
                    return answer
            # The wrapper hands on what it was given; no type says that it takes the same arguments.
            found = function(subject, *others)  # type: ignore[call-arg]  # see above
            rest = tuple(look for look in kept if look[1] is not known)[: looks - 1]
            kept = ((now, ((others, found), *known[: _ANSWERS - 1])), *rest)
            return found

        return cast(_Function[Subject, Args, Answer], asked)

    return remembering


def recalled_by_row(most: int) -> Callable[[_ByRow[Row, Answer]], _ByRow[Row, Answer]]:
    """For a function that answers every row by itself, several at a time for speed: only rows not
    among the last ``most`` or so are worked out, all of them in one call.
    """

    def remembering(function: _ByRow[Row, Answer]) -> _ByRow[Row, Answer]:
        kept: dict[Row, Answer] = {}

        @wraps(function)
        def asked(rows: Sequence[Row]) -> Sequence[Answer]:
            nonlocal kept
            known = kept
            missing = [row for row in rows if row not in known]
            if missing:
                fresh = dict(zip(missing, function(missing), strict=True))
                asked_for = {row: known[row] for row in rows if row in known} | fresh
                known = {**known, **fresh} if len(known) + len(fresh) <= most else asked_for
                kept = known  # as a whole, so that another thread sees either the old or the new
            return [known[row] for row in rows]

        return asked

    return remembering
