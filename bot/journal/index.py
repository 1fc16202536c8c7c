"""Tables beside the records: orders, sends, executions, operator acts and counts by day.

Everything in them follows from the records and is written in the same transaction. Their keys
refuse what must never happen twice: an order reference recorded or sent a second time.
"""

import hashlib

import apsw

from bot.journal import codec
from domain.effects import CancelOrder, Effect, ModifyLimit, PlaceOrder, RecordDecision, Verdict
from domain.events import (
    Event,
    HaltRequested,
    OrderFilled,
    OrderSubmitted,
    ReduceRequested,
    ResumeRequested,
)
from domain.session import new_york

_COUNT = (
    "INSERT INTO counter VALUES (?, ?, 1) ON CONFLICT (day, name) DO UPDATE SET value = value + 1"
)


def index_event(db: apsw.Connection, place: tuple[int, int], event: Event) -> None:
    """``place`` is batch and position. Raises apsw.ConstraintError for a second send."""
    match event:
        case OrderSubmitted(at, order_ref, order_id):
            row = (order_ref, order_id, codec.micros(at))
            db.execute("INSERT INTO send VALUES (?, ?, ?)", row)
        case OrderFilled(at, order_ref, exec_id, revision, contract, quantity, price):
            db.execute(  # a broker repeats executions after a reconnect
                "INSERT OR IGNORE INTO fill VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    exec_id, revision, order_ref, codec.micros(at), contract.label, quantity,
                    str(price),
                ),
            )  # fmt: skip
            if db.changes():
                count(db, codec.micros(at), "executions")
        case _:
            index_act(db, place, event)


def index_act(db: apsw.Connection, place: tuple[int, int], event: Event) -> None:
    """What an operator, or the daemon in the operator's place, decided about trading."""
    match event:
        case (
            HaltRequested(at, who, why)
            | ReduceRequested(at, who, why)
            | ResumeRequested(at, who, why)
        ):
            row = (*place, codec.micros(at), type(event).__name__, who, why)
            db.execute("INSERT INTO act VALUES (?, ?, ?, ?, ?, ?)", row)
            count(db, codec.micros(at), "acts")
        case _:
            pass


def index_effect(db: apsw.Connection, batch: int, at: int, effect: Effect, body: bytes) -> None:
    """``body`` is the order as recorded. Raises apsw.ConstraintError for a second record of it."""
    if isinstance(effect, PlaceOrder):
        row = (effect.order.order_ref, batch, hashlib.sha256(body).digest())
        db.execute("INSERT INTO intent VALUES (?, ?, ?)", row)
    count_effect(db, at, effect)


def count_effect(db: apsw.Connection, at: int, effect: Effect) -> None:
    match effect:
        case PlaceOrder():
            count(db, at, "orders")
        case ModifyLimit():
            count(db, at, "changes")
        case CancelOrder():
            count(db, at, "cancels")
        case RecordDecision(verdict=Verdict.DENIED):
            count(db, at, "denials")
        case _:
            pass


def count(db: apsw.Connection, at: int, name: str) -> None:
    """One more of ``name`` on the New York day of ``at``, in microseconds since 1970."""
    db.execute(_COUNT, (new_york(codec.from_micros(at)).date().isoformat(), name))


def index_troubles(db: apsw.Connection) -> list[str]:
    """Where the tables do not follow from the records. Reads all orders, sends and executions."""
    found: list[str] = []
    recorded = {"send": 0, "act": 0, "intent": 0}
    fills: set[tuple[str, int]] = set()
    digests: dict[str, bytes] = dict(db.execute("SELECT order_ref, digest FROM intent"))
    for kind, body in db.execute(
        "SELECT kind, body FROM record WHERE kind IN ('PlaceOrder', 'OrderSubmitted', "
        "'OrderFilled', 'HaltRequested', 'ReduceRequested', 'ResumeRequested')"
    ):
        match codec.decode(kind, body):
            case PlaceOrder(order):
                recorded["intent"] += 1
                if digests.get(order.order_ref) != hashlib.sha256(body).digest():
                    found.append(f"{order.order_ref} is not indexed as it was recorded")
            case OrderSubmitted(order_ref=ref):
                recorded["send"] += 1
                if ref not in digests:
                    found.append(f"{ref} was sent without a recorded intent")
            case OrderFilled(exec_id=exec_id, revision=revision):
                fills.add((exec_id, revision))
            case _:
                recorded["act"] += 1
    expected = {**recorded, "fill": len(fills)}
    found += [
        f"{rows} rows of {table}, {expected[table]} in the records"
        for table, rows in _sizes(db)
        if rows != expected[table]
    ]
    return found


def _sizes(db: apsw.Connection) -> list[tuple[str, int]]:
    rows = db.execute(
        "SELECT 'intent', count(*) FROM intent UNION ALL SELECT 'send', count(*) FROM send "
        "UNION ALL SELECT 'fill', count(*) FROM fill UNION ALL SELECT 'act', count(*) FROM act"
    )
    return [(str(table), int(size)) for table, size in rows]
