"""What must hold in every state and before every sending, whatever the rules above decide.

Each invariant looks again, by other means, at what the checks were to prevent. One that breaks is a
bug: the decisions of that step are thrown away, trading halts and an alert is raised. Invariants of
the wire, the journal and the process are checked where those live; see ``guards``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from domain.derived import Derived, Deriving
from domain.desk import Desk, TradingState
from domain.effects import (
    AskMargin,
    Effect,
    ModifyLimit,
    PlaceOrder,
    RaiseAlert,
    RecordDecision,
    Severity,
    Verdict,
)
from domain.instruments import COMBO_INCREMENT, Contract, Kind, price_increment
from domain.orders import Order, OrderStatus, Purpose
from engine.commanded import INVARIANT_ALERT
from engine.policy import Policy
from risk.closure import net_in, uncovered
from risk.expiry_loss import worst_by_expiration
from risk.hedge_layer import closure_share
from risk.trading_state import adds_risk, permits

_ZERO, _CENT = Decimal(0), Decimal("0.01")
_CLASSES = frozenset({"SPX", "SPXW", "VIX", "VIXW"})


@dataclass(frozen=True, slots=True)
class Moment(Deriving):
    """A step about to be answered: the desk with its events folded, and after its decisions."""

    folded: Desk
    desk: Desk
    effects: Sequence[Effect]
    policy: Policy

    @Derived
    def sends(self) -> tuple[Order, ...]:
        return tuple(effect.order for effect in self.effects if isinstance(effect, PlaceOrder))

    @Derived
    def opening(self) -> tuple[Order, ...]:
        return tuple(order for order in self.sends if adds_risk(order.intent))

    @Derived
    def moves(self) -> bool:
        """Whether anything would leave that can change what is held."""
        kinds = (PlaceOrder, AskMargin, ModifyLimit)
        return any(isinstance(effect, kinds) for effect in self.effects)


Checker: TypeAlias = Callable[[Moment], str | None]


@dataclass(frozen=True, slots=True)
class Invariant:
    """``checker`` answers what is wrong, or None. ``always``: also when nothing is being sent."""

    id: str
    sentence: str
    checker: Checker
    always: bool = False


def orders_recorded(moment: Moment) -> str | None:
    for order in moment.sends:
        if moment.desk.orders.get(order.order_ref) != order:
            return f"{order.order_ref} is not on the desk as it would be sent"
    return None


def sent_once(moment: Moment) -> str | None:
    refs = [order.order_ref for order in moment.sends]
    for ref in refs:
        known = moment.folded.orders.get(ref)
        if refs.count(ref) > 1 or (known is not None and known.ever_sent):
            return f"{ref} was sent before"
    return None


def nothing_foreign(moment: Moment) -> str | None:
    if moment.opening and moment.desk.foreign:
        return f"{moment.opening[0].order_ref} beside {moment.desk.foreign[0]}, which is not ours"
    return None


def nothing_uncertain(moment: Moment) -> str | None:
    if moment.opening and moment.desk.uncertain:
        return f"{moment.opening[0].order_ref} beside the uncertain {_first_uncertain(moment.desk)}"
    return None


def fills_explain_orders(moment: Moment) -> str | None:
    """The executions of every order add up to what the order says was filled, leg by leg."""
    desk = moment.desk
    found: dict[str, dict[Contract, int]] = {}
    for fill in desk.book.fills.values():
        legs = found.setdefault(fill.order_ref, {})
        legs[fill.contract] = legs.get(fill.contract, 0) + fill.quantity
    for ref, legs in found.items():
        order = desk.orders.get(ref)
        if order is None or not order.exec_ids <= desk.book.fills.keys():
            continue  # the older part of it was forgotten with its day
        said = dict(zip((leg.contract for leg in order.intent.legs), order.leg_fills, strict=True))
        if any(said.get(contract) != count for contract, count in legs.items()):
            return f"executions of {ref} do not add up"
    return None


def broker_agrees(moment: Moment) -> str | None:
    if moment.opening and moment.desk.mismatched:
        return f"{moment.opening[0].order_ref} while the broker disagrees"
    return None


def never_overfilled(moment: Moment) -> str | None:
    for order in moment.desk.orders.values():
        for leg, done in zip(order.intent.legs, order.leg_fills, strict=False):
            if not 0 <= done * (1 if leg.ratio > 0 else -1) <= abs(leg.ratio) * _units(order):
                return f"{order.order_ref} filled beyond what was ordered"
    return None


def money_adds_up(moment: Moment) -> str | None:
    """Cash counted trade by trade against results less costs, fees against the reports of them."""
    book = moment.desk.book
    costs = sum((p.cost for c in book.condors.values() for p in c.positions), _ZERO)
    costs += sum((t.position.cost for t in book.tranches.values()), _ZERO)
    results = sum(book.realized.values(), _ZERO) - costs
    if abs(book.cash - results) >= _CENT:
        return f"trades brought {book.cash:.2f}, results less costs are {results:.2f}"
    told = book.fees_forgotten
    told += sum((book.commissions.get(exec_id, _ZERO) for exec_id in book.fills), _ZERO)
    charged = sum(book.fees.values(), _ZERO)
    if abs(charged - told) >= _CENT:
        return f"fees of {charged:.2f}, reports of {told:.2f}"
    return None


def no_short_bare(moment: Moment) -> str | None:
    """Only what is sent: a short bared by the broker is repaired, not argued about."""
    bare = uncovered(moment.desk) if moment.sends else ()
    for order in moment.sends:
        for key in bare:
            if net_in(order.intent, key) < 0:
                return f"{order.order_ref} could leave a short bare in {key}"
    return None


def losses_bounded(moment: Moment) -> str | None:
    if not any(order.intent.purpose is Purpose.OPEN_CONDOR for order in moment.opening):
        return None
    total = moment.desk.account.net_liquidation
    limits = moment.policy.limits
    if total is None:
        return "a condor is opened without knowing net liquidation"
    worst = [float(value) for value in worst_by_expiration(moment.desk).values()]
    if min(worst) < -limits.max_loss_share_expiration * float(total):
        return f"one expiration could lose {-min(worst):.0f}"
    lost = -sum(min(0.0, value) for value in worst)
    within = lost <= limits.max_loss_share_total * float(total)
    return None if within else f"all could lose {lost:.0f}"


def hedge_within_cap(moment: Moment) -> str | None:
    if not any(order.intent.purpose is Purpose.BUY_HEDGE for order in moment.opening):
        return None
    share = closure_share(moment.desk, moment.policy.limits)
    cap = moment.policy.limits.hedge_share_max
    return f"the hedge could reach {share:.1%}" if share > cap + 1e-9 else None


def state_permits(moment: Moment) -> str | None:
    state = moment.desk.trading
    for order in moment.sends:
        if not permits(state, order.intent):
            return f"{order.order_ref} while trading is {state}"
    return None


def rates_bounded(moment: Moment) -> str | None:
    if not moment.sends:
        return None
    tally, limits = moment.desk.tally, moment.policy.limits
    recent = sum((moment.desk.now - at).total_seconds() < 60 for at, _ in tally.recent_sends)
    if recent > limits.orders_per_minute_max:
        return f"{recent} orders in a minute"
    if tally.orders_today > limits.orders_per_day_max:
        return f"{tally.orders_today} orders in a day"
    return None


def prices_sane(moment: Moment) -> str | None:
    asked = [(order, order.limit) for order in moment.sends]
    asked += [
        (moment.desk.orders[effect.order_ref], effect.limit)
        for effect in moment.effects
        if isinstance(effect, ModifyLimit) and effect.order_ref in moment.desk.orders
    ]
    for order, limit in asked:
        intent = order.intent
        most = moment.policy.limits.order_quantity_max
        if not limit.is_finite() or (adds_risk(intent) and _units(order) > most):
            return f"{order.order_ref}: {_units(order)} at {limit}"
        single = len(intent.legs) == 1
        step = price_increment(intent.legs[0].contract, limit) if single else COMBO_INCREMENT
        if limit % step != 0 or limit > intent.walk.worst:
            return f"{order.order_ref} at {limit}: off the grid or beyond its worst price"
    return None


def quotes_real(moment: Moment) -> str | None:
    limits, now = moment.policy.limits, moment.desk.now
    for order in moment.opening:
        for leg in order.intent.legs:
            quote = moment.desk.quote(leg.contract)
            if quote is None or quote.mid is None or quote.age_s(now) > limits.quote_age_s_max:
                return f"{order.order_ref} on {leg.contract.label} without a fresh market"
    return None


def margin_asked(moment: Moment) -> str | None:
    if not moment.policy.limits.margin_asked:
        return None
    for order in moment.opening:
        known = moment.folded.orders.get(order.order_ref)
        if known is None or known.status is not OrderStatus.ASKING:
            return f"{order.order_ref} was never asked about"
    return None


def market_open(moment: Moment) -> str | None:
    for order in moment.opening:
        told = moment.desk.hours.get(moment.desk.today)
        agreed = told is not None and told.opens_at is not None
        if not moment.desk.calendar.is_open(moment.desk.now) or (
            moment.policy.limits.broker_hours_needed and not agreed
        ):
            return f"{order.order_ref} outside the hours both calendars know"
    return None


def contracts_known(moment: Moment) -> str | None:
    for order in moment.sends:
        for leg in order.intent.legs:
            c = leg.contract
            if (
                c.kind is not Kind.OPTION
                or c.trading_class not in _CLASSES
                or (c.multiplier, c.currency) != (100, "USD")
            ):
                return f"{order.order_ref} in {c.label}"
    return None


INVARIANTS: Final[tuple[Invariant, ...]] = (
    Invariant("A1", "What is sent is on record, exactly as it is sent.", orders_recorded),
    Invariant("A2", "An order reference is sent at most once, over all lives.", sent_once),
    Invariant(
        "A3", "Beside orders or holdings that are not ours nothing is opened.", nothing_foreign
    ),
    Invariant("A4", "While an order is uncertain nothing is opened.", nothing_uncertain),
    Invariant("B1", "Executions explain every order's fills.", fills_explain_orders, always=True),
    Invariant("B2", "While the broker disagrees about positions nothing is opened.", broker_agrees),
    Invariant("B3", "No order fills beyond its quantity.", never_overfilled, always=True),
    Invariant("B4", "Cash, results and fees add up to the cent.", money_adds_up, always=True),
    Invariant("C1", "No order may leave a short without its long.", no_short_bare),
    Invariant("C2", "The worst settlement stays within its shares.", losses_bounded),
    Invariant("C3", "No hedge purchase may break the cap.", hedge_within_cap),
    Invariant("C4", "Nothing leaves that the trading state forbids.", state_permits),
    Invariant("C5", "Orders per minute and day stay within their limits.", rates_bounded),
    Invariant("C6", "Limits are finite, on the grid, and inside their plan.", prices_sane),
    Invariant("C7", "Every leg that is opened has a fresh, two-sided market.", quotes_real),
    Invariant("C8", "The margin of an opening order was asked for.", margin_asked),
    Invariant("C9", "Nothing is opened outside agreed trading hours.", market_open),
    Invariant("C10", "Only options we know are traded, 100 times, in USD.", contracts_known),
)
_IN_ORDER: Final = tuple(sorted(INVARIANTS, key=lambda rule: rule.checker is not prices_sane))


def objection(moment: Moment, *, everything: bool) -> tuple[Effect, ...]:
    """The halt that takes the place of this step's decisions; empty when nothing is broken.

    ``everything`` also looks at what holds without a sending. A broken state that trading was
    already halted for does not throw away what would mend it.
    """
    if not (everything or moment.moves):
        return ()
    for rule in _IN_ORDER:
        if not (rule.always or moment.moves) or _known(moment.folded, rule):
            continue
        text = rule.checker(moment)
        if text is not None:  # the first says enough; after nonsense the others cannot even count
            return _halting(moment.folded, rule, text)
    return ()


def alert_code(rule: Invariant) -> str:
    return f"{INVARIANT_ALERT}{rule.id}"


def _known(desk: Desk, rule: Invariant) -> bool:
    return rule.always and alert_code(rule) in desk.alerts and desk.trading is TradingState.HALTED


def _halting(desk: Desk, rule: Invariant, text: str) -> tuple[Effect, Effect]:
    full = f"{rule.id} broken ({rule.sentence}) {text}"
    return (
        RecordDecision(desk.now, Verdict.CHANGED, "invariant", rule.id, full, subject=rule.id),
        RaiseAlert(desk.now, alert_code(rule), Severity.CRITICAL, full),
    )


def _first_uncertain(desk: Desk) -> str:
    return desk.uncertain[0].order_ref


def _units(order: Order) -> int:
    return order.intent.quantity
