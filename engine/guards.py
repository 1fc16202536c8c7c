"""Invariants that the core cannot look at, each with the assertion that keeps it and the bug that
was planted against it. A list of names; tests prove that all of them exist.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Guard:
    """``kept_by`` is file:function of the assertion that is always on, ``planted`` file:test of
    the bug it catches; ``then`` is what a breach leads to.
    """

    id: str
    sentence: str
    kept_by: str
    then: str
    planted: str


GUARDS: Final[tuple[Guard, ...]] = (
    Guard(
        "A1",
        "The journal has committed an order before a frame of it is made.",
        "bot/loop.py:turn",
        "the process ends",
        "tests/bot/test_loop.py:test_a_batch_that_could_not_be_recorded_changes_nothing_and_reaches_nobody",
    ),
    Guard(
        "A2",
        "No reference is sent twice by the broker adapter either.",
        "bot/broker/orders.py:sent",
        "the process ends",
        "tests/faults/test_orders.py:"
        "test_a_new_order_that_is_refused_is_rejected_once_and_not_sent_again",
    ),
    Guard(
        "A3",
        "Orders of others, and second orders under our reference, are named and never touched.",
        "bot/broker/orders.py:knows",
        "nothing is opened while they are there",
        "tests/faults/test_reconciliation.py:"
        "test_a_second_order_under_our_reference_is_nobody_s_and_the_first_stays_ours",
    ),
    Guard(
        "A4",
        "Only evidence ends uncertainty: two looks, the same day, positions as in our book.",
        "bot/broker/reconcile.py:_provably_absent",
        "the order stays uncertain",
        "tests/faults/test_reconciliation.py:"
        "test_an_absent_order_whose_legs_have_moved_at_the_broker_stays_uncertain",
    ),
    Guard(
        "A5",
        "Recovery from any point gives the desk that the records fold to.",
        "bot/recovery.py:_agreed",
        "saved desks are refused, the records are folded",
        "tests/bot/journal/test_checkpoints.py:"
        "test_saved_desks_that_contradict_the_records_lose_and_are_told",
    ),
    Guard(
        "A6",
        "Recovery of a recovery is the same recovery.",
        "bot/recovery.py:recovered",
        "saved desks are refused, the records are folded",
        "tests/bot/journal/test_power_loss.py:"
        "test_a_power_loss_during_recovery_loses_nothing_either",
    ),
    Guard(
        "A7",
        "The journal is one unbroken chain, as long as the anchor remembers it.",
        "bot/journal/sqlite.py:_resume",
        "the process does not start",
        "tests/bot/journal/test_sqlite.py:"
        "test_a_changed_record_breaks_the_chain_and_the_journal_is_not_opened",
    ),
    Guard(
        "A8",
        "After an error of the journal nothing is sent any more.",
        "bot/journal/sqlite.py:_final",
        "the process ends",
        "tests/bot/journal/test_failing_disk.py:"
        "test_a_daemon_whose_disk_fails_ends_at_once_and_has_sent_nothing_unrecorded",
    ),
    Guard(
        "A9",
        "One daemon for a journal, one connection for a client id.",
        "bot/journal/database.py:lock",
        "the process does not start, or waits for the id",
        "tests/bot/journal/test_sqlite.py:test_two_daemons_cannot_share_a_journal",
    ),
    Guard(
        "D1",
        "Paper accounts and ports only.",
        "bot/broker/sending.py:_checked_link",
        "the process ends with code 3",
        "tests/scenarios/wire/test_orders.py:"
        "test_an_account_that_turns_out_live_stops_the_next_order_in_the_door",
    ),
    Guard(
        "D2",
        "One module sends orders and cancels.",
        "bot/broker/seal.py:call",
        "nothing leaves, the connection and the process end",
        "tests/bot/broker/test_seal.py:test_an_order_past_the_door_does_not_leave_and_ends_the_life",
    ),
    Guard(
        "E1",
        "What adds risk needs the signatures of so many distinct people over its exact bytes.",
        "bot/approvals/rules.py:judge",
        "the command is refused",
        "tests/bot/approvals/test_rules.py:"
        "test_without_any_one_rule_something_forbidden_would_pass",
    ),
    Guard(
        "E2",
        "A plan takes effect once, in its time, and never after the clock has jumped.",
        "bot/approvals/rules.py:nonce_unused",
        "the command is refused",
        "tests/bot/approvals/test_office.py:test_nonce_and_effect_are_in_one_batch",
    ),
    Guard(
        "E3",
        "One person stops it over any channel, before the next opening order leaves.",
        "bot/inbox.py:objection",
        "opening orders are held back",
        "tests/bot/approvals/test_office.py:test_a_stop_after_the_resume_was_queued_stays",
    ),
    Guard(
        "F1",
        "Ready only after a complete set of answers on this very connection.",
        "bot/broker/session.py:_become_ready",
        "the process ends",
        "tests/bot/broker/test_readiness.py:test_readiness_without_evidence_is_refused",
    ),
    Guard(
        "F2",
        "No task ends silently, no question is without a deadline.",
        "bot/supervise.py:supervise",
        "the process ends",
        "tests/bot/test_supervise.py:test_a_task_that_just_returns_is_a_crash_too",
    ),
    Guard(
        "F3",
        "Every queue has an end; beyond it is a failure, not a loss.",
        "bot/inbox.py:put",
        "the process ends",
        "tests/bot/test_inbox.py:test_overflow_is_fatal_even_when_a_callback_swallowed_it",
    ),
    Guard(
        "F4",
        "Wall clock and monotonic clock pass the same time, to two seconds.",
        "bot/clock_watch.py:trouble",
        "nothing is sent until both have agreed for a minute",
        "tests/bot/test_clock_watch.py:test_a_jump_shuts_the_gate_until_both_have_run_together_again",
    ),
)
