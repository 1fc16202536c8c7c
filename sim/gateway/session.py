"""One client's connection, from its first byte to its last, without I/O.

How it fits together. A session is a machine: bytes of a client go in through ``receive``, bytes for
it come out of ``output``, and ``closed`` says that the connection should end once they are written.
It never waits, reads no clock and owns no socket, so the same object serves a TCP connection, an
in-memory transport and a test that feeds it one byte at a time. Nothing a client sends can raise
out of it.

A connection passes through three phases. GREETING: the prefix and a range of versions are awaited;
the highest version both sides speak is the answer, and until startApi nothing else may be said,
because some clients throw away whatever arrives together with it. STARTING: only startApi is
served. A client id that is connected already is refused (326) and the connection closed: the same
orders must never have two owners. Else come the accounts, the next valid order id, and the state of
the farms. READY: everything.

What is shared and what is not. The market, the account, the orders of all clients and their
executions belong to the ``Gateway`` and outlive every connection. A session keeps only what dies
with it: subscriptions, and what was last said on each of them. Four desks hold these, one per
subject: reference data, quotes, history, account, and orders. A desk lists the requests it serves;
the session finds the desk for a request and nothing more.

After each step of the market the gateway calls ``step`` on every session, and the desks say what
has changed since they last spoke. Everything said between two calls of ``output`` leaves in one
write.

Errors follow the protocol: what is not the protocol at all ends the connection (its bytes cannot be
understood any more); a frame that is well-formed but unknown or misshapen is answered with 320 or
505 and the connection lives; a request that makes no sense is answered with the code the real
gateway uses.

Faults. ``Gateway.hooks`` sees each request before it is served and each message body before it is
framed, and may swallow, change, repeat or reorder them. ``Gateway.outgoing`` may hold one more
filter of the latter kind.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from sim.gateway import answers
from sim.gateway.account_desk import AccountDesk
from sim.gateway.fields import MalformedRequest
from sim.gateway.framing import BadStream, FrameReader, frame, parse_hello, split_fields
from sim.gateway.history_desk import HistoryDesk
from sim.gateway.order_desk import OrderDesk
from sim.gateway.quote_desk import QuoteDesk
from sim.gateway.reference_desk import ReferenceDesk
from sim.gateway.request_fields import UnknownRequest, decode
from sim.gateway.requests import Plain, Request, StartApi
from sim.gateway.settings import VERSION_MIN

if TYPE_CHECKING:
    from sim.gateway.gateway import Gateway

_FARMS = (
    (2104, "Market data farm connection is OK:usfarm"),
    (2104, "Market data farm connection is OK:usopt"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefil"),
)
_NO_CLIENT = -1


class _Phase(Enum):
    GREETING = auto()
    STARTING = auto()
    READY = auto()
    CLOSED = auto()


class Session:
    """See the module."""

    def __init__(self, gateway: "Gateway") -> None:
        self.gateway = gateway
        self.client_id = _NO_CLIENT
        self.version = 0
        self._phase = _Phase.GREETING
        self._reader = FrameReader(limit=gateway.settings.frame_bytes_max)
        self._out: list[bytes] = []
        self._allowance = float(gateway.settings.messages_per_s_max)
        self._allowed_at = gateway.now().timestamp()
        self._strikes = 0
        self.orders = OrderDesk(self)
        self.quotes = QuoteDesk(self)
        self.history = HistoryDesk(self)
        self.account = AccountDesk(self)
        desks = (ReferenceDesk(self), self.quotes, self.history, self.account, self.orders)
        self._by_type: dict[type, Callable[[Any], None]] = {}
        self._by_name: dict[str, Callable[[int], None]] = {}
        for desk in desks:
            self._by_type |= desk.requests()
            self._by_name |= desk.plain_requests()

    @property
    def ready(self) -> bool:
        return self._phase is _Phase.READY

    @property
    def closed(self) -> bool:
        """Write what ``output`` still gives, then end the connection."""
        return self._phase is _Phase.CLOSED

    def receive(self, data: bytes) -> None:
        """Everything complete in ``data`` is served at once; the rest waits for more."""
        if self.closed:
            return
        try:
            for body in self._reader.feed(data):
                self._serve(body)
                if self.closed:
                    return
        except BadStream:
            self._close()

    def output(self) -> bytes:
        """What there is to write since the last call."""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def disconnected(self) -> None:
        """The client is gone; its orders stay."""
        self._close()

    def step(self) -> None:
        """The market has moved."""
        if self.ready:
            self.quotes.step()
            self.history.step()
            self.account.step()

    def send(self, body: bytes) -> None:
        hooks, outgoing = self.gateway.hooks, self.gateway.outgoing
        bodies = (body,) if hooks is None else hooks.from_gateway(self, body)
        if outgoing is not None:
            bodies = [part for one in bodies for part in outgoing(self.client_id, one)]
        self._out += [frame(part) for part in bodies]

    def put(self, data: bytes) -> None:
        """Bytes for the client as they are, past all faults."""
        if not self.closed:
            self._out.append(data)

    def tell(self, req_id: int, code: int, text: str) -> None:
        """An error message past all faults."""
        self.put(frame(answers.error(self.version, req_id, code, text)))

    def serve(self, body: bytes) -> None:
        """A request that a fault has held back."""
        if self.ready:
            self._answer(split_fields(body))

    def send_frames(self, frames: list[bytes]) -> None:
        """Messages that are framed already: the fast way for market data."""
        if self.gateway.outgoing is None and self.gateway.hooks is None:
            self._out += frames
        else:
            for framed in frames:
                self.send(framed[4:])

    def error(self, req_id: int, code: int, text: str) -> None:
        self.send(answers.error(self.version, req_id, code, text))

    def _serve(self, body: bytes) -> None:
        if self._phase is _Phase.GREETING:
            self._greet(*parse_hello(body))
            return
        fields = split_fields(body)
        hooks = self.gateway.hooks
        if hooks is not None and self.ready and hooks.from_client(self, body, fields):
            return
        if self._phase is _Phase.READY and not self._within_rate():
            return
        self._answer(fields)

    def _answer(self, fields: list[str]) -> None:
        try:
            request = decode(fields, self.version)
        except UnknownRequest:
            self.error(-1, 505, "Fatal Error: Unknown message id.")
        except MalformedRequest as malformed:
            text = f"Server error when reading an API client request. {malformed}"
            self.error(_subject(fields), 320, text)
        else:
            self._dispatch(request)

    def _greet(self, low: int, high: int) -> None:
        version = min(self.gateway.settings.version_max, high)
        if version == 158:  # the clients disagree on the order of its fields
            version = VERSION_MIN
        if version < max(low, VERSION_MIN):
            self.version = VERSION_MIN
            self.error(-1, 503, "The TWS is out of date and must be upgraded.")
            self._close()
            return
        self.version = version
        self._phase = _Phase.STARTING
        self.send(answers.handshake(version, self.gateway.now()))

    def _dispatch(self, request: Request) -> None:
        if isinstance(request, StartApi):
            if self._phase is _Phase.STARTING:
                self._start(request.client_id)
        elif self._phase is not _Phase.READY:
            self.error(-1, 504, "Not connected")
        elif isinstance(request, Plain):
            self._by_name[request.name](request.number)
        else:
            self._by_type[type(request)](request)

    def _start(self, client_id: int) -> None:
        if not self.gateway.admit(self, client_id):
            self.error(
                -1, 326,
                "Unable to connect as the client id is already in use. Retry with a unique client "
                "id.",
            )  # fmt: skip
            self._close()
            return
        self.client_id = client_id
        self._phase = _Phase.READY
        self.send(answers.managed_accounts([self.gateway.settings.account]))
        self.send(answers.next_valid_id(self.gateway.orders.next_order_id(client_id)))
        for code, text in _FARMS:
            self.error(-1, code, text)

    def _within_rate(self) -> bool:
        """Whether the client keeps to its messages a second. If not: error 100, and in the end the
        connection is cut.

        A bucket of one second's allowance, refilled all the time: a burst of it is served whenever
        it arrives, and a client that sends its 45 at the turn of each second is not punished for
        two bursts that arrive 0.99 s apart.
        """
        settings, now = self.gateway.settings, self.gateway.now().timestamp()
        limit = settings.messages_per_s_max
        gained = (now - self._allowed_at) * limit
        self._allowance = min(float(limit), self._allowance + gained)
        self._allowed_at = now
        if self._allowance >= 1.0:
            self._allowance -= 1.0
            return True
        self._strikes += 1
        self.error(
            -1, 100,
            f"Max rate of messages per second has been exceeded:max={limit} rec={limit + 1} "
            f"({self._strikes})",
        )  # fmt: skip
        if self._strikes >= settings.rate_strikes_max:
            self._close()
        return False

    def _close(self) -> None:
        self._phase = _Phase.CLOSED
        self.gateway.dismiss(self)


def _subject(fields: list[str]) -> int:
    """The order a broken placeOrder is about, if it says so, else -1."""
    if len(fields) > 1 and fields[0] == "3" and fields[1].isdigit():
        return int(fields[1])
    return -1
