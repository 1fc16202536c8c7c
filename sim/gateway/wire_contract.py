"""Contracts as they travel: what a client sends, and the blocks a gateway answers with."""

from dataclasses import dataclass, replace

from domain.instruments import Kind
from sim.exchange.listings import ContractQuery, Listing
from sim.gateway.fields import FieldReader, plain

BAG = "BAG"


@dataclass(frozen=True, slots=True)
class WireLeg:
    """One leg of a BAG; ``ratio`` is positive, ``action`` BUY or SELL says which way."""

    con_id: int
    ratio: int
    action: str
    exchange: str
    open_close: int = 0
    short_sale_slot: int = 0
    designated_location: str = ""
    exempt_code: int = -1

    @property
    def signed_ratio(self) -> int:
        return self.ratio if self.action == "BUY" else -self.ratio


@dataclass(frozen=True, slots=True)
class WireContract:
    """A contract as a client describes it, complete or not."""

    con_id: int = 0
    symbol: str = ""
    sec_type: str = ""
    last_trade: str = ""
    strike: float = 0.0
    right: str = ""
    multiplier: str = ""
    exchange: str = ""
    primary_exchange: str = ""
    currency: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    legs: tuple[WireLeg, ...] = ()

    @property
    def is_bag(self) -> bool:
        return self.sec_type == BAG

    def query(self) -> ContractQuery:
        """What it asks the exchange for. Whatever an id already says is not asked again."""
        if self.con_id:
            return ContractQuery(con_id=self.con_id)
        return ContractQuery(
            symbol=self.symbol,
            sec_type=self.sec_type,
            last_trade=self.last_trade[:8],
            strike=self.strike,
            right="" if self.right in ("0", "?") else self.right,
            multiplier=self.multiplier,
            exchange=self.exchange,
            currency=self.currency,
            local_symbol=self.local_symbol,
            trading_class=self.trading_class,
        )


def read_contract(fields: FieldReader) -> WireContract:
    """The twelve contract fields of a request."""
    return WireContract(
        con_id=fields.integer(),
        symbol=fields.text(),
        sec_type=fields.text(),
        last_trade=fields.text(),
        strike=fields.real() or 0.0,
        right=fields.text(),
        multiplier=fields.text(),
        exchange=fields.text(),
        primary_exchange=fields.text(),
        currency=fields.text(),
        local_symbol=fields.text(),
        trading_class=fields.text(),
    )


def read_legs(contract: WireContract, fields: FieldReader, *, order: bool = False) -> WireContract:
    """``contract`` with the legs that follow when it is a BAG; an order says four things more of
    each.
    """
    if not contract.is_bag:
        return contract
    legs = []
    for _ in range(fields.count()):
        leg = WireLeg(fields.integer(), fields.integer(), fields.text(), fields.text())
        if order:
            leg = replace(
                leg,
                open_close=fields.integer(),
                short_sale_slot=fields.integer(),
                designated_location=fields.text(),
                exempt_code=fields.integer(default=-1),
            )
        legs.append(leg)
    return replace(contract, legs=tuple(legs))


def sec_type(listing: Listing) -> str:
    return listing.contract.kind.value


def multiplier(listing: Listing) -> str:
    """Only derivatives have one on the wire."""
    if listing.contract.kind in (Kind.OPTION, Kind.FUTURE):
        return str(listing.contract.multiplier)
    return ""


def symbol(listing: Listing) -> str:
    return listing.contract.symbol


def trading_class(listing: Listing) -> str:
    return listing.contract.trading_class or listing.contract.symbol


def right(listing: Listing, *, none: str = "") -> str:
    return listing.contract.right.value if listing.contract.right else none


def block(
    listing: Listing, *, strike: str = "", no_right: str = "", exchange: str = ""
) -> list[str]:
    """The eleven fields of most answers; ``strike`` and ``no_right`` are what a non-option shows
    there.
    """
    contract = listing.contract
    return [
        str(listing.con_id),
        contract.symbol,
        contract.kind.value,
        listing.last_trade,
        repr(float(contract.strike)) if contract.strike else strike or "0.0",
        right(listing, none=no_right),
        multiplier(listing),
        exchange,
        contract.currency,
        listing.local_symbol,
        trading_class(listing),
    ]


def bag_block(contract: WireContract, *, strike: str = "0.0", no_right: str = "") -> list[str]:
    """The same eleven fields of a BAG, which has neither strike nor expiration of its own."""
    return [
        str(contract.con_id),
        contract.symbol,
        BAG,
        "",
        strike,
        no_right,
        "",
        contract.exchange,
        contract.currency,
        contract.local_symbol or contract.symbol,
        "COMB",
    ]


def described(listing: Listing, exchange: str = "") -> WireContract:
    """A listing as a complete wire contract."""
    contract = listing.contract
    return WireContract(
        con_id=listing.con_id,
        symbol=contract.symbol,
        sec_type=contract.kind.value,
        last_trade=listing.last_trade,
        strike=contract.strike,
        right=right(listing),
        multiplier=multiplier(listing),
        exchange=exchange or contract.exchange,
        currency=contract.currency,
        local_symbol=listing.local_symbol,
        trading_class=trading_class(listing),
    )


def leg_fields(leg: WireLeg) -> list[str]:
    """The eight fields of a leg inside an order."""
    return [
        str(leg.con_id), str(leg.ratio), leg.action, leg.exchange, str(leg.open_close),
        str(leg.short_sale_slot), leg.designated_location, plain(leg.exempt_code),
    ]  # fmt: skip
