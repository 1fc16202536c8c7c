"""Orders and instants for the broker's tests."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from domain.instruments import Right, spxw_option, vix_option
from domain.orders import Layer, Leg, Order, OrderIntent, OrderStatus, Purpose, Walk

NOON = datetime(2018, 2, 5, 17, 0, tzinfo=UTC)
EXPIRY = date(2018, 3, 21)
LONG_PUT = spxw_option(EXPIRY, 2500, Right.PUT)
SHORT_PUT = spxw_option(EXPIRY, 2525, Right.PUT)
SHORT_CALL = spxw_option(EXPIRY, 2900, Right.CALL)
LONG_CALL = spxw_option(EXPIRY, 2925, Right.CALL)
HEDGE = vix_option(date(2018, 3, 20), 20)
CONDOR = (Leg(LONG_PUT, 1), Leg(SHORT_PUT, -1), Leg(SHORT_CALL, -1), Leg(LONG_CALL, 1))
CON_IDS = {LONG_PUT: 101, SHORT_PUT: 102, SHORT_CALL: 103, LONG_CALL: 104, HEDGE: 200}


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def an_order(
    ref: str = "condor-20180205-1",
    legs: tuple[Leg, ...] = CONDOR,
    quantity: int = 1,
    limit: str = "-3.20",
    status: OrderStatus = OrderStatus.PENDING_SEND,
    created_at: datetime = NOON,
) -> Order:
    price = Decimal(limit)
    intent = OrderIntent(
        Purpose.OPEN_CONDOR,
        Layer.CONDOR,
        legs,
        quantity,
        price,
        Walk(price + 1, Decimal("0.05"), 60.0, 600.0),
        "4.2",
        "a test wants it",
    )
    return Order(ref, intent, created_at, price, status)
