"""What the client library calls for every message of the gateway.

Ticks go straight to their line; everything else is only written down, in order, for a task of ours
to read. The library swallows exceptions of its callbacks, so nothing that can fail is done inside
one.
"""

from collections import deque
from collections.abc import Callable
from datetime import UTC
from typing import Any, TypeAlias

from bot.broker.lines import Lines

Message: TypeAlias = tuple[str, tuple[Any, ...]]

MESSAGES_MAX = 200_000  # several whole chains; more unread means that nobody is reading

# Spelled like the library spells its callbacks. All others are of no interest and are dropped.
_KEPT = frozenset(
    {
        "managedAccounts", "error", "currentTime",
        "openOrder", "openOrderEnd", "orderStatus", "completedOrder", "completedOrdersEnd",
        "execDetails", "execDetailsEnd", "commissionReport",
        "position", "positionEnd", "updateAccountValue", "accountDownloadEnd",
        "contractDetails", "contractDetailsEnd", "historicalData", "historicalDataEnd",
        "securityDefinitionOptionParameter", "securityDefinitionOptionParameterEnd",
    }
)  # fmt: skip


def _nothing(*_: object) -> None:
    """For messages that do not concern us."""


class Receiver:
    """Stands where the library expects its wrapper; answers to the library's spelling of names."""

    def __init__(
        self, lines: Lines, on_batch: Callable[[], None], on_lost: Callable[[], None]
    ) -> None:
        self.messages: deque[Message] = deque()
        self.bytes_heard = False
        self._lines = lines
        self._on_batch = on_batch
        self._on_lost = on_lost
        spelled: dict[str, object] = {
            "priceSizeTick": lines.price,
            "tickSize": lines.size,
            "tickGeneric": lines.generic,
            "tickString": lines.other,
            "tickOptionComputation": lines.other,
            "marketDataType": self._data_type,
            "tcpDataProcessed": self._batch_ended,
            "setEventsDone": on_lost,
            "connectionClosed": on_lost,
            # The library reads these two while it decodes executions.
            "ib": self,
            "TimezoneTWS": "",
            "defaultTimezone": UTC,
        }
        vars(self).update(spelled)

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in _KEPT:
            return _nothing

        def keep(*args: Any) -> None:
            self.messages.append((name, args))
            if len(self.messages) > MESSAGES_MAX:
                self._on_lost()

        setattr(self, name, keep)  # looked up once per connection
        return keep

    def _data_type(self, req_id: int, data_type: int) -> None:
        if self._lines.data_type(req_id, data_type) is not None:
            self.messages.append(("marketDataType", (req_id, data_type)))

    def _batch_ended(self) -> None:
        self.bytes_heard = True
        self._on_batch()
