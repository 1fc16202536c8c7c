"""One message of the gateway or of a client, with the order it is about."""

from dataclasses import dataclass, replace
from functools import cached_property

from sim.gateway.framing import message
from sim.gateway.order import Order, Status
from sim.gateway.order_answers import order_status
from sim.gateway.order_request import OrderRequest
from sim.gateway.request_fields import decode
from sim.gateway.session import Session

TICK_PRICE, TICK_SIZE, ORDER_STATUS, ERROR, OPEN_ORDER, EXECUTION = 1, 2, 3, 4, 5, 11
COMPUTATION, TICK_GENERIC, TICK_STRING, DATA_TYPE, COMMISSION = 21, 45, 46, 58, 59
TICKS = frozenset({TICK_PRICE, TICK_SIZE, COMPUTATION, TICK_GENERIC, TICK_STRING, DATA_TYPE})
ORDER_TALK = frozenset({ORDER_STATUS, OPEN_ORDER, EXECUTION, COMMISSION})
MARKET_DATA, CANCEL_DATA, PLACE, CANCEL, HISTORY = 1, 2, 3, 4, 20


@dataclass(frozen=True)
class Said:
    """A message on its way to a client."""

    session: Session
    body: bytes

    @cached_property
    def fields(self) -> list[str]:
        return self.body[:-1].decode(errors="replace").split("\0")

    @cached_property
    def kind(self) -> int:
        """The message id; -1 for the answer to a greeting, which has none."""
        head = self.fields[0]
        handshake = len(self.fields) == 2 and head == str(self.session.version)
        return -1 if handshake or not head.isdigit() else int(head)

    @cached_property
    def order(self) -> Order | None:
        """The order it speaks of, if that is one of today's."""
        orders = self.session.gateway.orders
        if self.kind == COMMISSION:
            exec_id = self.fields[2]
            pairs = (order for order, fill in orders.executions() if fill.exec_id == exec_id)
            return next(pairs, None)
        place = {ORDER_STATUS: 1, OPEN_ORDER: 1, EXECUTION: 2, ERROR: 2}.get(self.kind)
        if place is None:
            return None
        return orders.known(self.session.client_id, int(self.fields[place]))

    @property
    def ref(self) -> str | None:
        return self.order.request.order_ref if self.order is not None else None

    @property
    def req_id(self) -> int:
        """Of a tick."""
        return int(self.fields[1 if self.kind == COMPUTATION else 2])

    def with_field(self, place: int, text: str) -> bytes:
        """The message with one field replaced; unchanged if it has no such field."""
        changed = list(self.fields)
        if place < len(changed):
            changed[place] = text
        return message(*changed)


@dataclass(frozen=True)
class Asked:
    """A request of a client."""

    session: Session
    body: bytes
    fields: list[str]

    @cached_property
    def kind(self) -> int:
        return int(self.fields[0]) if self.fields[0].isdigit() else -1

    @cached_property
    def request(self) -> OrderRequest | None:
        """What it wants placed or changed; None for anything else and for what-ifs."""
        if self.kind != PLACE:
            return None
        found = decode(self.fields, self.session.version)
        return found if isinstance(found, OrderRequest) and not found.what_if else None

    @cached_property
    def what_if(self) -> bool:
        """Whether it only asks what an order would do."""
        if self.kind != PLACE:
            return False
        found = decode(self.fields, self.session.version)
        return isinstance(found, OrderRequest) and found.what_if

    @property
    def order_id(self) -> int:
        return int(self.fields[2]) if self.kind == CANCEL else int(self.fields[1])

    @cached_property
    def order(self) -> Order | None:
        """The order to be changed or canceled, if the gateway has it."""
        if self.kind not in (PLACE, CANCEL):
            return None
        return self.session.gateway.orders.known(self.session.client_id, self.order_id)

    @property
    def ref(self) -> str | None:
        if self.request is not None:
            return self.request.order_ref
        return self.order.request.order_ref if self.order is not None else None

    def serve(self) -> None:
        """As if there were no faults on the way in."""
        self.session.serve(self.body)

    def refuse(self, code: int, text: str) -> None:
        self.session.error(self.order_id, code, text)


def status_message(order: Order, status: Status) -> bytes:
    """What would be said of ``order`` if it had that status."""
    return order_status(replace(order, status=status))
