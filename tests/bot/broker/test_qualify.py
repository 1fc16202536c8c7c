"""Contract ids, asked series by series and remembered."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from ib_async import Contract as IbContract
from ib_async import ContractDetails

from bot.broker.link import RequestRefused
from bot.broker.qualify import Directory
from bot.broker.translate import Fields, contract_fields
from domain.instruments import SPX, Contract, Right, spxw_option
from tests.bot.broker.builders import EXPIRY, LONG_CALL, LONG_PUT, SHORT_PUT

TODAY = date(2018, 2, 5)
UNLISTED = spxw_option(EXPIRY, 2601.5, Right.PUT)


@dataclass
class Listed:
    """A broker that lists these contracts, and notes what it was asked."""

    contracts: dict[Contract, int]
    code: int = 200
    asked: list[Fields] = field(default_factory=list)

    async def contract_details(self, fields: Fields) -> Sequence[object]:
        self.asked.append(fields)
        found = [
            ContractDetails(contract=IbContract(**spelled))
            for contract, con_id in self.contracts.items()
            if fields.items()
            <= (spelled := contract_fields(contract, con_id)).items() | {("conId", 0)}
        ]
        if not found:
            raise RequestRefused(self.code, "No security definition has been found for the request")
        return found


async def test_one_question_brings_a_whole_series() -> None:
    broker = Listed({LONG_PUT: 1, SHORT_PUT: 2, LONG_CALL: 3})
    directory = Directory()
    assert await directory.resolve(broker, [LONG_PUT, SHORT_PUT], TODAY) == []
    assert len(broker.asked) == 1
    assert directory.ids == {LONG_PUT: 1, SHORT_PUT: 2, LONG_CALL: 3}
    assert directory.unresolved([LONG_PUT, LONG_CALL, SPX], TODAY) == [SPX]


async def test_what_is_missing_in_its_series_is_refused_for_the_day() -> None:
    directory = Directory()
    refused = await directory.resolve(Listed({LONG_PUT: 1}), [LONG_PUT, UNLISTED], TODAY)
    assert [contract for contract, _ in refused] == [UNLISTED]
    assert directory.unresolved([UNLISTED], TODAY) == []
    assert not directory.usable(UNLISTED, TODAY)
    assert directory.unresolved([UNLISTED], TODAY + timedelta(days=1)) == [UNLISTED]


async def test_an_unknown_series_refuses_all_that_was_wanted_of_it() -> None:
    directory = Directory()
    refused = await directory.resolve(Listed({}), [LONG_PUT, SHORT_PUT], TODAY)
    assert {contract for contract, _ in refused} == {LONG_PUT, SHORT_PUT}


async def test_a_refusal_that_is_not_about_the_contract_condemns_nothing() -> None:
    directory = Directory()
    with pytest.raises(RequestRefused):
        await directory.resolve(Listed({}, code=321), [LONG_PUT], TODAY)
    assert directory.unresolved([LONG_PUT], TODAY) == [LONG_PUT]


def test_expired_series_are_forgotten_and_the_last_day_is_not_yet_past() -> None:
    directory = Directory()
    directory.remember(LONG_PUT, 1)
    directory.remember(SPX, 9)
    directory.forget_expired(EXPIRY)
    assert LONG_PUT in directory.ids
    directory.forget_expired(EXPIRY + timedelta(days=1))
    assert directory.ids == {SPX: 9}
