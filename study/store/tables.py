"""The tables of the store, and how rows get into them. A fact once stored is never overwritten.

A row that says the same again is counted, one that says something else is refused and named: which
of two sources is right is a question for a person.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from math import isclose
from pathlib import Path
from typing import Any, TypeAlias

Row: TypeAlias = Mapping[str, Any]

_DAY, _MOMENT, _NUMBER, _TEXT = "date32", "timestamp", "float64", "string"
_SAME = 1e-9


class Table(StrEnum):
    """The name of a folder inside the store."""

    DAILY = "daily"  # one part per symbol
    VX = "vx"  # one part per year of expiry
    BARS = "bars"  # one part per symbol and length
    CHAINS = "chains"  # one part per class and day
    MINUTES = "minutes"  # option quotes by the minute, one part per class and day
    MONTHLY = "monthly"  # one part per series


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns in order; ``keys`` of them name a fact, the others state it."""

    keys: tuple[str, ...]
    columns: Mapping[str, str]

    @property
    def schema(self) -> Any:
        """For pyarrow, which is imported where it is used: no other command should wait for it."""
        arrow = import_module("pyarrow")
        kinds = {
            _DAY: arrow.date32(), _MOMENT: arrow.timestamp("s", tz="UTC"),
            _NUMBER: arrow.float64(), _TEXT: arrow.string(),
        }  # fmt: skip
        return arrow.schema([(name, kinds[kind]) for name, kind in self.columns.items()])


_OPTION = {"expiration": _DAY, "right": _TEXT, "strike": _NUMBER}
_PRICES = dict.fromkeys(("open", "high", "low", "close"), _NUMBER)
LAYOUTS: Mapping[Table, Layout] = {
    Table.DAILY: Layout(("on",), {"on": _DAY, **_PRICES}),
    Table.VX: Layout(("on", "expiry"), {"on": _DAY, "expiry": _DAY, "settle": _NUMBER}),
    Table.BARS: Layout(("start",), {"start": _MOMENT, **_PRICES, "volume": _NUMBER}),
    Table.CHAINS: Layout(
        ("trading_class", "expiration", "right", "strike"),
        {
            "trading_class": _TEXT, **_OPTION, "bid": _NUMBER, "ask": _NUMBER,
            "underlying": _NUMBER, "implied_vol": _NUMBER,
        },
    ),
    Table.MINUTES: Layout(
        ("start", "expiration", "right", "strike"),
        {"start": _MOMENT, **_OPTION, "bid": _NUMBER, "ask": _NUMBER},
    ),
    Table.MONTHLY: Layout(("on",), {"on": _DAY, "value": _NUMBER}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the store: ``name`` holds letters, digits, dots and dashes only."""

    table: Table
    name: str

    def __post_init__(self) -> None:
        if not self.name or not all(sign.isalnum() or sign in ".-_" for sign in self.name):
            raise ValueError(f"not a name for a part of the store: {self.name!r}")


@dataclass(slots=True)
class Merged:
    """What an import did to one part; ``contradicted`` rows were left as they were stored."""

    added: int = 0
    same: int = 0
    contradicted: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Store:
    """Reads and merges parts under ``folder``, which need not exist before the first merge."""

    folder: Path

    def parts(self, table: Table) -> list[Part]:
        """Every part of a table, by name."""
        found = sorted((self.folder / table).glob("*.parquet"))
        return [Part(table, path.stem) for path in found]

    def read(self, part: Part) -> list[dict[str, Any]]:
        """Rows in the order of their keys; none when the part is not there."""
        path = self._path(part)
        if not path.is_file():
            return []
        table = import_module("pyarrow.parquet").read_table(path, schema=LAYOUTS[part.table].schema)
        rows: list[dict[str, Any]] = table.to_pylist()
        return rows

    def merge(self, part: Part, rows: Iterable[Row]) -> Merged:
        """Add what is new. The file is replaced in one step, so that a crash leaves the old one."""
        layout, merged = LAYOUTS[part.table], Merged()
        known = {_key(row, layout): row for row in self.read(part)}
        for row in rows:
            fact = {name: row.get(name) for name in layout.columns}
            key = _key(fact, layout)
            if key not in known:
                known[key] = fact
                merged.added += 1
            elif difference := _difference(known[key], fact):
                merged.contradicted.append(f"{part.table}/{part.name} {_said(key)}: {difference}")
            else:
                merged.same += 1
        if merged.added:
            self._write(part, [known[key] for key in sorted(known)], layout)
        return merged

    def _write(self, part: Part, rows: Sequence[Row], layout: Layout) -> None:
        path = self._path(part)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
        parquet.write_table(arrow.Table.from_pylist([*map(dict, rows)], layout.schema), fresh)
        fresh.replace(path)

    def _path(self, part: Part) -> Path:
        return self.folder / part.table / f"{part.name}.parquet"


def _key(row: Row, layout: Layout) -> tuple[Any, ...]:
    return tuple(row[name] for name in layout.keys)


def _difference(old: Row, new: Row) -> str:
    """What ``new`` says otherwise; a value that one of both lacks is no contradiction."""
    for name, before in old.items():
        after = new[name]
        if before is None or after is None or before == after:
            continue
        both = isinstance(before, float) and isinstance(after, float)
        if not (both and isclose(before, after, rel_tol=_SAME)):
            return f"{name} is {before}, the file says {after}"
    return ""


def _said(key: tuple[Any, ...]) -> str:
    return " ".join(str(value) for value in key)
