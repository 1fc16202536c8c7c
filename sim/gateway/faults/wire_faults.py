"""What goes wrong with messages: too many of them, unanswered, late, mangled, unheard of."""

from collections import deque
from dataclasses import dataclass, replace
from typing import ClassVar

from sim.gateway.faults.fault import Armed, Fault
from sim.gateway.faults.words import HISTORY, Asked, Said
from sim.gateway.fields import UNSET_DOUBLE
from sim.gateway.framing import message


def message_ids(text: str) -> frozenset[int]:
    """``62`` or ``53+102``. Raises ValueError."""
    return frozenset(int(number) for number in str(text).split("+"))


@dataclass(frozen=True, kw_only=True)
class MsgRate(Fault):
    """More than ``limit`` requests a second: ``reject`` answers them with 100 and cuts the
    connection at the third; ``pace`` serves them later, in order.
    """

    NAME: ClassVar[str] = "msg_rate"
    IMITATES: ClassVar[str] = "C: 100, both settings of the gateway"

    mode: str = "reject"
    limit: int = 50

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mode not in ("reject", "pace") or self.limit < 1:
            raise ValueError("msg_rate: reject or pace, and a limit of at least 1")

    def begin(self, armed: Armed) -> None:
        if self.mode == "reject":
            gateway = armed.director.gateway
            gateway.settings = replace(gateway.settings, messages_per_s_max=self.limit)

    def asked(self, armed: Armed, asked: Asked) -> bool:
        if self.mode == "reject":
            return False
        waiting: deque[Asked] = armed.memory.setdefault(asked.session, deque())
        waiting.append(asked)
        if len(waiting) == 1:
            self._serve(armed, waiting)
        return True

    def _serve(self, armed: Armed, waiting: "deque[Asked]") -> None:
        """The first at once, if there was a pause before it; the next ones one by one."""
        waiting[0].serve()
        armed.later(1.0 / self.limit, lambda: self._next(armed, waiting))

    def _next(self, armed: Armed, waiting: "deque[Asked]") -> None:
        waiting.popleft()
        if waiting:
            self._serve(armed, waiting)


@dataclass(frozen=True, kw_only=True)
class LineLimit(Fault):
    """Only ``lines`` market data lines a client: 101 for every one beyond."""

    NAME: ClassVar[str] = "line_limit"
    IMITATES: ClassVar[str] = "C: 101"

    lines: int = 10

    def begin(self, armed: Armed) -> None:
        gateway = armed.director.gateway
        gateway.settings = replace(gateway.settings, lines_max=self.lines)


@dataclass(frozen=True, kw_only=True)
class HistPacing(Fault):
    """Requests for bars are refused with 162; the text tells which kind."""

    NAME: ClassVar[str] = "hist_pacing"
    IMITATES: ClassVar[str] = "C: 162 pacing violation, no data, no permissions; 366, 420"

    code: int = 162
    text: str = "Historical data request pacing violation"

    def asked(self, armed: Armed, asked: Asked) -> bool:
        if asked.kind != HISTORY or not armed.strikes():
            return False
        service = "Historical Market Data Service error message:"
        asked.session.error(int(asked.fields[1]), self.code, service + self.text)
        return True


@dataclass(frozen=True, kw_only=True)
class NeverAnswer(Fault):
    """Messages of these ids (``53+102``) are never sent."""

    NAME: ClassVar[str] = "never_answer"
    IMITATES: ClassVar[str] = "A: positions or account never answer; D: a question never answered"

    message: str = "62"

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        return [] if said.kind in message_ids(self.message) and armed.strikes(said.ref) else None


@dataclass(frozen=True, kw_only=True)
class LateAnswer(Fault):
    """Messages of these ids are sent ``by_s`` later, overtaken by all others."""

    NAME: ClassVar[str] = "late_answer"
    IMITATES: ClassVar[str] = "D: late and out-of-order messages, answers after one's own timeout"

    message: str = "62"
    by_s: float = 40.0

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        if said.kind not in message_ids(self.message) or not armed.strikes(said.ref):
            return None
        armed.later(self.by_s, lambda: said.session.put(_framed(said.body)))
        return []


@dataclass(frozen=True, kw_only=True)
class Truncated(Fault):
    """Messages of these ids lack their last ``fields`` fields."""

    NAME: ClassVar[str] = "truncated"
    IMITATES: ClassVar[str] = "a message shorter than its version says"

    message: str = "11"
    fields: int = 3

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        if said.kind not in message_ids(self.message) or not armed.strikes(said.ref):
            return None
        return [message(*said.fields[: max(1, len(said.fields) - self.fields)])]


@dataclass(frozen=True, kw_only=True)
class Garbled(Fault):
    """In messages of these ids, the field at ``place`` (the id is 0) reads ``text``."""

    NAME: ClassVar[str] = "garbled"
    IMITATES: ClassVar[str] = "a field that is not what it should be; NaN, unset values"

    message: str = "11"
    place: int = 1
    text: str = "?!"

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        if said.kind not in message_ids(self.message) or not armed.strikes(said.ref):
            return None
        return [said.with_field(self.place, self.text)]


@dataclass(frozen=True, kw_only=True)
class DblMax(Garbled):
    """In messages of these ids, the field at ``place`` is the largest double: not available."""

    NAME: ClassVar[str] = "dbl_max"
    IMITATES: ClassVar[str] = "C: DBL_MAX in prices, commissions, margins, P&L"

    message: str = "59"
    place: int = 3
    text: str = UNSET_DOUBLE


@dataclass(frozen=True, kw_only=True)
class UnknownMessage(Fault):
    """A message of an id nobody knows comes before every other one."""

    NAME: ClassVar[str] = "unknown_message"
    IMITATES: ClassVar[str] = "D: unknown message id, tick type, request id"

    message: int = 9999

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        if said.kind == -1 or not armed.strikes(said.ref):
            return None
        stray = [message(1, 6, 888_888, 1, "4.2", 1, 0), message(2, 6, 888_888, 999, 1)]
        return [message(self.message, 1, "what?"), *stray, said.body]


def _framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body
