"""Positions, account values, summaries and P&L: answers at once, then whatever has changed."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from sim.gateway import answers
from sim.gateway.account_values import Values, account_values, summary
from sim.gateway.desk import Desk
from sim.gateway.requests import AccountSummary, AccountUpdates, Multi, Pnl

_SUBSCRIPTIONS_MAX = 50
_ZERO = Decimal(0)


class AccountDesk(Desk):
    """Subscriptions hold what was last said, so that only changes are said again."""

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._positions = False
        self._updates: Values | None = None  # None: not subscribed
        self._portfolio_said: dict[int, bytes] = {}
        self._multi: dict[int, Values] = {}
        self._multi_models: dict[int, str] = {}
        self._positions_multi: dict[int, str] = {}  # request id -> model
        self._summaries: dict[int, tuple[tuple[str, ...], Values]] = {}
        self._pnl: dict[int, Pnl] = {}
        self._pnl_said: dict[int, bytes] = {}
        self._pushed_at = self._gateway.now()
        self._pushed_change = -1

    def requests(self) -> dict[type, Callable[[Any], None]]:
        return {
            AccountUpdates: self._account_updates,
            AccountSummary: self._account_summary,
            Multi: self._subscribe_multi,
            Pnl: self._subscribe_pnl,
        }

    def plain_requests(self) -> dict[str, Callable[[int], None]]:
        return {
            "reqPositions": self._req_positions,
            "cancelPositions": self._cancel_positions,
            "cancelPositionsMulti": lambda req_id: self._drop(self._positions_multi, req_id),
            "cancelAccountUpdatesMulti": lambda req_id: self._drop(self._multi, req_id),
            "cancelAccountSummary": lambda req_id: self._drop(self._summaries, req_id),
            "cancelPnL": lambda req_id: self._drop(self._pnl, req_id),
            "cancelPnLSingle": lambda req_id: self._drop(self._pnl, req_id),
        }

    def positions_changed(self, con_ids: Iterable[int]) -> None:
        """Quantities of these have changed; a closed one is said with quantity 0."""
        changed = list(dict.fromkeys(con_ids))
        positions = self._gateway.account.positions
        for holding in [positions[i].holding() for i in changed]:
            if self._positions:
                self._send(answers.position(holding, self._code))
            for req_id, model in self._positions_multi.items():
                self._send(answers.position_multi(req_id, holding, self._code, model))
            if self._updates is not None:
                self._send(answers.portfolio_value(holding, self._code))

    def step(self) -> None:
        """P&L with every step; account values when cash or positions changed, else now and then."""
        if self._pnl:
            self._say_pnl()
        if not (self._updates is not None or self._multi or self._summaries):
            return
        gateway, now = self._gateway, self._gateway.now()
        late = (now - self._pushed_at).total_seconds() >= gateway.settings.account_push_s
        if gateway.account.changed != self._pushed_change or late:
            self._pushed_at, self._pushed_change = now, gateway.account.changed
            self._say_values()

    @property
    def _code(self) -> str:
        return self._gateway.settings.account

    def _req_positions(self, _: int) -> None:
        self._positions = True
        for position in self._gateway.account.positions.values():
            if position.quantity:
                self._send(answers.position(position.holding(), self._code))
        self._send(answers.position_end())

    def _cancel_positions(self, _: int) -> None:
        self._positions = False

    def _account_updates(self, request: AccountUpdates) -> None:
        if not request.subscribe:
            self._updates = None
            return
        if request.account not in ("", self._code):
            self._error(-1, 321, "Error validating request.-'dB' : cause - Invalid account code")
            return
        self._portfolio_said.clear()
        self._updates = account_values(self._gateway.account)
        for (key, currency), value in self._updates.items():
            self._send(answers.account_value(key, value, currency, self._code))
        self._say_portfolio()
        self._send(answers.account_time(self._gateway.now()))
        self._send(answers.account_download_end(self._code))

    def _say_portfolio(self) -> None:
        """Every open position whose line reads differently from the last time."""
        for con_id, position in self._gateway.account.positions.items():
            body = answers.portfolio_value(position.holding(), self._code)
            if position.quantity and self._portfolio_said.get(con_id) != body:
                self._portfolio_said[con_id] = body
                self._send(body)

    def _account_summary(self, request: AccountSummary) -> None:
        full = len(self._summaries) >= self._gateway.settings.account_summaries_max
        if full and request.req_id not in self._summaries:
            self._error(
                request.req_id, 322,
                "Error processing request.-'bP' : cause - Maximum number of account summary "
                "requests exceeded",
            )  # fmt: skip
            return
        values = summary(self._gateway.account, request.tags)
        self._summaries[request.req_id] = (request.tags, values)
        self._say_summary(request.req_id, values)
        self._send(answers.account_summary_end(request.req_id))

    def _say_summary(self, req_id: int, values: Values) -> None:
        for (key, currency), value in values.items():
            self._send(answers.account_summary(req_id, self._code, key, value, currency))

    def _subscribe_multi(self, request: Multi) -> None:
        table: dict[int, Any] = self._positions_multi if request.positions else self._multi
        if request.account not in ("", "All", self._code):
            cause = "Invalid account code"
            self._error(request.req_id, 321, f"Error validating request.-'cC' : cause - {cause}")
        elif len(table) >= _SUBSCRIPTIONS_MAX:
            self._error(request.req_id, 322, "Error processing request: too many subscriptions")
        elif request.positions:
            self._positions_multi[request.req_id] = request.model
            self._say_positions_multi(request)
        else:
            self._multi_models[request.req_id] = request.model
            self._multi[request.req_id] = values = account_values(self._gateway.account)
            self._say_multi(request.req_id, values)
            self._send(answers.account_update_multi_end(request.req_id))

    def _say_positions_multi(self, request: Multi) -> None:
        for position in self._gateway.account.positions.values():
            if position.quantity:
                holding = position.holding()
                self._send(
                    answers.position_multi(request.req_id, holding, self._code, request.model)
                )
        self._send(answers.position_multi_end(request.req_id))

    def _say_multi(self, req_id: int, values: Values) -> None:
        model = self._multi_models[req_id]
        for (key, currency), value in values.items():
            self._send(
                answers.account_update_multi(req_id, self._code, model, key, value, currency)
            )

    def _say_values(self) -> None:
        """To every subscription, what differs from what it heard last."""
        account = self._gateway.account
        now = account_values(account)
        if self._updates is not None:
            for (key, currency), value in _changes(self._updates, now).items():
                self._send(answers.account_value(key, value, currency, self._code))
            self._updates = now
            self._say_portfolio()
            self._send(answers.account_time(self._gateway.now()))
        for req_id, said in self._multi.items():
            self._say_multi(req_id, _changes(said, now))
            self._multi[req_id] = now
        for req_id, (tags, said) in self._summaries.items():
            values = summary(account, tags)
            self._say_summary(req_id, _changes(said, values))
            self._summaries[req_id] = (tags, values)

    def _subscribe_pnl(self, request: Pnl) -> None:
        if request.account not in ("", self._code):
            cause = "Invalid account code"
            self._error(request.req_id, 321, f"Error validating request.-'cG' : cause - {cause}")
        elif len(self._pnl) >= _SUBSCRIPTIONS_MAX:
            self._error(request.req_id, 322, "Error processing request: too many subscriptions")
        else:
            self._pnl[request.req_id] = request
            self._pnl_said.pop(request.req_id, None)
            self._say_pnl()

    def _say_pnl(self) -> None:
        """An instrument never held has no daily P&L: that field is then unset."""
        account = self._gateway.account
        for req_id, request in self._pnl.items():
            if request.con_id:
                body = self._pnl_single(req_id, request.con_id)
            else:
                body = answers.pnl(
                    req_id, account.daily(), account.unrealized, account.realized_today
                )
            if self._pnl_said.get(req_id) != body:
                self._pnl_said[req_id] = body
                self._send(body)

    def _pnl_single(self, req_id: int, con_id: int) -> bytes:
        position = self._gateway.account.positions.get(con_id)
        if position is None:
            return answers.pnl_single(req_id, 0, None, _ZERO, _ZERO, _ZERO)
        return answers.pnl_single(
            req_id, position.quantity, position.daily(), position.unrealized,
            position.realized_today, position.value,
        )  # fmt: skip

    def _drop(self, table: dict[int, Any], req_id: int) -> None:
        table.pop(req_id, None)


def _changes(before: Values, now: Values) -> Values:
    return {key: value for key, value in now.items() if before.get(key) != value}
