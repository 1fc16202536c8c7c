"""Weeks of the hedge through the whole engine, on any path of VIX and with any luck in filling.

After every step: nothing could break the cap, the budget or the gains; rolls take no cover away; no
call with a bid is left after its deadline; and a desk folded from the journal is the same desk.
"""

import random
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.desk import Desk, Memory
from domain.effects import Effect, PlaceOrder
from domain.events import (
    ClockTicked,
    Event,
    FuturesListed,
    MarginAnswered,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderSubmitted,
    QuoteUpdated,
)
from domain.instruments import vx_future
from domain.orders import Order, OrderStatus, Purpose
from domain.session import at_new_york
from engine.fold import apply_effect, fold
from engine.policy import Policy
from engine.step import step
from risk.hedge_conditions import budget_left
from risk.hedge_layer import closure_share
from risk.hedge_redeploy import LAYERS, room
from risk.limits import RiskLimits
from strategies.iron_condor.parameters import IronCondorParams
from tests.builders import CALENDAR, VX_DAYS, Market, condor, ny, ready_desk, with_condor

START = date(2018, 1, 16)
MORNING = (time(10, 0), time(10, 1), time(10, 2), time(10, 3), time(10, 4), time(10, 9))
TIMES = (*MORNING, time(15, 56), time(16, 16))
DEADLINE = (time(13, 30), time(13, 31), time(13, 32), time(14, 0))
LAST_DAY = (*MORNING, *DEADLINE, *TIMES[len(MORNING) :])
SALES = frozenset({"4.4.excess", "4.4.roll", "4.4.shift"})
# The condors are given: none is added, and none taken away but by the calendar.
POLICY = Policy(
    condor=IronCondorParams(take_profit_share=0.0, stop_debit_multiple=0.0),
    limits=RiskLimits(condors_max=0),
)

# The move of VIX from session to session: mostly small, now and then a spike or its end.
moves = st.lists(
    st.sampled_from([1.0, 0.97, 1.03, 0.93, 1.08, 0.8, 1.25, 1.9, 0.6]), min_size=22, max_size=32
)


