"""The desk to bytes and back, exactly, and the fingerprint of everything those bytes depend on.

Pure but for reading the program's own source once. Quotes, the rules' memory and the session table
are no part of it: prices replace themselves, memory may be lost, and the table comes from outside.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from config.build import fingerprint, sources_below
from domain.desk import Desk
from domain.session import SessionCalendar

LEFT_OUT = frozenset({"calendar", "quotes", "memory"})

# Whatever decides what a fold of the records gives, and how the outcome is spelled. A test compares
# the packages with what engine.fold really imports.
FOLD_PACKAGES = ("domain", "engine")
_SPELLING = ("codec.py", "desk_codec.py")

_encoder = msgspec.msgpack.Encoder(order="deterministic")


class UnreadableDesk(ValueError):
    """Bytes that are not a desk of this program."""


def encode_desk(desk: Desk) -> bytes:
    """Equal desks have equal bytes in every process; mappings keep their order."""
    return _encoder.encode(_SHAPE.written(desk))


def decode_desk(body: bytes, blank: Desk) -> Desk:
    """What was encoded, with calendar, quotes and memory of ``blank``. Raises UnreadableDesk."""
    try:
        changes: dict[str, Any] = _SHAPE.read(_decoder.decode(body))
    except (msgspec.MsgspecError, ValueError, TypeError) as error:
        raise UnreadableDesk(str(error)) from error
    return replace(blank, **changes)


def fitting(calendar: SessionCalendar) -> str:
    """Names the program and the table under which records fold to one certain desk, as hex.

    Another word in any source that the fold depends on gives another name: a desk folded by a
    program that has since been mended is not believed.
    """
    return fingerprint([("calendar", _encoder.encode(calendar)), *_sources()])


@cache  # once: a file that is changed later is not the program that runs
def _sources() -> tuple[tuple[str, bytes], ...]:
    """Name and digest of each, in one order everywhere."""
    found = [
        source for package in FOLD_PACKAGES for source in sources_below(files(package), package)
    ]
    own = files("bot.journal")
    found += [(name, (own / name).read_bytes()) for name in _SPELLING]
    return tuple((name, hashlib.sha256(content).digest()) for name, content in sorted(found))


@dataclass(frozen=True, slots=True)
class _Shape:
    """How one dataclass is spelled: an array of its fields, mappings as pairs in their order."""

    kind: type[Any]
    wire: type[Any]
    nested: Mapping[str, "_Shape"]
    mappings: frozenset[str]
    sets: frozenset[str]

    def written(self, value: Any) -> Any:
        return self.wire(*(self._spelled(name, getattr(value, name)) for name in self._names))

    def read(self, wire: Any) -> dict[str, Any]:
        return {name: self._understood(name, getattr(wire, name)) for name in self._names}

    @property
    def _names(self) -> tuple[str, ...]:
        found: tuple[str, ...] = self.wire.__struct_fields__
        return found

    def _spelled(self, name: str, value: Any) -> Any:
        if value is None:
            return None
        if name in self.nested:
            return self.nested[name].written(value)
        if name in self.mappings:
            return tuple(value.items())
        if name in self.sets:  # an order that does not depend on hashes
            return tuple(sorted(value, key=_encoder.encode))
        return value

    def _understood(self, name: str, value: Any) -> Any:
        if value is None:
            return None
        if name in self.nested:
            shape = self.nested[name]
            return shape.kind(**shape.read(value))
        if name in self.mappings:
            return dict(value)
        return frozenset(value) if name in self.sets else value


def _shape(kind: type[Any], left_out: frozenset[str] = frozenset()) -> _Shape:
    hints = get_type_hints(kind)
    nested: dict[str, _Shape] = {}
    mappings, sets, spelled = [], [], []
    for field in fields(kind):
        if field.name in left_out:
            continue
        hint, none = _without_none(hints[field.name])
        wire: Any = hint
        if get_origin(hint) is Mapping:
            mappings.append(field.name)
            key, value = get_args(hint)
            wire = tuple[tuple[key, value], ...]  # type: ignore[valid-type]  # made at run time
        elif get_origin(hint) is frozenset:
            sets.append(field.name)
            wire = tuple[get_args(hint)[0], ...]  # type: ignore[misc]  # made at run time
        elif isinstance(hint, type) and is_dataclass(hint) and _has_mappings(hint):
            nested[field.name] = _shape(hint)
            wire = nested[field.name].wire
        spelled.append((field.name, wire | None if none else wire))
    wired = msgspec.defstruct(kind.__name__, spelled, array_like=True, frozen=True)
    return _Shape(kind, wired, nested, frozenset(mappings), frozenset(sets))


def _without_none(hint: Any) -> tuple[Any, bool]:
    """The type of an optional field, and whether it is one."""
    choices = get_args(hint)
    if type(None) not in choices:
        return hint, False
    (only,) = (choice for choice in choices if choice is not type(None))
    return only, True


def _has_mappings(kind: type[Any]) -> bool:
    return any(get_origin(_without_none(hint)[0]) is Mapping for hint in _hints(kind))


def _hints(kind: type[Any]) -> list[Any]:
    return list(get_type_hints(kind).values())


_SHAPE = _shape(Desk, LEFT_OUT)
_decoder = msgspec.msgpack.Decoder(_SHAPE.wire)
