"""What a subscriber reads: one type per topic. docs/topics.md is written from these.

Times are ISO 8601 in UTC, money is USD, shares are fractions of 1, null is "not known".
"""

from msgspec import Struct

from engine.greeks_view import LayerGreeks
from engine.views import CondorView, LayerResult, OrderView, ShadowView, TrancheView

SCHEMA = 1  # raised when a field changes its meaning or goes; new fields do not count


class Status(Struct, frozen=True):
    """``state`` is online or offline. Offline, told or left as last will: nobody is trading."""

    state: str
    daemon: str
    run_id: str
    config_hash: str
    schema: int = SCHEMA


class Heartbeat(Struct, frozen=True):
    """Proof of life. ``journal_head`` is the digest of batch ``journal_seq``: kept elsewhere, it
    shows whether the journal has lost its end. ``dropped`` counts what was never published.
    """

    at: str
    run_id: str
    journal_seq: int
    journal_head: str
    epoch: int
    dropped: dict[str, int]


class State(Struct, frozen=True):
    """The desk at one instant, without what is held."""

    at: str
    connected: bool
    regime: str
    curve: str
    vix: float | None
    spx: float | None
    front: float | None
    slope: float | None
    cmf30: float | None
    trading_state: str
    trading_why: str
    net_liquidation: float | None
    excess_liquidity: float | None
    condor_contracts: int
    hedge_contracts: int
    hedge_share: float | None
    hedge_cap: float
    results: tuple[LayerResult, ...]
    open_orders: tuple[OrderView, ...]
    orders_sent: int
    orders_denied: int
    mismatched: tuple[str, ...]
    alerts: tuple[str, ...]
    shadows: tuple[ShadowView, ...] = ()  # books on paper


class Positions(Struct, frozen=True):
    """What is held, with cost, mark and result."""

    at: str
    condors: tuple[CondorView, ...]
    tranches: tuple[TrancheView, ...]


class Hedge(Struct, frozen=True):
    """The hedge layer's share of all notional against its cap, on the basis that is enforced and
    on every other; premium spent in 365 days.
    """

    at: str
    share: float | None
    cap: float
    share_of_cap: float | None
    shares: dict[str, float | None]
    hedge_notional: float | None
    condor_notional: float
    spend_year: float


class Greeks(Struct, frozen=True):
    """Sensitivities of what is held, by layer; see ``LayerGreeks`` for the units."""

    at: str
    layers: tuple[LayerGreeks, ...]


class Alert(Struct, frozen=True):
    """The newest word on one alert; one that cleared stays with ``active`` false."""

    at: str
    code: str
    severity: str
    text: str
    active: bool


class Decision(Struct, frozen=True):
    """Why something was or was not done."""

    at: str
    verdict: str
    topic: str
    rule: str
    text: str
    subject: str
    order_ref: str
    denial: str
    inputs: dict[str, float]


class CommandAnswer(Struct, frozen=True):
    """What became of a command. ``digest`` is the SHA-256 of the bytes that came in."""

    at: str
    digest: str
    accepted: bool
    reason: str
    text: str
