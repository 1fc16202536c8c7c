"""What operators have approved so far: used nonces, raised limits, adopted holdings, the key ring.

Knows neither signatures nor keys; whatever stands here was verified before it became an event.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.instruments import Contract


@dataclass(frozen=True, slots=True)
class Raised:
    """A limit that holds instead of the configured one, before ``until``."""

    value: float
    until: datetime


@dataclass(frozen=True, slots=True)
class Approvals:
    """Folded from events alone. ``used`` forgets a nonce once its plan has expired."""

    used: Mapping[str, datetime] = field(default_factory=dict)  # nonces, and when plans expire
    epoch: int = 0  # how often everything pending was declared void
    stops: int = 0  # how often somebody asked for a halt or a reduction ...
    halts: int = 0  # ... and how often the desk halted by itself
    ring: str = ""  # the key ring in force, as JSON; empty before the first
    config: str = ""  # the configuration last accepted, by its hash ...
    config_shares: tuple[float, float] = (0.0, 0.0)  # ... and the losses it was said to allow
    raised: Mapping[str, Raised] = field(default_factory=dict)  # by the name of the limit
    adopted: Mapping[Contract, int] = field(default_factory=dict)  # held by us without an order
