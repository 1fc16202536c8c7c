"""Answers about what exists: contracts, option parameters, price rules, hours, time. Keeps no
state.
"""

from collections.abc import Callable
from typing import Any

from domain.instruments import Kind, Right
from domain.pricing import implied_vol, price
from sim.exchange.listings import MARKET_RULES, ContractQuery, Listing
from sim.gateway import answers, ticks
from sim.gateway.desk import NO_DEFINITION, Desk
from sim.gateway.requests import (
    Calculation,
    ContractDetails,
    HeadTimestamp,
    MatchingSymbols,
    OptionParams,
    SmartComponents,
)

_YEAR_S = 365 * 86400.0
_SAMPLES_MAX = 16
_DERIVATIVES = {"SPX": ("OPT",), "VIX": ("OPT", "FUT")}


class ReferenceDesk(Desk):
    def requests(self) -> dict[type, Callable[[Any], None]]:
        return {
            ContractDetails: self._contract_details,
            OptionParams: self._option_parameters,
            MatchingSymbols: self._matching_symbols,
            SmartComponents: lambda request: self._send(answers.smart_components(request.req_id)),
            HeadTimestamp: self._head_timestamp,
            Calculation: self._calculate,
        }

    def plain_requests(self) -> dict[str, Callable[[int], None]]:
        session, gateway = self._session, self._gateway
        account = gateway.settings.account
        return {
            "reqCurrentTime": lambda _: self._send(answers.current_time(gateway.now())),
            "reqManagedAccts": lambda _: self._send(answers.managed_accounts([account])),
            "reqIds": lambda _: self._send(
                answers.next_valid_id(gateway.orders.next_order_id(session.client_id))
            ),
            "setServerLogLevel": lambda _: None,
            "reqMarketRule": self._market_rule,
            "reqFamilyCodes": lambda _: self._send(answers.family_codes(account)),
            "reqMktDepthExchanges": lambda _: self._send(answers.depth_exchanges()),
            "reqNewsProviders": lambda _: self._send(answers.news_providers()),
            "reqUserInfo": lambda req_id: self._send(answers.user_info(req_id)),
            "cancelHeadTimestamp": lambda _: None,  # it was answered at once
            "cancelCalculation": lambda _: None,
        }

    def _contract_details(self, request: ContractDetails) -> None:
        """A real gateway never answers for a BAG, and clients wait for ever; this one says so
        instead.
        """
        contract = request.contract
        if contract.is_bag:
            # 200 and not 321: one of the clients takes 321 for a warning and would go on waiting.
            self._error(request.req_id, 200, f"{NO_DEFINITION}: a combination (BAG) has no details")
            return
        found = self._gateway.market.find(contract.query())
        if not found:
            self._error(request.req_id, 200, NO_DEFINITION)
            return
        version = self._session.version
        for listing in found:
            hours = self._gateway.market.hours(listing.con_id)
            exchange = contract.exchange or listing.contract.exchange
            self._send(answers.contract_details(version, request.req_id, listing, exchange, hours))
        self._send(answers.contract_details_end(request.req_id))

    def _option_parameters(self, request: OptionParams) -> None:
        known = self._gateway.market.listing(request.con_id)
        if known is None or known.contract.symbol != request.symbol:
            self._error(
                request.req_id, 321,
                "Error validating request.-'bY' : cause - Invalid contract id",
            )  # fmt: skip
            return
        for found in self._gateway.market.option_parameters(request.symbol):
            if not request.exchange or found.exchange == request.exchange:
                self._send(answers.option_parameters(request.req_id, found))
        self._send(answers.option_parameters_end(request.req_id))

    def _market_rule(self, rule_id: int) -> None:
        if rule_id in MARKET_RULES:
            self._send(answers.market_rule(rule_id, MARKET_RULES[rule_id]))
        else:
            self._error(-1, 321, "Error validating request.-'cd' : cause - Invalid market rule id")

    def _matching_symbols(self, request: MatchingSymbols) -> None:
        pattern = request.pattern.upper()
        found: list[tuple[Listing, tuple[str, ...]]] = []
        for kind in (Kind.INDEX, Kind.STOCK):
            for listing in self._gateway.market.find(ContractQuery(sec_type=kind.value)):
                text = f"{listing.contract.symbol} {listing.long_name}".upper()
                if pattern and (text.startswith(pattern) or f" {pattern}" in text):
                    found.append((listing, _DERIVATIVES.get(listing.contract.symbol, ())))
        found = found[:_SAMPLES_MAX]
        self._send(answers.symbol_samples(self._session.version, request.req_id, found))

    def _head_timestamp(self, request: HeadTimestamp) -> None:
        listing = self._one_listing(request.req_id, request.contract)
        if listing is not None:
            at = self._gateway.market.head_timestamp(listing.con_id)
            self._send(answers.head_timestamp(request.req_id, at, request.format_date))

    def _calculate(self, request: Calculation) -> None:
        """Black-76 on the price given for the underlying, without discounting; -1 where there is no
        answer.
        """
        listing = self._one_listing(request.req_id, request.contract)
        if listing is None:
            return
        if listing.contract.kind is not Kind.OPTION:
            self._error(request.req_id, 200, NO_DEFINITION)
            return
        left = self._gateway.settles_at(listing) - self._gateway.now()
        years, call = left.total_seconds() / _YEAR_S, listing.contract.right is Right.CALL
        strike, under = listing.contract.strike, request.underlying
        if request.wants_volatility:
            value = request.given
            found, _ = implied_vol(value, under, strike, years, call)
            vol = float(found)
        else:
            vol = request.given
            value = float(price(under, strike, years, vol, call))
        number = ticks.Computation(implied_vol=vol, price=value, underlying=under)
        self._session.send_frames([ticks.computation(request.req_id, ticks.CUSTOM, number)])
