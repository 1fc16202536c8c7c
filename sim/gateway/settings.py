"""Every number of the simulated gateway that is a choice, with its unit and reason."""

from dataclasses import dataclass, field
from decimal import Decimal

VERSION_MIN = 157  # the lowest that ib_async and ib_insync accept
VERSION_MAX = (
    178  # what a gateway of this protocol answers to ib_async; from 201 on it would be protobuf
)


@dataclass(frozen=True, slots=True)
class Commissions:
    """USD per contract or share, exchange fees included; ``minimum`` per order of shares."""

    index_option: Decimal = Decimal("1.25")
    future: Decimal = Decimal("2.25")
    share: Decimal = Decimal("0.005")
    share_minimum: Decimal = Decimal("1.00")


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """What a gateway allows and how often it speaks.

    Option computations are the largest part of the traffic and of a client's work, so they are sent
    when they have moved materially, and at the latest after ``greeks_every_steps`` steps of the
    market.
    """

    account: str = "DU1234567"
    cash: Decimal = Decimal(1_000_000)
    commissions: Commissions = field(default_factory=Commissions)
    version_max: int = VERSION_MAX
    clients_max: int = 32
    lines_max: int = 100
    messages_per_s_max: int = 50  # half the lines
    rate_strikes_max: int = 3  # error 100 so often, then the connection is cut
    frame_bytes_max: int = 1 << 20
    account_summaries_max: int = 2
    greeks_every_steps: int = 10
    greeks_iv_move: float = 0.005  # half a volatility point
    greeks_delta_move: float = 0.01
    volume_every_steps: int = 10  # a volume alone, without another last price
    account_push_s: float = 180.0
    match_after_s: float = 1.0  # a new order meets the market at the latest after this
    delayed_by_s: float = 900.0
    unsubscribed: frozenset[str] = frozenset()  # symbols without live data: 354, delayed on request

    def __post_init__(self) -> None:
        if not VERSION_MIN <= self.version_max <= VERSION_MAX or self.version_max == 158:
            raise ValueError(f"no server version {self.version_max}")
