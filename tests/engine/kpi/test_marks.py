"""Sessions, campaigns, fills and breaches as they are recorded, and back from the record."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from bot.journal.desk_codec import decode_desk, encode_desk
from domain.desk import Desk, Regime
from domain.effects import RaiseAlert, RecordDecision, Severity, Verdict
from domain.events import CommissionReported
from domain.orders import Layer, Purpose
from domain.record import Campaign, DayMark, LayerMark, Quality, Record
from engine.fold import apply_effect, fold
from engine.kpi.board import kpis
from engine.kpi.campaigns import campaign_results, expectancy, price_improvement, steward
from engine.kpi.conduct import fill_quality, violations
from engine.kpi.marks import day_marks
from engine.policy import Policy
from tests.builders import (
    Market,
    condor,
    fills,
    ny,
    order,
    quoted,
    ready_desk,
    traded,
    with_calls,
    with_condor,
)

CLOSE = ny(2018, 1, 16, 16, 16)


def marked(desk: Desk) -> Desk:
    for decision in day_marks(desk, Policy()):
        desk = apply_effect(desk, decision)
    return desk


def at_close(desk: Desk, market: Market, days: int = 0) -> Desk:
    desk = replace(desk, now=CLOSE + timedelta(days=days))
    return quoted(desk, market, desk.book.positions())


def test_a_session_is_recorded_once_after_its_close() -> None:
    desk = with_calls(with_condor(ready_desk()))
    assert day_marks(desk, Policy()) == ()  # still open
    desk = marked(at_close(desk, Market()))
    (day,) = desk.record.days
    assert day.on == date(2018, 1, 16)
    assert day.regime == "low"
    assert day.units == 4
    assert day.at_risk == 4 * 100 * (30 - 7)
    assert day.condor_cash == 4 * 100 * 7
    assert day.hedge_traded == pytest.approx(2 * 100 * 0.70)
    assert day.net_liquidation == 1_000_000
    assert day.layers["L1"].result is not None
    assert list(day.extrinsic) == ["cb-hedge-20180116-2"]
    assert day_marks(desk, Policy()) == ()


def test_what_is_not_quoted_at_the_close_stays_unknown() -> None:
    desk = with_calls(with_condor(ready_desk()))
    desk = marked(replace(desk, now=CLOSE))
    (day,) = desk.record.days
    assert day.layers["L1"].result is None
    assert day.hedge_value is None
    assert day.vix is None
    assert day.extrinsic == {}


def test_decay_is_measured_between_two_closes_in_calendar_days() -> None:
    market = Market()
    desk = marked(at_close(with_calls(ready_desk()), market))
    first = desk.record.days[-1].extrinsic["cb-hedge-20180116-2"]
    desk = marked(at_close(desk, market, days=2))
    second = desk.record.days[-1].extrinsic["cb-hedge-20180116-2"]
    decay = desk.record.days[-1].layers["L2a"].decay
    assert decay == pytest.approx((first - second) / first / 2)
    assert decay is not None
    assert decay > 0
    assert desk.record.days[0].extrinsic == {}  # only the newest is needed


def test_a_campaign_keeps_its_fees_until_it_ends() -> None:
    desk = with_condor(ready_desk())
    ref = "cb-condor-20180116-1"
    for fill in tuple(desk.book.fills):
        desk = fold(desk, CommissionReported(desk.now, fill, Decimal("2.50")))
    desk = marked(at_close(desk, Market()))
    assert desk.record.campaigns[ref] == Campaign(ref, date(2018, 1, 16), 4, 10.0, 0.0)
    later = replace(desk, now=ny(2018, 1, 26, 15, 0))  # long after the entry's fills are forgotten
    closing = order(
        "cb-condor-20180126-1", Purpose.CLOSE_CONDOR, Layer.CONDOR, condor().closing, 4, "3.00",
        subject=ref, at=later.now,
    )  # fmt: skip
    later = traded(later, closing, ("4.00", "5.50", "3.00", "1.50"))
    for fill in fills(closing, ("0", "0", "0", "0"), later.now):
        later = fold(later, CommissionReported(later.now, fill.exec_id, Decimal("1.00")))
    later = marked(at_close(later, Market(), days=10))
    campaign = later.record.campaigns[ref]
    assert campaign.closed_on == date(2018, 1, 26)
    assert campaign.fees == 14.0
    assert campaign.result == 4 * 100 * (7.00 - 3.00)


def test_a_campaign_gets_its_share_of_the_hedge_of_the_days_it_was_open() -> None:
    # The hedge loses 100 a session, shared by 4 units, then by 8; A runs over both sessions.
    def day(i: int, units: int, calls: float) -> DayMark:
        layers = {"L2a": LayerMark(unrealized=calls)}
        return DayMark(date(2018, 1, 16) + timedelta(i), "low", units=units, layers=layers)

    days = (day(0, 4, 0.0), day(1, 8, -100.0), day(2, 0, -200.0), day(3, 0, -900.0))
    a = Campaign("a", days[0].on, 4, 20.0, 1600.0, days[2].on)
    b = Campaign("b", days[1].on, 4, 20.0, -900.0, days[2].on)
    running = Campaign("c", days[1].on, 4, 20.0, 0.0)
    record = Record(days, {"a": a, "b": b, "c": running})
    # a: 1600 - 20 + 4 x (-100/4 - 100/8) = 1430; b: -900 - 20 + 4 x (-100/8) = -970
    assert campaign_results(record) == pytest.approx([1430.0, -970.0])
    mean, t = expectancy(record)
    assert mean.value == pytest.approx(230.0)
    assert t.value == pytest.approx(230.0 / 1200.0)  # sd / sqrt 2 = |1430 + 970| / 2
    assert mean.low is not None
    assert mean.low >= -970
    assert not mean.supported


def test_a_campaign_older_than_the_record_is_left_out() -> None:
    days = (DayMark(date(2018, 1, 17), "low"),)
    early = Campaign("a", date(2018, 1, 16), 1, 0.0, 100.0, date(2018, 1, 17))
    figure, _ = expectancy(Record(days, {"a": early}))
    assert figure.value is None


def test_a_fill_is_compared_with_the_middle_of_its_package() -> None:
    desk = quoted(ready_desk(), Market(), condor().contracts)
    before = desk
    desk = with_condor(desk)  # 4 units for a credit of 7.00
    (decision,) = fill_quality(before, desk)
    mids = [desk.quotes[contract].mid or 0.0 for contract in condor().contracts]
    fair = mids[0] - mids[1] - mids[2] + mids[3]
    assert dict(decision.inputs)["saved"] == pytest.approx(400 * (fair + 7.00))
    assert dict(decision.inputs)["contracts"] == 16
    assert fill_quality(desk, desk) == []
    desk = apply_effect(desk, decision)
    assert desk.record.quality["L1"].orders == 1


def test_a_fill_without_quotes_counts_as_not_measured() -> None:
    before = ready_desk()
    desk = with_calls(before)
    (decision,) = fill_quality(before, desk)
    assert "saved" not in dict(decision.inputs)
    assert apply_effect(desk, decision).record.quality["L2a"] == Quality(unmeasured=1)


def test_price_improvement_is_per_contract_and_by_book() -> None:
    quality = {"L1": Quality(2, 32, 80.0, 1), "L2a": Quality(1, 2, -3.0), "L2c": Quality(1, 1, 0.0)}
    condors, hedge = price_improvement(Record(quality=quality))
    assert condors.value == 2.5
    assert hedge.value == -1.0
    assert price_improvement(Record())[0].value is None


def approval(desk: Desk, ref: str) -> RecordDecision:
    return RecordDecision(desk.now, Verdict.APPROVED, "t", "r", "x", order_ref=ref)


def test_net_buying_outside_calm_regimes_and_too_much_risk_are_breaches() -> None:
    desk = with_calls(ready_desk(regime=Regime.ELEVATED))
    (breach,) = violations(desk, [approval(desk, "cb-hedge-20180116-2")], Policy())
    assert breach.subject == "unscheduled_add"
    calm = with_calls(ready_desk())
    assert violations(calm, [approval(calm, "cb-hedge-20180116-2")], Policy()) == []


def test_an_entry_too_large_or_without_its_break_evens_is_a_breach() -> None:
    # 4 x 2,300 USD at risk fit into 1 % of a million, but not of 800,000
    fits, large = with_condor(ready_desk()), with_condor(ready_desk(nlv="800000"))
    ref = "cb-condor-20180116-1"

    def found(desk: Desk) -> list[str]:
        return [breach.subject for breach in violations(desk, [approval(desk, ref)], Policy())]

    assert found(fits) == ["break_even_skipped"]
    assert found(large) == ["break_even_skipped", "size_up"]
    looked = fits.orders[ref]
    intent = replace(looked.intent, inputs=(("be_low_5d", 2700.0),))
    assert found(replace(fits, orders={ref: replace(looked, intent=intent)})) == []


def test_every_alert_about_the_cap_counts_against_the_steward() -> None:
    desk = ready_desk()
    alert = RaiseAlert(desk.now, "hedge_above_cap", Severity.WARNING, "41 %")
    (breach,) = violations(desk, [alert], Policy())
    desk = apply_effect(desk, breach)
    assert desk.record.violations == {"over_cap": 1}
    assert steward(desk).value is None
    desk = replace(desk, tally=replace(desk.tally, sent=15, denied=5))
    assert steward(desk).value == pytest.approx(0.95)


def test_all_figures_are_there_on_an_empty_desk_and_none_pretends() -> None:
    figures = kpis(ready_desk(), Policy())
    names = [figure.name for figure in figures]
    assert len(names) == len(set(names))
    assert not any(figure.supported for figure in figures)


def test_the_record_survives_being_saved_with_the_desk() -> None:
    desk = marked(at_close(with_calls(with_condor(ready_desk())), Market()))
    quality, breaches = {"L1": Quality(2, 32, 80.0, 1)}, {"over_cap": 1}
    desk = replace(desk, record=replace(desk.record, quality=quality, violations=breaches))
    assert decode_desk(encode_desk(desk), ready_desk()).record == desk.record
