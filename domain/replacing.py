"""A quicker ``dataclasses.replace`` for the frozen, slotted values that the fold changes all day.

Copies the slots one by one instead of calling ``__init__``, so it is only for classes that check
nothing when they are made; any other gets the ordinary replacement.
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")

_Setter: TypeAlias = Callable[[Any, Any], None]
_Plan: TypeAlias = tuple[Callable[[Any], tuple[Any, ...]], dict[str, _Setter], tuple[_Setter, ...]]
_new = object.__new__
_PLANS: dict[type[Any], _Plan | None] = {}  # made when a class is first changed


def replace(value: T, /, **changes: Any) -> T:
    """A copy of ``value`` with other values in the named fields.

    Raises KeyError for a name that is no field.
    """
    kind = type(value)
    if kind not in _PLANS:
        _PLANS[kind] = _plan(kind)
    plan = _PLANS[kind]
    if plan is None:
        return dataclasses.replace(value, **changes)  # type: ignore[type-var]
    read, setters, writers = plan
    copy = _new(kind)
    for write, kept in zip(writers, read(value), strict=True):
        write(copy, kept)
    for name, changed in changes.items():
        setters[name](copy, changed)
    return copy


def _plan(kind: type[Any]) -> _Plan | None:
    """How to read all slots of a class at once, and how to write each; None if it must be asked."""
    names = [field.name for field in dataclasses.fields(kind)]
    if hasattr(kind, "__post_init__") or len(names) < 2 or list(kind.__slots__) != names:
        return None
    setters = {name: kind.__dict__[name].__set__ for name in names}
    return attrgetter(*names), setters, tuple(setters.values())
