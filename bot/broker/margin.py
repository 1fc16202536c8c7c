"""What-if questions on their way and what the broker answers. An unset number is no number."""

from datetime import datetime
from typing import Any

from bot.broker.translate import decimal_from_ib
from domain.events import MarginAnswered

_QUESTIONS_MAX = 100  # an engine asks once per order; unanswered ones are forgotten oldest first


class MarginQuestions:
    """By the id of the what-if order, which is never an id of a real one."""

    def __init__(self) -> None:
        self._asked: dict[int, str] = {}

    def asked(self, order_id: int, order_ref: str) -> None:
        while len(self._asked) >= _QUESTIONS_MAX:
            del self._asked[next(iter(self._asked))]
        self._asked[order_id] = order_ref

    def answered(self, at: datetime, order_id: int, state: Any) -> MarginAnswered | None:
        """From the order state of an open-order message about a what-if; None if nobody asked."""
        ref = self._asked.pop(order_id, None)
        if ref is None:
            return None
        return MarginAnswered(
            at,
            ref,
            decimal_from_ib(state.initMarginChange),
            decimal_from_ib(state.maintMarginAfter),
            decimal_from_ib(state.equityWithLoanAfter),
            str(getattr(state, "warningText", "") or ""),
        )

    def refused(self, at: datetime, order_id: int, code: int, text: str) -> MarginAnswered | None:
        """An error about a what-if ends the question without numbers."""
        ref = self._asked.pop(order_id, None)
        return None if ref is None else MarginAnswered(at, ref, reason=f"{code}: {text}")
