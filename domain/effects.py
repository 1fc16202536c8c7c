"""Everything the core can ask the outside world to do, in the imperative.

Effects never return values to the core; their consequences arrive later as events.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from domain.orders import DenialCode, Layer, Order, Purpose


@dataclass(frozen=True, slots=True)
class AskMargin:
    """Ask the broker what ``order`` would do to the margin. It is not sent by this."""

    order: Order


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    order: Order


@dataclass(frozen=True, slots=True)
class ModifyLimit:
    """Move the limit of a working order; everything else about it stays."""

    order_ref: str
    limit: Decimal
    at: datetime | None = None  # when it was decided; journals of older versions do not say


@dataclass(frozen=True, slots=True)
class CancelOrder:
    order_ref: str
    reason: str
    at: datetime | None = None  # when it was decided; journals of older versions do not say


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class RaiseAlert:
    """An edge: ``active`` False says that the condition named by ``code`` has cleared."""

    at: datetime
    code: str
    severity: Severity
    text: str
    active: bool = True


class Verdict(StrEnum):
    APPROVED = "approved"
    DENIED = "denied"  # a pre-trade check refused an intent
    SKIPPED = "skipped"  # a rule looked and did not propose
    CHANGED = (
        "changed"  # a state of the core changed (regime, trading state, condor opened or closed)
    )


@dataclass(frozen=True, slots=True)
class RecordDecision:
    """Why something was or was not done; every one is logged and journaled.

    For anything the hedge cap judges, ``inputs`` holds ``cap``, ``used``, ``asked`` and
    ``granted``.
    """

    at: datetime
    verdict: Verdict
    topic: str  # e.g. "condor.entry", "hedge.trim", "regime"
    rule: str
    text: str
    purpose: Purpose | None = None
    layer: Layer | None = None
    subject: str = ""
    order_ref: str = ""
    denial: DenialCode | None = None
    inputs: tuple[tuple[str, float], ...] = ()


Effect: TypeAlias = AskMargin | PlaceOrder | ModifyLimit | CancelOrder | RaiseAlert | RecordDecision
