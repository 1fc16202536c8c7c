"""Between the desk's words and the broker's spelling, both ways. Pure.

Objects of the client library come in untyped and leave as domain values; what is asked of the
library leaves as plain fields, so that no class of the library is needed here. A number that is not
one (NaN, -1, the largest double) never crosses.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from domain.instruments import Contract, Kind, Right
from domain.orders import Order

Fields = dict[str, Any]

NO_PRICE = "no_price"
_UNSET = 1e300  # the broker's "no value" is the largest double; nothing honest comes near
_ORDER_REF = re.compile(r"[A-Za-z0-9._:-]{1,40}", re.ASCII)
_EXEC_ID = re.compile(r"(.+)\.(\d+)", re.ASCII)
_BUY, _SELL = "BUY", "SELL"
_SMART: Final = "SMART"


class Untranslatable(ValueError):
    """An order that cannot be spelled without changing what it means; it must not leave."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order as fields for the library: contract, combo legs (none for a single leg), order."""

    contract: Fields
    legs: tuple[Fields, ...]
    order: Fields


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution report. ``contract`` is ``None`` for the summary row of a combo."""

    exec_id: str  # without its revision
    revision: int
    order_ref: str
    order_id: int
    perm_id: int
    client_id: int
    contract: Contract | None
    quantity: int  # bought positive
    price: Decimal


def contract_fields(contract: Contract, con_id: int = 0) -> Fields:
    fields: Fields = {
        "conId": con_id,
        "symbol": contract.symbol,
        "secType": contract.kind.value,
        "exchange": contract.exchange,
        "currency": contract.currency,
    }
    if contract.trading_class:
        fields["tradingClass"] = contract.trading_class
    if contract.expiration is not None:
        fields["lastTradeDateOrContractMonth"] = f"{contract.expiration:%Y%m%d}"
        fields["multiplier"] = str(contract.multiplier)
    if contract.right is not None:
        fields["strike"] = contract.strike
        fields["right"] = contract.right.value
    return fields


def series_fields(contract: Contract) -> Fields:
    """A query for every strike and right listed beside the option ``contract``."""
    fields = contract_fields(contract)
    del fields["strike"], fields["right"]
    return fields


def contract_from_ib(ib: Any) -> Contract | None:
    """The domain's name for a contract of the broker.

    ``None`` for combos and kinds we do not know.
    """
    try:
        kind = Kind(ib.secType)
        multiplier = int(float(ib.multiplier or 1))
        if kind is Kind.OPTION:
            expiration, right = date_from_ib(ib.lastTradeDateOrContractMonth), Right(ib.right[:1])
            return Contract(
                kind, ib.symbol, _SMART, ib.tradingClass, expiration, float(ib.strike), right,
                multiplier, ib.currency,
            )  # fmt: skip
        if kind is Kind.FUTURE:
            expiration = date_from_ib(ib.lastTradeDateOrContractMonth)
            exchange = ib.exchange or "CFE"
            return Contract(
                kind, ib.symbol, exchange, ib.tradingClass, expiration,
                multiplier=multiplier, currency=ib.currency,
            )  # fmt: skip
        exchange = _SMART if kind is Kind.STOCK else ib.exchange
        return Contract(kind, ib.symbol, exchange, currency=ib.currency)
    except (ValueError, TypeError):
        return None


def date_from_ib(text: str) -> date | None:
    """The day in ``20180302`` or ``20180302 16:15 US/Eastern``; ``None`` for anything else."""
    day = text[:8]
    try:
        return date.fromisoformat(day) if day.isdecimal() else None
    except ValueError:
        return None


def ticket(order: Order, limit: Decimal, con_ids: Mapping[Contract, int], account: str) -> Ticket:
    """``order`` at ``limit``, ready for the library. Raises Untranslatable.

    A package of several legs is always bought, with the signs in its legs and a credit as a
    negative limit. A single sold leg becomes a sale at a positive price.
    """
    legs = order.intent.legs
    if not _ORDER_REF.fullmatch(order.order_ref):
        raise Untranslatable(f"order reference {order.order_ref!r} does not travel")
    if not limit.is_finite() or abs(limit) > 1_000_000:
        raise Untranslatable(f"a limit of {limit}")
    missing = [leg.contract.label for leg in legs if not con_ids.get(leg.contract)]
    if missing:
        raise Untranslatable(f"not qualified: {', '.join(missing)}")
    fields: Fields = {
        "totalQuantity": order.intent.quantity,
        "orderType": "LMT",
        "tif": "DAY",  # always said: a preset that fills it in cancels orders on some platforms
        "orderRef": order.order_ref,
        "account": account,
        "transmit": True,
        "outsideRth": False,
        "eTradeOnly": False,
        "firmQuoteOnly": False,
    }
    if len(legs) == 1:
        return _single(order, limit, con_ids, fields)
    spelled = tuple(
        {
            "conId": con_ids[leg.contract],
            "ratio": abs(leg.ratio),
            "action": _BUY if leg.ratio > 0 else _SELL,
            "exchange": leg.contract.exchange,
        }
        for leg in legs
    )
    first = legs[0].contract
    bag: Fields = {
        "symbol": first.symbol,
        "secType": "BAG",
        "exchange": first.exchange,
        "currency": first.currency,
    }
    return Ticket(bag, spelled, {**fields, "action": _BUY, "lmtPrice": float(limit)})


def _single(
    order: Order, limit: Decimal, con_ids: Mapping[Contract, int], fields: Fields
) -> Ticket:
    leg = order.intent.legs[0]
    if abs(leg.ratio) != 1:
        raise Untranslatable("a single leg with a ratio; say it with the quantity")
    price = limit * leg.ratio
    if price <= 0:
        raise Untranslatable(f"a single option at {price}")
    action = _BUY if leg.ratio > 0 else _SELL
    contract = contract_fields(leg.contract, con_ids[leg.contract])
    return Ticket(contract, (), {**fields, "action": action, "lmtPrice": float(price)})


def limit_from_ib(ib_order: Any) -> Decimal | None:
    """The limit as net price of a bought package; ``None`` when the broker's order has none."""
    price = decimal_from_ib(ib_order.lmtPrice)
    return -price if price is not None and ib_order.action == _SELL else price


