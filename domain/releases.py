"""When news comes that everybody waits for: FOMC decisions, CPI and PPI. Times, no expectations."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ReleaseKind(StrEnum):
    FOMC = "FOMC"
    CPI = "CPI"
    PPI = "PPI"


@dataclass(frozen=True, slots=True, order=True)
class Release:
    at: datetime  # UTC
    kind: ReleaseKind


@dataclass(frozen=True, slots=True)
class ReleaseCalendar:
    """Releases in order of time. Outside ``first`` to ``last`` nothing is known, which is not
    the same as nothing coming.
    """

    releases: tuple[Release, ...] = ()

    def __post_init__(self) -> None:
        if list(self.releases) != sorted(set(self.releases)):
            raise ValueError("releases must be distinct and in order of time")

    @classmethod
    def of(cls, releases: Iterable[Release]) -> "ReleaseCalendar":
        return cls(tuple(sorted(set(releases))))

    def knows(self, now: datetime, kind: ReleaseKind) -> bool:
        """Whether ``now`` lies between two known releases of ``kind``."""
        return self.before(now, kind) is not None and self.after(now, kind) is not None

    def after(self, now: datetime, kind: ReleaseKind | None = None) -> Release | None:
        """The first release strictly after ``now``."""
        start = bisect_right(self.releases, now, key=lambda release: release.at)
        later = self.releases[start:]
        return next((r for r in later if kind is None or r.kind is kind), None)

    def before(self, now: datetime, kind: ReleaseKind | None = None) -> Release | None:
        """The last release at or before ``now``."""
        end = bisect_right(self.releases, now, key=lambda release: release.at)
        earlier = self.releases[:end][::-1]
        return next((r for r in earlier if kind is None or r.kind is kind), None)
