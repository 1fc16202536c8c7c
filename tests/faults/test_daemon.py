"""The whole daemon while its gateway misbehaves: books agree, no order twice, no naked short."""

import itertools
import random
from collections import Counter

import pytest

from bot.journal.reading import JournalReader
from bot.supervise import Exit
from domain.desk import TradingState
from domain.effects import PlaceOrder
from domain.events import OrderAccepted, OrderCanceled, OrderFilled, OrderUncertain
from domain.instruments import Right
from sim.gateway.faults.catalogue import fault_from_text
from tests.scenarios.demo.test_daemon import HOUR, Stage, play

pytestmark = pytest.mark.scenario
SETTLED = OrderAccepted | OrderFilled | OrderCanceled  # the broker has answered for an order

ENTRY_S = 5400.0  # after the start of the market: the first condor and its hedge are sought here
BETWEEN_STEPS_S = 7.0  # a day does not end in the instant of a fill that nobody could hear of

SWARM = [
    "drop=fin", "drop=rst", "drop=half-open", "drop=mid-frame",
    "drop=rst,ref=cb-*,times=1", "drop=fin,lost=true,ref=cb-*,times=1",
    "refuse_connect=for_s=240", "slow_connect=90,for_s=300", "hold_client_id=60,for_s=900",
    "servers_lost=1101,for_s=120", "servers_lost=1102,for_s=300", "flap_farm=for_s=200",
    "daily_restart", "competing_login=for_s=200", "competing_login=for_s=30",
    "late_fill_while_down", "fill_after_cancel=3", "cancel_no_ack=60,for_s=900",
    "cancel_refused=10147,times=1", "cancel_refused=10148,times=2",
    "partial=1,times=2", "partial=2,true,for_s=900", "leg_imbalance=0,20", "leg_imbalance=0+3,0",
    "leg_imbalance=1,40", "inactive=120,times=1", "reject=201,times=1", "reject=110,times=1",
    "reject=201,on=change", "remark=10349", "remark=399", "remark=202", "remark=10148",
    "status_dup", "status_reorder", "status_missing", "exec_dup", "exec_correction=0.05",
    "comm_first", "comm_missing", "comm_dup", "exec_correction=-0.05,after_s=400",
    "late_answer=11,20", "late_answer=3+5,45,for_s=600", "never_answer=3,for_s=900",
    "never_answer=11,times=6", "never_answer=53,for_s=200", "late_answer=62,40,for_s=300",
    "truncated=11,5,times=4", "garbled=5,1,?,times=3", "dbl_max=59,3,times=4", "unknown_message",
    "split=7,for_s=20", "coalesce=2,for_s=300", "huge_frame",
    "stale_quotes=for_s=300", "halt=for_s=300", "greeks_none", "late_tick", "line_lost",
    "bad_quotes=crossed,for_s=200", "bad_quotes=nan,for_s=200", "bad_quotes=unset,for_s=100",
    "bad_quotes=minus-one,for_s=200", "delayed=for_s=200", "msg_rate=pace,20,for_s=600",
    "read_only=times=1", "reset_order_ids", "notice=1300,elsewhere", "hist_pacing=for_s=600",
]  # fmt: skip


def a_day(folder, *faults, hours=2.0, **changes):
    """One life of the daemon with these faults; what there is to look at afterwards."""

    async def story(stages):
        stages.append(stage := Stage(folder))
        armed = stage.server.arm(*faults)
        ending, loop = await stage.live(hours * HOUR + BETWEEN_STEPS_S, **changes)
        return stage, armed, ending, loop.desk

    return play(story)


def sent(stage):
    """How many orders of each reference have reached the gateway."""
    orders = stage.server.gateway.orders
    return Counter(o.request.order_ref for o in (*orders.finished, *orders.live.values()))


def naked(positions):
    """Series and rights in which more is sold than bought."""
    net = Counter()
    for contract, quantity in positions.items():
        net[contract.symbol, contract.expiration, contract.right] += quantity
    return [series for series, quantity in net.items() if quantity < 0]


def books_agree(folder, stage, desk):
    """Everything that must hold at the end of any day, whatever went wrong in it."""
    assert desk.book.positions() == stage.positions()
    assert naked(stage.positions()) == []
    assert set(sent(stage).values()) <= {1}, "an order was sent twice"
    assert set(sent(stage)) <= set(desk.orders), "an order was forgotten"
    working = {order.order_ref for order in desk.working}
    resting = {o.request.order_ref for o in stage.server.gateway.orders.orders()}
    assert resting <= working
    reader = JournalReader(folder / "journal.sqlite")
    assert reader.troubles() == []
    assert reader.count("intent") >= len(sent(stage))


