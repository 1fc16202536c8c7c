"""placeOrder: from a hundred-odd fields to those the exchange understands or echoes."""

from dataclasses import dataclass
from decimal import Decimal

from sim.gateway.fields import FieldReader, MalformedRequest
from sim.gateway.wire_contract import WireContract, read_contract, read_legs

_SCALE_FIELDS = 7
_PEG_BENCH = ("PEG BENCH", "PEGBENCH")
_PEG_BEST = ("PEG BEST", "PEGBEST")
_PEG_MID = ("PEG MID", "PEGMID")
# Fields after the kind of an order condition: price, time, margin, execution, volume, percent
# change.
_CONDITION_FIELDS = {1: 6, 3: 3, 4: 3, 5: 4, 6: 5, 7: 5}


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """``limit`` and ``aux`` are None when unset; ``unsupported`` is what was asked in vain."""

    order_id: int
    contract: WireContract
    action: str
    quantity: Decimal
    order_type: str
    limit: Decimal | None
    aux: Decimal | None
    tif: str
    oca_group: str
    account: str
    open_close: str
    origin: int
    order_ref: str
    transmit: bool
    parent_id: int
    outside_rth: bool
    hidden: bool
    leg_prices: tuple[Decimal | None, ...] = ()
    routing: tuple[tuple[str, str], ...] = ()
    oca_type: int = 0
    all_or_none: bool = False
    good_till: str = ""
    model: str = ""
    clearing_intent: str = ""
    what_if: bool = False
    unsupported: tuple[str, ...] = ()


def read_order(fields: FieldReader, version: int) -> OrderRequest:
    """Raises MalformedRequest unless every field is where this version has it."""
    order_id, contract = fields.integer(), read_contract(fields)
    fields.skip(2)  # security id type and id
    action, quantity = fields.text(), fields.decimal()
    order_type, limit, aux = fields.text(), fields.decimal(), fields.decimal()
    tif, oca_group, account, open_close = (fields.text() for _ in range(4))
    origin, order_ref = fields.integer(), fields.text()
    transmit, parent_id = fields.flag(), fields.integer()
    fields.skip(4)  # block order, sweep to fill, display size, trigger method
    outside_rth, hidden = fields.flag(), fields.flag()
    contract = read_legs(contract, fields, order=True)
    leg_prices, routing = _combo_pricing(fields) if contract.is_bag else ((), ())
    fields.skip(3)  # shares allocation, discretionary amount, good after
    good_till = fields.text()
    fields.skip(4 if version < 177 else 3)  # financial advisor
    model = fields.text()
    fields.skip(3)  # short sale slot, location, exempt code
    oca_type = fields.integer()
    fields.skip(2)  # rule 80A, settling firm
    all_or_none = fields.flag()
    fields.skip(12)  # minimum quantity ... override percentage constraints
    unsupported = _volatility_and_scale(fields)
    fields.skip(2)  # opt out of smart routing, clearing account
    clearing_intent = fields.text()
    unsupported += _algorithm(fields)
    what_if = fields.flag()
    fields.skip(4)  # misc options, solicited, randomize size and price
    unsupported += _pegs_and_conditions(fields, order_type)
    _tail(fields, version, order_type, contract.exchange)
    return OrderRequest(
        order_id=order_id, contract=contract, action=action, quantity=quantity or Decimal(0),
        order_type=order_type, limit=limit, aux=aux, tif=tif, oca_group=oca_group, account=account,
        open_close=open_close, origin=origin, order_ref=order_ref, transmit=transmit,
        parent_id=parent_id, outside_rth=outside_rth, hidden=hidden, leg_prices=leg_prices,
        routing=routing, oca_type=oca_type, all_or_none=all_or_none, good_till=good_till,
        model=model, clearing_intent=clearing_intent, what_if=what_if, unsupported=unsupported,
    )  # fmt: skip


def _combo_pricing(
    fields: FieldReader,
) -> tuple[tuple[Decimal | None, ...], tuple[tuple[str, str], ...]]:
    prices = tuple(fields.decimal() for _ in range(fields.count()))
    routing = tuple((fields.text(), fields.text()) for _ in range(fields.count()))
    return prices, routing


def _volatility_and_scale(fields: FieldReader) -> tuple[str, ...]:
    fields.skip(2)  # volatility and its type
    found: tuple[str, ...] = ()
    delta_neutral = fields.text()
    fields.skip(1)
    if delta_neutral:
        fields.skip(8)
        found += ("delta neutral",)
    fields.skip(6)  # continuous update, reference price, trailing stop and percent, scale sizes
    increment = fields.real()
    if increment is not None and increment > 0:
        fields.skip(_SCALE_FIELDS)
        found += ("scale",)
    fields.skip(3)  # scale table, active from and until
    if fields.text():
        fields.skip(1)
        found += ("hedge",)
    return found


def _algorithm(fields: FieldReader) -> tuple[str, ...]:
    found: tuple[str, ...] = ()
    fields.skip(1)  # not held
    if fields.flag():
        fields.skip(3)
        found += ("delta neutral",)
    if fields.text():
        fields.skip(2 * fields.count())
        found += ("algo",)
    fields.skip(1)  # algo id
    return found


def _pegs_and_conditions(fields: FieldReader, order_type: str) -> tuple[str, ...]:
    if order_type in _PEG_BENCH:
        fields.skip(5)
    conditions = fields.count()
    for _ in range(conditions):
        kind = fields.integer()
        if kind not in _CONDITION_FIELDS:
            raise MalformedRequest(f"a condition of kind {kind}")
        fields.skip(_CONDITION_FIELDS[kind])
    if conditions:
        fields.skip(2)
    return ("conditions",) if conditions else ()


def _tail(fields: FieldReader, version: int, order_type: str, exchange: str) -> None:
    fields.skip(7)  # adjusted orders
    fields.skip(12)  # external operator ... use price management
    fields.skip(sum(version >= gate for gate in (158, 160, 162, 166, 169)))
    if version < 170:
        return
    if exchange == "IBKRATS":
        fields.skip(1)
    if order_type in _PEG_BEST:
        fields.skip(1)
        if fields.text() == "Infinite":
            fields.skip(2)
    elif order_type in _PEG_MID:
        fields.skip(2)
