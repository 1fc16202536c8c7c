"""A figure with how much history is behind it, so that a young number cannot pose as an old one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` is None when it cannot be computed; ``text`` then says what is missing.

    ``seen`` of ``needed`` observations: below that the value is arithmetic, not evidence.
    """

    name: str
    row: str  # of the method
    unit: str
    value: float | None
    text: str
    seen: int = 0
    needed: int = 0
    low: float | None = None  # 90 % interval where one is defined
    high: float | None = None

    @property
    def supported(self) -> bool:
        return self.value is not None and self.seen >= self.needed