@pytest.mark.parametrize("seed", [*range(17), 113, 115, 144])
def test_after_any_mixture_of_faults_the_books_agree(tmp_path, seed):
    rng = random.Random(f"swarm/{seed}")
    mixture = [fault_from_text(text) for text in rng.sample(SWARM, 6)]
    at = [round(rng.uniform(ENTRY_S - 200.0, ENTRY_S + 900.0), 1) for _ in mixture]
    texts = [f"{fault.NAME} at {when}" for fault, when in zip(mixture, at, strict=True)]
    timed = [type(f)(**{**vars(f), "at": when}) for f, when in zip(mixture, at, strict=True)]

    async def story(stages):
        stages.append(stage := Stage(tmp_path))
        stage.server.arm(*timed)
        stage.server.call_later(ENTRY_S + 2400.0, stage.server.director.disarm)
        ending, loop = await stage.live(2.5 * HOUR + BETWEEN_STEPS_S)
        return stage, ending, loop.desk

    stage, ending, desk = play(story)
    assert ending.exit is Exit.CLEAN, texts
    assert desk.ready_at is not None, texts
    assert not desk.uncertain, texts
    books_agree(tmp_path, stage, desk)


def test_nothing_is_traded_while_one_order_is_uncertain(tmp_path):
    log = []

    def observe(events, effects, desk):
        log.extend(event for event in events if isinstance(event, OrderUncertain | SETTLED))
        log.extend(effect for effect in effects if isinstance(effect, PlaceOrder))

    stage, (cut, mute), _, desk = a_day(
        tmp_path,
        fault_from_text("drop=rst,ref=cb-condor-*,times=1"),
        fault_from_text("never_answer=62,at=5390,for_s=1200"),
        observers=(observe,),
    )
    assert cut.hits == 1
    assert mute.hits > 0
    doubt = next(i for i, item in enumerate(log) if isinstance(item, OrderUncertain))
    settled = next(i for i, item in enumerate(log) if i > doubt and isinstance(item, SETTLED))
    assert not any(isinstance(item, PlaceOrder) for item in log[doubt:settled])
    books_agree(tmp_path, stage, desk)


def test_a_hanging_short_leg_is_bought_back(tmp_path):
    stage, (hanging,), _, desk = a_day(tmp_path, fault_from_text("leg_imbalance=1+2,0"))
    assert hanging.hits == 1
    books_agree(tmp_path, stage, desk)


@pytest.mark.parametrize("code", [201, 110, 321])
def test_a_refused_entry_is_not_tried_again_before_half_an_hour_has_passed(tmp_path, code):
    stage, (refusal,), _, desk = a_day(tmp_path, fault_from_text(f"reject={code}"), hours=4)
    assert refusal.hits >= 2
    times = sorted(order.created_at for order in desk.orders.values())
    apart = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(times)]
    assert min(apart) >= 1800
    assert stage.positions() == {}
    books_agree(tmp_path, stage, desk)


def test_a_correction_changes_the_cost_of_the_condor_and_not_its_size(tmp_path):
    plain_stage, _, _, plain = a_day(tmp_path / "a")
    stage, (fault,), _, desk = a_day(tmp_path / "b", fault_from_text("exec_correction=0.05"))
    assert fault.hits
    assert desk.book.positions() == plain.book.positions() == plain_stage.positions()
    books_agree(tmp_path / "b", stage, desk)


def test_while_a_login_waits_for_a_person_the_daemon_says_that_it_is_not_ready(tmp_path):
    stage, _, ending, desk = a_day(tmp_path, fault_from_text("weekly_2fa=at=600"))
    assert ending.exit is Exit.CLEAN
    assert desk.ready_at is None
    assert desk.trading is TradingState.ACTIVE
    assert all(order.created_at < stage.clock.now() for order in desk.orders.values())


@pytest.mark.parametrize(
    "text",
    ["delayed", "stale_quotes", "halt", "bad_quotes=crossed", "bad_quotes=unset",
     "bad_quotes=zero-size", "bad_quotes=nan", "unsubscribed", "competing_login=for_s=7200"],
)  # fmt: skip
def test_on_quotes_that_cannot_be_trusted_no_position_is_opened(tmp_path, text):
    stage, _, _, desk = a_day(tmp_path, fault_from_text(text))
    assert sent(stage) == {}
    assert desk.ready_at is not None
    assert {contract.right for contract in stage.positions()} <= {Right.CALL, Right.PUT}


def test_the_same_faults_and_seed_give_the_same_day(tmp_path):
    def story(folder):
        texts = ("drop=rst,at=5410", "exec_dup=chance=0.5", "partial=1,chance=0.3")
        stage, _, _, desk = a_day(folder, *map(fault_from_text, texts))
        return sent(stage), desk.book.positions(), stage.server.gateway.account.cash

    assert story(tmp_path / "a") == story(tmp_path / "b")
