"""What the account holds: positions and the few values the desk decides on, as complete statements.

The broker tells both piece by piece. Nothing is reported before the first complete answer.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from bot.broker.translate import contract_from_ib, decimal_from_ib
from domain.events import AccountUpdated, PositionsReported
from domain.instruments import Contract, Kind

_CURRENCY = "USD"
_FIELD_OF_TAG = {
    "NetLiquidation": "net_liquidation",
    "TotalCashValue": "cash",
    "ExcessLiquidity": "excess_liquidity",
    "MaintMarginReq": "maintenance_margin",
    "InitMarginReq": "initial_margin",
}


class AccountState:
    """``account`` is the one traded on; what is said of others is ignored."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._held: dict[Contract, int] = {}
        self._values: dict[str, Decimal] = {}
        self._changed = False

    def expect_positions(self) -> None:
        """A complete list is about to come."""
        self._held = {}

    def position(self, account: str, ib_contract: Any, size: float) -> Contract | None:
        """Take note of one position; returns its contract when it is not an option, for the log."""
        contract = contract_from_ib(ib_contract)
        if account != self._account or contract is None:
            return None
        if size == 0:
            self._held.pop(contract, None)
        else:
            self._held[contract] = round(size)
        return contract if contract.kind is not Kind.OPTION and size else None

    def held(self, contract: Contract) -> int:
        return self._held.get(contract, 0)

    @property
    def foreign(self) -> tuple[str, ...]:
        """Holdings of kinds that are never traded here, named."""
        others = ((c, n) for c, n in self._held.items() if c.kind is not Kind.OPTION)
        return tuple(f"position {count:+d} {contract.label}" for contract, count in others)

    def positions(self, at: datetime) -> PositionsReported:
        """Options only, in the order in which the broker told them."""
        options = ((c, n) for c, n in self._held.items() if c.kind is Kind.OPTION)
        return PositionsReported(at, tuple(options))

    def value(self, tag: str, text: str, currency: str, account: str) -> None:
        field = _FIELD_OF_TAG.get(tag)
        number = decimal_from_ib(text)
        if field is None or currency != _CURRENCY or account != self._account or number is None:
            return
        if self._values.get(field) != number:
            self._values[field] = number
            self._changed = True

    def take_news(self, at: datetime) -> AccountUpdated | None:
        """All values known, if one of them has changed since the last call."""
        if not self._changed:
            return None
        self._changed = False
        return AccountUpdated(at, **self._values)
