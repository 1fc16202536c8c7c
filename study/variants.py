"""Policies that differ from a base in one or more parameters, named as the profile names them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import time
from enum import Enum
from itertools import product
from typing import Any

from engine.policy import Policy
from study.books import BookSpec

VARIANTS_MAX = 512


class VariantError(ValueError):
    """A parameter that does not exist, or a value that it refuses; the message says which."""


def varied(base: Policy, changes: Mapping[str, str]) -> Policy:
    """``base`` with values given as text, by dotted name: ``hedge.delta``, ``regime.vix_high``.

    Numbers as they are, tuples as JSON lists, clock times as 11:00, choices by their value. Raises
    VariantError.
    """
    policy = base
    for name, text in changes.items():
        section, _, parameter = name.partition(".")
        part = getattr(policy, section, None)
        if not is_dataclass(part) or isinstance(part, type):
            known = [each.name for each in fields(base) if is_dataclass(getattr(base, each.name))]
            raise VariantError(f"{name}: no section {section!r}; there are {', '.join(known)}")
        names = [each.name for each in fields(part)]
        if parameter not in names:
            raise VariantError(f"{name}: [{section}] has no {parameter!r}")
        try:
            value = _parsed(text, getattr(part, parameter))
            changed: Any = replace(part, **{parameter: value})
        except ValueError as trouble:
            raise VariantError(f"{name}={text}: {trouble}") from None
        policy = replace(policy, **{section: changed})
    return policy


def grid(base: Policy, axes: Mapping[str, Sequence[str]]) -> tuple[BookSpec, ...]:
    """Every combination of the values of ``axes``, each a book named for what it changes.

    Raises VariantError for a bad value, no values, or more than 512 combinations.
    """
    if not axes or not all(axes.values()):
        raise VariantError("nothing to vary: give name=value,value")
    count = 1
    for values in axes.values():
        count *= len(values)
    if count > VARIANTS_MAX:
        raise VariantError(f"{count} combinations; at most {VARIANTS_MAX}")
    found = []
    for combination in product(*axes.values()):
        changes = dict(zip(axes, combination, strict=True))
        name = " ".join(f"{key}={value}" for key, value in changes.items())
        found.append(BookSpec(name, "variant", varied(base, changes)))
    return tuple(found)


def axes_of(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """``hedge.delta=0.10,0.30`` as a name with its values; a list in brackets is one value.

    Raises VariantError.
    """
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, sign, values = text.partition("=")
        if not sign or not name or not values:
            raise VariantError(f"{text!r}: not of the form name=value,value")
        if name in found:
            raise VariantError(f"{name} is given twice")
        found[name] = _values(values)
    return found


def _values(text: str) -> tuple[str, ...]:
    """Split at commas outside brackets."""
    found, depth, current = [], 0, ""
    for sign in text:
        depth += (sign == "[") - (sign == "]")
        if sign == "," and depth == 0:
            found.append(current.strip())
            current = ""
        else:
            current += sign
    found.append(current.strip())
    return tuple(value for value in found if value)


def _parsed(text: str, like: Any) -> Any:
    """``text`` as the type of ``like``. Raises ValueError."""
    if isinstance(like, Enum):
        return type(like)(text)
    if isinstance(like, bool):
        if text not in ("true", "false"):
            raise ValueError("true or false")
        return text == "true"
    if isinstance(like, int):
        return int(text)
    if isinstance(like, float):
        return float(text)
    if isinstance(like, time):
        return time.fromisoformat(text)
    if isinstance(like, tuple):
        if not text.startswith("["):
            raise ValueError("a list in brackets")
        value = json.loads(text)
        return tuple(type(like[0])(each) for each in value) if like else tuple(value)
    return text
