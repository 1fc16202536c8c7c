"""Contract ids: which contracts the broker lists, asked once a day and series by series.

One question brings every strike of an expiration, so that moving along a chain costs nothing. A
contract the broker does not list is refused for the rest of the New York day.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Protocol

from bot.broker.link import RequestRefused
from bot.broker.translate import Fields, contract_fields, contract_from_ib, series_fields
from domain.instruments import Contract, Kind

NO_DEFINITION = 200


class DetailsSource(Protocol):
    async def contract_details(self, fields: Fields) -> Sequence[object]:
        """Raises RequestRefused."""


class Directory:
    """What is known of contract ids. ``ids`` is the live mapping; it only grows."""

    def __init__(self) -> None:
        self.ids: dict[Contract, int] = {}
        self._refused: dict[Contract, date] = {}

    def remember(self, contract: Contract, con_id: int) -> None:
        if con_id > 0:
            self.ids[contract] = con_id

    def forget_expired(self, today: date) -> None:
        """Drop what stopped trading before ``today``."""
        for contract in list(self.ids):
            if contract.expiration is not None and contract.expiration < today:
                del self.ids[contract]

    def refuse(self, contract: Contract, today: date) -> None:
        self._refused[contract] = today

    def usable(self, contract: Contract, today: date) -> bool:
        return contract in self.ids and self._refused.get(contract) != today

    def unresolved(self, contracts: Sequence[Contract], today: date) -> list[Contract]:
        """Those of ``contracts`` that must be asked for: neither known nor refused today."""
        return [
            contract
            for contract in contracts
            if contract not in self.ids and self._refused.get(contract) != today
        ]

    async def resolve(
        self, source: DetailsSource, contracts: Sequence[Contract], today: date
    ) -> list[tuple[Contract, str]]:
        """Learn the ids of ``contracts``; returns those the broker refuses, with its reason.

        Raises RequestRefused for refusals that are not about the contract, RequestLate, LinkLost.
        """
        refused: list[tuple[Contract, str]] = []
        for query, wanted in _queries(contracts):
            reason = "not listed by the broker"
            try:
                for details in await source.contract_details(query):
                    self._learn(details)
            except RequestRefused as error:
                if error.code != NO_DEFINITION:
                    raise
                reason = error.text
            for contract in wanted:
                if contract not in self.ids:
                    self.refuse(contract, today)
                    refused.append((contract, reason))
        return refused

    def _learn(self, details: object) -> None:
        ib_contract = getattr(details, "contract", None)
        contract = contract_from_ib(ib_contract)
        if contract is not None and ib_contract is not None:
            self.remember(contract, int(ib_contract.conId))


def _queries(contracts: Sequence[Contract]) -> Iterator[tuple[Fields, list[Contract]]]:
    """One query for each series of options, one for every other contract."""
    groups: dict[object, list[Contract]] = {}
    for contract in contracts:
        key: object = contract
        if contract.kind is Kind.OPTION:
            key = (contract.symbol, contract.trading_class, contract.expiration)
        groups.setdefault(key, []).append(contract)
    for members in groups.values():
        first = members[0]
        series = first.kind is Kind.OPTION
        yield (series_fields(first) if series else contract_fields(first)), members