def decimal_from_ib(value: Any) -> Decimal | None:
    """A finite Decimal of the broker's text or number.

    ``None`` for empty, unset or not a number.
    """
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < Decimal(_UNSET) else None


def execution_from_ib(ib_contract: Any, ib_execution: Any) -> Execution | None:
    """``None`` when the report lacks what a fill needs: an id, a whole quantity, a price."""
    price, shares = decimal_from_ib(ib_execution.price), decimal_from_ib(ib_execution.shares)
    if not ib_execution.execId or price is None or shares is None or shares != int(shares):
        return None
    contract = None
    if ib_contract.secType != "BAG":
        contract = contract_from_ib(ib_contract)
        if contract is None:
            return None
    stem, revision = split_exec_id(ib_execution.execId)
    sign = 1 if ib_execution.side.upper().startswith("B") else -1
    return Execution(
        stem, revision, ib_execution.orderRef, ib_execution.orderId, ib_execution.permId,
        ib_execution.clientId, contract, sign * int(shares), price,
    )  # fmt: skip


def split_exec_id(exec_id: str) -> tuple[str, int]:
    """``0000e0d5.67fe667b.01.02`` is revision 2 of ``0000e0d5.67fe667b.01``."""
    match = _EXEC_ID.fullmatch(exec_id)
    return (match[1], int(match[2])) if match else (exec_id, 0)


def price_from_ib(price: float, size: float) -> float | None:
    """A believable side of a quote: a finite price above zero with something behind it."""
    return price if 0.0 < price < _UNSET and 0.0 < size < _UNSET else None


def discard_reason(price: float) -> str:
    """What was wrong with a price that ``price_from_ib`` refused, for the counter."""
    if math.isnan(price):
        return "not_a_number"
    if abs(price) >= _UNSET:
        return "unset"
    return NO_PRICE