@dataclass
class Season:
    """``journal`` is what a real one would hold: every event but quotes, and every effect."""

    desk: Desk
    luck: random.Random
    market: Market = field(default_factory=Market)
    journal: list[Event | Effect] = field(default_factory=list)
    executions: int = 0
    sent: int = 0  # orders, filled or not
    policy: Policy = POLICY

    def live(self, on: date, vix: float) -> None:
        self.market.vix = round(vix, 2)
        self.market.vx = {
            day: round(15 + (vix - 15) * 0.7**months + 0.6 * months, 2)
            for months, day in enumerate(day for day in VX_DAYS if day > on)
        }
        listed = FuturesListed(at_new_york(on, time(9, 35)),
                               tuple(vx_future(day) for day in VX_DAYS if day > on))  # fmt: skip
        self.journal.append(listed)
        self.desk = step(self.desk, [listed], self.policy).desk
        last = any(t.contract.expiration == on for t in self.desk.book.open_tranches)
        for clock in LAST_DAY if last else TIMES:
            self.tick(at_new_york(on, clock))

    def tick(self, now: datetime) -> None:
        events: list[Event] = [
            QuoteUpdated(now, contract, self.market.quote(contract, now))
            for contract in self.desk.memory.watchlist
        ]
        events += [*self.exchange(now), ClockTicked(now)]
        before = self.desk
        result = step(before, events, self.policy)
        self.desk = result.desk
        self.journal += [event for event in events if not isinstance(event, QuoteUpdated)]
        self.journal += result.effects
        self.look(before, result.effects)

    def exchange(self, now: datetime) -> list[Event]:
        """Answers margin questions, takes orders, and fills what crosses or what is lucky."""
        found: list[Event] = []
        for order in self.desk.working:
            ref = order.order_ref
            if order.status is OrderStatus.ASKING:
                found.append(MarginAnswered(now, ref, Decimal(0), Decimal(0), Decimal(900_000)))
            elif order.cancel_requested:
                found.append(OrderCanceled(now, ref, "asked"))
            elif order.status is OrderStatus.PENDING_SEND:
                found += [OrderSubmitted(now, ref, 1), OrderAccepted(now, ref, 1)]
                found += self.fill(order, now)
            else:
                found += self.fill(order, now)
        return found

    def fill(self, order: Order, now: datetime) -> list[Event]:
        """Whole when it takes the other side, else with luck some of it; at its limit."""
        quotes = [self.market.quote(leg.contract, now) for leg in order.intent.legs]
        natural = sum(
            leg.ratio * ((quote.ask if leg.ratio > 0 else quote.bid) or 0.0)
            for leg, quote in zip(order.intent.legs, quotes, strict=True)
        )
        crosses = float(order.limit) >= natural - 1e-9 and all(q.ask for q in quotes)
        units = order.remaining if crosses else self.luck.randint(-order.remaining, order.remaining)
        if units < 1:
            return []
        prices = [Decimal(str(round(quote.mid or 0.0, 2))) for quote in quotes]
        gap = order.limit - sum(
            (leg.ratio * p for leg, p in zip(order.intent.legs, prices, strict=True)), Decimal(0)
        )
        prices[-1] += gap / order.intent.legs[-1].ratio
        found: list[Event] = []
        for leg, price in zip(order.intent.legs, prices, strict=True):
            self.executions += 1
            found.append(
                OrderFilled(now, order.order_ref, f"x{self.executions}", 1, leg.contract,
                            leg.ratio * units, price)
            )  # fmt: skip
        return found

    def look(self, before: Desk, effects: tuple[Effect, ...]) -> None:
        desk, limits = self.desk, self.policy.limits
        sent = [effect.order.intent for effect in effects if isinstance(effect, PlaceOrder)]
        self.sent += len(sent)
        if any(intent.purpose is Purpose.BUY_HEDGE for intent in sent):
            assert closure_share(desk, limits) <= limits.hedge_share_buy_max + 1e-9
        assert budget_left(desk, limits) >= -1e-6, "spent or promised beyond the annual budget"
        redeployed = sum(desk.book.redeployed.values(), Decimal(0))
        assert redeployed <= desk.book.hedge_gain / 2
        assert (
            min(room(desk, layer, self.policy.hedge) for layer in LAYERS) >= -1e-6 or not redeployed
        )
        self.look_at_cover(before)
        self.look_at_deadline()

    def look_at_cover(self, before: Desk) -> None:
        """Fills of rolls and of excess leave calls as long as a condor is open."""
        traded = [
            fill for key, fill in self.desk.book.fills.items() if key not in before.book.fills
        ]
        rules = {self.desk.orders[fill.order_ref].intent.rule for fill in traded}
        if traded and rules <= SALES and before.book.open_tranches and self.desk.book.open_condors:
            assert self.desk.book.open_tranches, f"{rules} left no cover"

    def look_at_deadline(self) -> None:
        """From the second minute after the window began to 16:00 whatever is bid for is sold."""
        if self.desk.now < at_new_york(self.desk.today, time(14, 0)):
            return
        for tranche in self.desk.book.open_tranches:
            if tranche.contract.expiration == self.desk.today:
                assert not self.market.quote(tranche.contract, self.desk.now).bid, tranche.id

    def folded(self) -> Desk:
        """What a restart would find in the journal."""
        desk = fresh()
        for record in self.journal:
            desk = apply_effect(desk, record) if isinstance(record, Effect) else fold(desk, record)
        return desk


def fresh() -> Desk:
    held = condor(2455, 2485, 3050, 3080, expiration=date(2018, 6, 15))
    return with_condor(ready_desk(ny(2018, 1, 16, 9, 40)), 10, combo=held)


@settings(max_examples=4, deadline=None)
@given(moves, st.integers(0, 2**16), st.integers(5, 20))
def test_no_season_breaks_cap_budget_gains_cover_or_deadline(
    path: list[float], seed: int, restart: int
) -> None:
    season = Season(fresh(), random.Random(seed))
    day, vix = START, 12.0
    for number, move in enumerate(path):
        vix = min(60.0, max(9.5, vix * move))
        season.live(day, vix)
        if number == restart:
            again = season.folded()
            kept = {"quotes": season.desk.quotes, "feed_at": season.desk.feed_at}
            assert replace(again, memory=season.desk.memory, **kept) == season.desk
            season.desk = replace(again, memory=Memory(watchlist=season.desk.memory.watchlist))
        day = CALENDAR.next_session(day)
    assert season.sent, "something was asked for, though with bad luck nothing may have filled"
