"""Our own refusal of an order, and what a check is. Decides nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from domain.desk import Desk
from domain.orders import DenialCode, OrderIntent
from risk.limits import RiskLimits


@dataclass(frozen=True, slots=True)
class Denied:
    """Our own refusal, which is not the broker's rejection."""

    code: DenialCode
    text: str
    inputs: tuple[tuple[str, float], ...] = ()


Check: TypeAlias = Callable[[OrderIntent, Desk, RiskLimits], Denied | None]
