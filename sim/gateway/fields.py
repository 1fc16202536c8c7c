"""Single fields: numbers to text as a gateway writes them, and a cursor that reads a client's
fields.

Whole numbers never carry a trailing ``.0`` where an old client reads them with ``int()``.
"""

import math
from decimal import Decimal, InvalidOperation

UNSET_INTEGER = 2147483647
UNSET_DOUBLE = "1.7976931348623157E308"  # as Java prints it
_TOO_BIG = 1e308


class MalformedRequest(ValueError):
    """A request that was framed well but whose fields do not fit its message."""


def plain(value: float | Decimal | None) -> str:
    """The shortest text; whole numbers without a point; None is the empty field."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    if isinstance(value, int):
        return str(value)
    whole = int(value)
    return str(whole) if whole == value else repr(value)


def double(value: float | Decimal | None) -> str:
    """As Java prints a double: always with a point. None is the unset double."""
    return UNSET_DOUBLE if value is None else repr(float(value))


def money(value: Decimal) -> str:
    """An account value: two decimals."""
    return f"{value:.2f}"


def flag(value: object) -> str:
    return "1" if value else "0"


class FieldReader:
    """Reads fields from the left; every method raises MalformedRequest on a field of the wrong
    kind.
    """

    def __init__(self, fields: list[str]) -> None:
        self._fields = fields
        self._next = 0

    def text(self) -> str:
        if self._next >= len(self._fields):
            raise MalformedRequest(f"{len(self._fields)} fields are too few")
        self._next += 1
        return self._fields[self._next - 1]

    def skip(self, count: int) -> None:
        for _ in range(count):
            self.text()

    def integer(self, default: int = 0) -> int:
        """Empty, or the client's way to say unset, gives ``default``."""
        raw = self.text()
        if raw in ("", "2147483647", "9223372036854775807"):
            return default
        try:
            return int(raw)
        except ValueError:
            raise MalformedRequest(f"{raw[:40]!r} is not a whole number") from None

    def real(self) -> float | None:
        """Empty and anything beyond 1e308 is unset: None. Refuses NaN."""
        raw = self.text()
        if raw == "":
            return None
        if raw == "Infinite":
            return math.inf
        try:
            value = float(raw)
        except ValueError:
            raise MalformedRequest(f"{raw[:40]!r} is not a number") from None
        if math.isnan(value):
            raise MalformedRequest("NaN is not a number")
        return None if abs(value) > _TOO_BIG else value

    def decimal(self) -> Decimal | None:
        """As ``real``, exact."""
        raw = self.text()
        if raw == "":
            return None
        try:
            value = Decimal(raw)
        except InvalidOperation:
            raise MalformedRequest(f"{raw[:40]!r} is not a number") from None
        if not value.is_finite():
            raise MalformedRequest(f"{raw[:40]!r} is not a number")
        return None if abs(value) > Decimal("1e300") or raw == str(UNSET_INTEGER) else value

    def flag(self) -> bool:
        return self.integer() != 0

    def count(self) -> int:
        """How many repetitions follow; never more than there are fields left."""
        value = self.integer()
        if not 0 <= value <= len(self._fields) - self._next:
            raise MalformedRequest(f"a repetition count of {value}")
        return value

    @property
    def left(self) -> int:
        return len(self._fields) - self._next

    def end(self) -> None:
        if self.left:
            raise MalformedRequest(f"{self.left} fields too many")
