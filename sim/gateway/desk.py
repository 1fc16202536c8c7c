"""What the desks of a session have in common: whom they answer, and how they say it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim.exchange.listings import Listing
from sim.gateway.wire_contract import WireContract

if TYPE_CHECKING:
    from sim.gateway.gateway import Gateway
    from sim.gateway.session import Session

NO_DEFINITION = "No security definition has been found for the request"


class Desk:
    """One subject of one session."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._gateway: Gateway = session.gateway

    def requests(self) -> dict[type, Callable[[Any], None]]:
        """Handlers by the type of the request."""
        return {}

    def plain_requests(self) -> dict[str, Callable[[int], None]]:
        """Handlers of requests that are only a name and a number."""
        return {}

    def _send(self, body: bytes) -> None:
        self._session.send(body)

    def _error(self, req_id: int, code: int, text: str) -> None:
        self._session.error(req_id, code, text)

    def _one_listing(self, req_id: int, contract: WireContract) -> Listing | None:
        """The listing a request means; None after answering 200 for an unknown or ambiguous one."""
        found = self._gateway.market.find(contract.query())
        if len(found) == 1:
            return found[0]
        if found:
            text = f"The contract description specified for {contract.symbol} is ambiguous."
            self._error(req_id, 200, text)
        else:
            self._error(req_id, 200, NO_DEFINITION)
        return None
