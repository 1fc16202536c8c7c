"""A property of a frozen, slotted value that is worked out once: what it is made of never changes.

Copies start without it, so an answer never outlives the value it belongs to. Knows no value.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

Subject = TypeVar("Subject", bound="Deriving")
Answer = TypeVar("Answer")


class Deriving:
    """The base of a dataclass with derived properties: one slot more, which is no field."""

    __slots__ = ("derived",)
    derived: dict[str, Any]


class Derived(Generic[Subject, Answer]):
    """Decorates a method without arguments, which becomes a property."""

    def __init__(self, make: Callable[[Subject], Answer]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, subject: None, owner: type[Any]) -> "Derived[Subject, Answer]": ...

    @overload
    def __get__(self, subject: Subject, owner: type[Any]) -> Answer: ...

    def __get__(self, subject: Subject | None, owner: type[Any]) -> Any:
        if subject is None:
            return self
        try:
            return subject.derived[self._name]
        except AttributeError:  # the first question to this value
            object.__setattr__(subject, "derived", {})
        except KeyError:
            pass
        found = subject.derived[self._name] = self._make(subject)
        return found
