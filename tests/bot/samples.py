"""One value of every kind that the shell carries about, for tests that only pass them on."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from domain.effects import (
    AskMargin,
    CancelOrder,
    Effect,
    ModifyLimit,
    PlaceOrder,
    RaiseAlert,
    RecordDecision,
    Severity,
    Verdict,
)
from domain.events import (
    AccountUpdated,
    ApprovalsVoided,
    BrokerLost,
    BrokerReady,
    ChainListed,
    ClockTicked,
    CommandAccepted,
    CommandRefused,
    CommissionReported,
    ConfigAccepted,
    ContractRefused,
    DailyClosesLoaded,
    Event,
    ForeignReported,
    FuturesListed,
    HaltRequested,
    HoursReported,
    KeyRingChanged,
    LimitModified,
    LimitRaised,
    MarginAnswered,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    OrderUncertain,
    PositionAdopted,
    PositionsReported,
    QuoteUpdated,
    ReduceRequested,
    ReferencesSeen,
    ResumeRequested,
    ShadowReported,
    WrittenOff,
)
from domain.instruments import SPX, VIX, Right, spxw_option, vix_option, vx_future
from domain.orders import DenialCode, Layer, Leg, Order, OrderIntent, Purpose, Walk
from domain.quotes import Quote
from domain.session import Session
from domain.shadows import ShadowDay

AT = datetime(2018, 1, 16, 15, 0, tzinfo=UTC)
EXPIRATION = date(2018, 3, 2)
SHORT_PUT = spxw_option(EXPIRATION, 2680.0, Right.PUT)
LONG_PUT = spxw_option(EXPIRATION, 2650.0, Right.PUT)
SHORT_CALL = spxw_option(EXPIRATION, 2870.0, Right.CALL)
LONG_CALL = spxw_option(EXPIRATION, 2900.0, Right.CALL)
CALL = vix_option(date(2018, 2, 13), 14.5)


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def condor_order(order_ref: str = "cb-condor-1", purpose: Purpose = Purpose.OPEN_CONDOR) -> Order:
    legs = (Leg(LONG_PUT, 1), Leg(SHORT_PUT, -1), Leg(SHORT_CALL, -1), Leg(LONG_CALL, 1))
    walk = Walk(Decimal("-2.80"), Decimal("0.05"), 60.0, 600.0)
    limit = Decimal("-3.20")
    intent = OrderIntent(
        purpose, Layer.CONDOR, legs, 2, limit, walk, "4.2.entry", "a test", inputs=(("vix", 11.0),)
    )
    return Order(order_ref, intent, AT, limit)


def quote_of(contract=SPX, at: datetime = AT, bid: float = 10.0) -> QuoteUpdated:
    return QuoteUpdated(at, contract, Quote(at, bid, bid + 1, 5.0, 6.0, bid + 0.5, 9.75))


EVENTS: tuple[Event, ...] = (
    ClockTicked(AT),
    quote_of(),
    QuoteUpdated(AT, VIX, Quote(AT, last=11.25, delayed=True, halted=True)),
    ChainListed(AT, "SPX", "SPXW", (EXPIRATION,), (2650.0, 2680.5)),
    FuturesListed(AT, (vx_future(date(2018, 2, 14)),)),
    DailyClosesLoaded(AT, "VIX", ((date(2018, 1, 12), 10.16),)),
    ContractRefused(AT, CALL, "no such series"),
    MarginAnswered(AT, "cb-condor-1", Decimal("9750.5"), None, reason="unset"),
    HoursReported(AT, (Session(EXPIRATION, AT, after(60)), Session(date(2018, 3, 3)))),
    AccountUpdated(AT, Decimal("1000000.00"), None, Decimal("0.1")),
    OrderSubmitted(AT, "cb-condor-1", 7),
    OrderAccepted(AT, "cb-condor-1", 123456789),
    OrderFilled(AT, "cb-condor-1", "0000.01", 2, SHORT_PUT, -2, Decimal("12.35")),
    CommissionReported(AT, "0000.01", Decimal("2.50")),
    OrderCanceled(AT, "cb-condor-1", "by the trader"),
    OrderRejected(AT, "cb-condor-1", 201, "margin"),
    OrderUncertain(AT, "cb-condor-1", "no answer"),
    LimitModified(AT, "cb-condor-1", Decimal("-3.15")),
    PositionsReported(AT, ((CALL, 3), (SHORT_PUT, -2))),
    ForeignReported(AT, ("someone (9)",), ("SPY",)),
    ReferencesSeen(AT, ("cb-condor-20180116-7",)),
    BrokerReady(AT),
    BrokerLost(AT, "reset"),
    HaltRequested(AT, "operator", "because"),
    ReduceRequested(AT, "operator", "because"),
    ResumeRequested(AT, "operator", "all is well"),
    CommandAccepted(AT, "00ff", after(60), "resume", "c0ffee", ("anna", "ben"), "looked at it"),
    CommandRefused(AT, "expired", "expired at noon", "mqtt", "c0ffee", 3),
    ApprovalsVoided(AT, "the clock jumped"),
    LimitRaised(AT, "condors_max", 8.0, after(60), "anna, ben"),
    PositionAdopted(AT, CALL, 2, "anna, ben"),
    WrittenOff(AT, "cb-condor-1", SHORT_PUT, 2, Decimal("3.05"), "anna, ben"),
    ConfigAccepted(AT, "c0ffee", (0.1, 0.02), "anna, ben"),
    KeyRingChanged(AT, "{}", "the first key ring"),
    ShadowReported(
        AT,
        "U",
        '{"start":"1000000"}',
        999_670.0,
        ShadowDay(EXPIRATION, 999_670.0, 1_000_250.5, 11.25),
    ),
    ShadowReported(AT, "Hd", "{}", None, ShadowDay(EXPIRATION, None, None, 11.25, "no price")),
)
EFFECTS: tuple[Effect, ...] = (
    AskMargin(condor_order()),
    PlaceOrder(condor_order()),
    ModifyLimit("cb-condor-1", Decimal("-3.15")),
    CancelOrder("cb-condor-1", "not filled in time"),
    RaiseAlert(AT, "stale_data", Severity.CRITICAL, "no prices"),
    RecordDecision(
        AT,
        Verdict.DENIED,
        "hedge.build",
        "4.5.cap",
        "over the cap",
        Purpose.BUY_HEDGE,
        Layer.HEDGE_SHORT,
        "cb-hedge-1",
        denial=DenialCode.HEDGE_SHARE_CAP,
        inputs=(("cap", 0.4), ("used", 0.38)),
    ),
)
