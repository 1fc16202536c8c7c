"""What answers about the past mean."""

from datetime import UTC, date, datetime
from math import inf, nan

import pytest
from ib_async import BarData

from bot.broker.history_fetch import Refusal, bars_from_ib, refusal


@pytest.mark.parametrize(
    ("code", "text", "why"),
    [
        (200, "No security definition has been found for the request", Refusal.UNKNOWN),
        (162, "error message:Historical data request pacing violation", Refusal.PACING),
        (420, "Invalid Real-time Query:Historical data request pacing", Refusal.PACING),
        (162, "error message:No market data permissions for CBOE IND", Refusal.NO_PERMISSION),
        (162, "error message:HMDS query returned no data: SPX@CBOE Trades", Refusal.NO_DATA),
        (162, "error message:API historical data query cancelled: 7", Refusal.CANCELED),
        (354, "Requested market data is not subscribed", Refusal.NO_PERMISSION),
        (162, "error message:something new", Refusal.OTHER),
        (321, "Error validating request", Refusal.OTHER),
    ],
)
def test_a_refusal_is_told_by_its_words(code: int, text: str, why: Refusal) -> None:
    assert refusal(code, text) is why


def bar(day: str, close: float = 10.0, **changes: float) -> BarData:
    prices = {"open": 10.0, "high": 11.0, "low": 9.0, "close": close, "volume": -1.0, **changes}
    return BarData(date=day, **prices)


def test_days_and_moments_are_read_and_put_in_order() -> None:
    epoch = datetime(2018, 2, 5, 14, 30, tzinfo=UTC)
    found = bars_from_ib([bar(str(int(epoch.timestamp())), volume=7.0), bar("20180202")])
    assert [each.on for each in found] == [date(2018, 2, 2), date(2018, 2, 5)]
    assert found[1].start == epoch
    assert [each.volume for each in found] == [None, 7.0]


@pytest.mark.parametrize(
    "row",
    [
        bar("20180205", nan), bar("20180205", -1.0), bar("20180205", 0.0), bar("20180205", inf),
        bar("20180205", 1.7976931348623157e308), bar("20180231"), bar(""), bar("yesterday"),
        bar("20180205", low=12.0), bar("9" * 30),
    ],
)  # fmt: skip
def test_what_cannot_be_a_bar_is_left_out(row: BarData) -> None:
    assert [each.on for each in bars_from_ib([row, bar("20180202")])] == [date(2018, 2, 2)]
