"""What a client can ask for, as values; ``request_fields`` knows how they are spelled."""

from dataclasses import dataclass
from typing import TypeAlias

from sim.gateway.order_request import OrderRequest
from sim.gateway.wire_contract import WireContract


@dataclass(frozen=True, slots=True)
class StartApi:
    client_id: int


@dataclass(frozen=True, slots=True)
class Plain:
    """A request that is nothing but its name, with the one number or switch it may carry."""

    name: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class MarketData:
    req_id: int
    contract: WireContract
    generic_ticks: tuple[int, ...]
    snapshot: bool


@dataclass(frozen=True, slots=True)
class AccountUpdates:
    subscribe: bool
    account: str


@dataclass(frozen=True, slots=True)
class Executions:
    """Empty texts and client id 0 match anything. ``since`` is ``yyyymmdd-hh:mm:ss`` or with a
    space.
    """

    req_id: int
    client_id: int
    account: str
    since: str
    symbol: str
    sec_type: str
    exchange: str
    side: str


@dataclass(frozen=True, slots=True)
class ContractDetails:
    req_id: int
    contract: WireContract
    include_expired: bool


@dataclass(frozen=True, slots=True)
class HistoricalData:
    req_id: int
    contract: WireContract
    end: str
    bar_size: str
    duration: str
    rth: bool
    what: str
    format_date: int
    keep_up_to_date: bool


@dataclass(frozen=True, slots=True)
class RealTimeBars:
    req_id: int
    contract: WireContract
    what: str
    rth: bool


@dataclass(frozen=True, slots=True)
class Calculation:
    """``given`` is an option price when the volatility is wanted, else a volatility."""

    req_id: int
    contract: WireContract
    given: float
    underlying: float
    wants_volatility: bool


@dataclass(frozen=True, slots=True)
class AccountSummary:
    req_id: int
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Multi:
    """reqPositionsMulti or reqAccountUpdatesMulti."""

    req_id: int
    account: str
    model: str
    positions: bool


@dataclass(frozen=True, slots=True)
class OptionParams:
    req_id: int
    symbol: str
    exchange: str
    sec_type: str
    con_id: int


@dataclass(frozen=True, slots=True)
class MatchingSymbols:
    req_id: int
    pattern: str


@dataclass(frozen=True, slots=True)
class SmartComponents:
    req_id: int
    exchange: str


@dataclass(frozen=True, slots=True)
class HeadTimestamp:
    req_id: int
    contract: WireContract
    format_date: int


@dataclass(frozen=True, slots=True)
class Pnl:
    """``con_id`` 0 is the whole account."""

    req_id: int
    account: str
    con_id: int = 0


@dataclass(frozen=True, slots=True)
class HistoricalTicks:
    req_id: int
    contract: WireContract
    start: str
    end: str
    count: int
    what: str


@dataclass(frozen=True, slots=True)
class TickByTick:
    req_id: int
    contract: WireContract
    kind: str


@dataclass(frozen=True, slots=True)
class CompletedOrders:
    api_only: bool


Request: TypeAlias = (
    StartApi | Plain | MarketData | AccountUpdates | Executions | ContractDetails | HistoricalData
    | RealTimeBars | Calculation | AccountSummary | Multi | OptionParams | MatchingSymbols
    | SmartComponents | HeadTimestamp | Pnl | HistoricalTicks | TickByTick | CompletedOrders
    | OrderRequest
)  # fmt: skip
