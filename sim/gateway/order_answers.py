"""What a gateway says about orders: openOrder, orderStatus, execDetails, commissions,
completedOrder.

The long messages follow captures of a real gateway, including its literal ``None`` and ``?``
fields.
"""

from decimal import Decimal

from sim.gateway.answers import stamp
from sim.gateway.fields import UNSET_DOUBLE, double, flag, plain
from sim.gateway.framing import message
from sim.gateway.order import Fill, Order, Preview, Status
from sim.gateway.wire_contract import WireContract, bag_block, leg_fields

_UNSET_SIZE = "2147483647"
_NO_MARGINS = (UNSET_DOUBLE,) * 9
_NO_COMMISSION = ("", "", "", "")


def order_status(order: Order) -> bytes:
    waiting = "child" if order.request.parent_id and order.status is Status.PRE_SUBMITTED else ""
    return message(
        3, order.order_id, order.status, order.filled, order.remaining, plain(order.average),
        order.perm_id, order.request.parent_id, plain(order.last_price), order.client_id,
        waiting, 0,
    )  # fmt: skip


def open_order(
    version: int,
    order: Order,
    account: str,
    *,
    status: Status | None = None,
    preview: Preview | None = None,
    final_commission: bool = False,
) -> bytes:
    """``status`` overrides the order's own; a preview makes it the answer to a what-if."""
    request = order.request
    return message(
        5, order.order_id, *_contract(order.contract, strike="0", no_right="?"),
        *_terms(order, account), request.order_ref, order.client_id, order.perm_id,
        flag(request.outside_rth), flag(request.hidden), 0, "",
        f"{order.perm_id}.0/{account}/{order.quantity}", "", "", "",
        *(("",) if version < 177 else ()),
        request.model, request.good_till, "", "", "", 0, "", -1, 0, "", "", "", "", "",
        _UNSET_SIZE, 0, 0, flag(request.all_or_none), "", request.oca_type or 3, 0, 0, "",
        request.parent_id, 0, "", 0, "None", "", 0, "", "", "", "?", 0, 0, "",
        0, 0, "", "", "", "", *_legs(order), _UNSET_SIZE, _UNSET_SIZE, "", "",
        0, "", request.clearing_intent or "IB", 0, 0, "", 0, flag(preview is not None),
        status or order.status, *_margins(order, preview, final=final_commission), "",
        0, 0, 0, "None", *(UNSET_DOUBLE,) * 6, 0, "", "", "", 0, 1, 0, 0, 0,
        *(("",) if version >= 158 else ()), *(("",) if version >= 160 else ()),
        *(("0",) if version >= 162 else ()), *(("",) * 5 if version >= 170 else ()),
    )  # fmt: skip


def completed_order(version: int, order: Order, account: str) -> bytes:
    request = order.request
    return message(
        101, *_contract(order.contract, strike="0", no_right="?"), *_terms(order, account),
        request.order_ref, order.perm_id, flag(request.outside_rth), flag(request.hidden), 0, "",
        "", "", "", *(("",) if version < 177 else ()),
        request.model, request.good_till, "", "", "", 0, "", -1, "", "", "", "", "",
        _UNSET_SIZE, 0, flag(request.all_or_none), "", request.oca_type or 3, 0, "", 0,
        "None", "", 0, 0, 0, "", 0, 0, "", "", *_legs(order), _UNSET_SIZE, _UNSET_SIZE, "", "",
        "", request.clearing_intent or "IB", 0, 0, "", 0, order.status, 0, 0, 0,
        UNSET_DOUBLE, UNSET_DOUBLE, 0, 1, 0, "", order.filled, 0, 0, "", 0, 0,
        "9223372036854775807", stamp(order.done_at) if order.done_at else "", order.done_text,
        *(("",) * 5 if version >= 170 else ()),
    )  # fmt: skip


def completed_orders_end() -> bytes:
    return message(102)


def open_order_end() -> bytes:
    return message(53, 1)


def exec_details(version: int, req_id: int, order: Order, fill: Fill, account: str) -> bytes:
    """``req_id`` -1 is a live report."""
    return message(
        11, req_id, order.order_id, *_contract(fill.contract, strike="0.0", no_right=""),
        fill.exec_id, stamp(fill.at), account, fill.contract.exchange, fill.side, fill.quantity,
        plain(fill.price), order.perm_id, order.client_id, 0, fill.cumulative, plain(fill.average),
        order.request.order_ref, "", "", order.request.model, 2,
        *(("0",) if version >= 178 else ()),
    )  # fmt: skip


def exec_details_end(req_id: int) -> bytes:
    return message(55, 1, req_id)


def commission_report(fill: Fill) -> bytes:
    """Only a fill that closed something has a realized gain."""
    assert fill.commission is not None, "a combo's summary has no commission"
    return message(
        59, 1, fill.exec_id, double(fill.commission), "USD", double(fill.realized), UNSET_DOUBLE, ""
    )


def _contract(contract: WireContract, *, strike: str, no_right: str) -> list[str]:
    if contract.is_bag:
        return bag_block(contract, strike=strike, no_right=no_right)
    return [
        str(contract.con_id), contract.symbol, contract.sec_type, contract.last_trade,
        repr(contract.strike) if contract.strike else strike, contract.right or no_right,
        contract.multiplier, contract.exchange, contract.currency, contract.local_symbol,
        contract.trading_class,
    ]  # fmt: skip


def _terms(order: Order, account: str) -> list[str]:
    """The fields both long messages begin with after the contract."""
    request = order.request
    limit, aux = request.limit or Decimal(0), request.aux or Decimal(0)
    return [
        request.action, plain(request.quantity), request.order_type, double(limit), double(aux),
        request.tif, request.oca_group, account, request.open_close, str(request.origin),
    ]  # fmt: skip


def _legs(order: Order) -> list[str]:
    """Description, legs, leg prices and routing parameters."""
    request = order.request
    legs = request.contract.legs
    described = ",".join(f"{leg.con_id}|{leg.signed_ratio}" for leg in legs)
    fields = [described, str(len(legs))]
    for leg in legs:
        fields += leg_fields(leg)
    fields.append(str(len(request.leg_prices)))
    fields += [plain(price) for price in request.leg_prices]
    fields.append(str(len(request.routing)))
    for tag, value in request.routing:
        fields += [tag, value]
    return fields


def _margins(order: Order, preview: Preview | None, *, final: bool) -> list[str]:
    """Nine margins, then commission, its bounds and its currency."""
    if preview is None:
        known = (double(order.commission), "", "", "USD") if final else _NO_COMMISSION
        return [*_NO_MARGINS, *known]
    triples = (preview.initial, preview.maintenance, preview.equity)
    margins = [double(triple[part]) for part in range(3) for triple in triples]
    return [*margins, double(preview.commission), "", "", "USD"]
