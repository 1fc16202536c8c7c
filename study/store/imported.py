"""What one file brought: rows for parts of the store, and what was wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from study.store.tables import Part
from study.store_checks import Finding


@dataclass(slots=True)
class Imported:
    """Rows by part, in file order, and findings. A row with an error is not among the rows."""

    file: str
    rows: dict[Part, list[Mapping[str, Any]]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def add(self, part: Part, row: Mapping[str, Any]) -> None:
        self.rows.setdefault(part, []).append(row)

    def error(self, line: int, on: date | None, text: str) -> None:
        self.findings.append(Finding(self.file, line, on, text))

    def note(self, line: int, on: date | None, text: str) -> None:
        self.findings.append(Finding(self.file, line, on, text, error=False))

    @property
    def count(self) -> int:
        return sum(len(rows) for rows in self.rows.values())
