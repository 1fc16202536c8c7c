"""What the desk was told, beside what the gateway did."""

from collections import Counter

from domain.events import OrderFilled


def received(wire):
    """How many orders of each reference have reached the gateway, ever."""
    orders = wire.server.gateway.orders
    return Counter(o.request.order_ref for o in (*orders.finished, *orders.live.values()))


def legs_filled(wire):
    """Latest revision of every execution the desk was told, added up by contract."""
    latest = {}
    for event in wire.of(OrderFilled):
        known = latest.get(event.exec_id)
        if known is None or event.revision > known.revision:
            latest[event.exec_id] = event
    filled = Counter()
    for event in latest.values():
        filled[event.contract] += event.quantity
    return {contract: quantity for contract, quantity in filled.items() if quantity}


def held(wire):
    """The gateway's positions."""
    positions = wire.server.gateway.account.positions.values()
    return {p.listing.contract: p.quantity for p in positions if p.quantity}


def told(wire, *kinds):
    """How many events there were of each kind, by name."""
    return {kind.__name__: len(wire.of(kind)) for kind in kinds if wire.of(kind)}
