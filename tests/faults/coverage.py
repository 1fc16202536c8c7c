"""Which test answers for which known misbehaviour of a gateway: a table that is checked.

Sections: A connection and session, B reconciliation, C market data, D orders and the disorder of
their messages, H what the client library makes of them. A row that is a number is a message
code: one of its tests must have that code among its parameters, or in its text.
"""

from typing import Final

ORDERS, WIRE = "tests.faults.test_orders", "tests.scenarios.wire.test_orders"
CONNECTION, STARTS = "tests.faults.test_connection", "tests.scenarios.wire.test_connection"
DATA, REPORTS = "tests.faults.test_market_data", "tests.faults.test_reports"
RARE, AGREEMENT = "tests.faults.test_rare_codes", "tests.faults.test_reconciliation"
HAZARDS, DAEMON = "tests.faults.test_library_hazards", "tests.faults.test_daemon"

REFUSED = f"{ORDERS}:test_a_new_order_that_is_refused_is_rejected_once_and_not_sent_again"
REMARKED = f"{ORDERS}:test_an_error_about_an_accepted_order_does_not_end_it"
UNCHANGED = f"{ORDERS}:test_a_change_that_is_refused_leaves_the_order_at_its_old_limit_and_says_so"
KEPT = f"{ORDERS}:test_a_cancel_that_is_refused_proves_nothing_and_the_order_can_be_canceled_again"
NOTICED = f"{CONNECTION}:test_messages_about_services_change_nothing"
GENERAL = f"{RARE}:test_a_general_message_of_any_code_costs_nothing"
LOST = f"{CONNECTION}:test_lost_servers_are_one_loss_and_their_return_proves_orders_and_quotes"
FARMS = f"{CONNECTION}:test_a_flapping_farm_costs_neither_the_connection_nor_readiness"
BARS = f"{RARE}:test_bars_that_were_refused_or_deactivated_are_asked_for_again_without_haste"
LINE = f"{RARE}:test_a_line_that_was_refused_for_no_good_reason_is_asked_for_again_without_haste"
UNSUBSCRIBED = f"{DATA}:test_data_that_are_not_subscribed_leave_no_quote_and_are_asked_for_once"
NO_PAIR = f"{DATA}:test_a_pair_that_cannot_be_true_is_no_pair"
COUNTED = f"{REPORTS}:test_however_it_is_told_every_execution_counts_once"
NOBODY = f"{RARE}:test_answers_and_ticks_that_belong_to_nobody_change_nothing"
CUT = (
    f"{CONNECTION}:test_an_order_whose_connection_is_cut_before_any_answer_is_uncertain_"
    "and_never_sent_again"
)
WHAT_IF = f"{RARE}:test_a_what_if_that_is_refused_has_no_numbers_and_says_why"

ROWS: Final[dict[str, tuple[str, ...]]] = {
    "A refused connection": (
        (f"{CONNECTION}:test_a_gateway_that_refuses_connections_is_asked_again_ever_more_slowly_"
         "until_it_answers"),
    ),
    "A slow connection": (
        (f"{CONNECTION}:test_a_connection_that_is_accepted_and_hears_nothing_is_given_up_"
         "and_tried_again"),
    ),
    "A 326": (
        f"{CONNECTION}:test_326_after_a_loss_is_waited_for_with_the_same_id_and_without_hurry",
        f"{STARTS}:test_a_client_id_in_use_is_waited_for_and_never_replaced",
    ),
    "A old version": (f"{CONNECTION}:test_a_gateway_of_an_old_version_is_never_taken_for_ready",),
    "A call while disconnected": (
        f"{STARTS}:test_nothing_can_be_sent_before_readiness_nor_after_the_loss",
    ),
    "A cut connection": (CUT,),
    "A half-open socket": (f"{CONNECTION}:test_a_half_open_socket_is_found_by_asking_and_left",),
    "A hung gateway": (f"{STARTS}:test_a_gateway_that_hangs_is_left_and_sought_again",),
    "A connected, not logged in": (
        f"{CONNECTION}:test_connected_but_not_logged_in_is_a_failed_start",
        f"{STARTS}:test_a_start_without_one_of_the_answers_is_no_start",
    ),
    "A 1100": (LOST,),
    "A 1101": (LOST,),
    "A 1102": (LOST,),
    "A 1102, data stay dead": (
        (f"{CONNECTION}:test_lines_that_stay_dead_though_their_data_were_maintained_are_asked_"
         "for_again"),
    ),
    "A 2110": (LOST,),
    "A 1300": (
        f"{RARE}:test_a_gateway_that_moved_is_followed_to_a_port_of_paper_trading",
        f"{RARE}:test_a_gateway_that_moved_to_a_live_port_is_not_followed",
    ),
    "A farm broken (2103, 2105, 2157) and OK (2104, 2106, 2158)": (FARMS,),
    "A 2104": (NOTICED,),
    "A 2106": (NOTICED,),
    "A 2107": (NOTICED,),
    "A 2108": (NOTICED,),
    "A 2119": (NOTICED,),
    "A 2158": (NOTICED,),
    "A a single lost line (10182)": (f"{DATA}:test_a_single_lost_line_is_asked_for_again",),
    "A nightly reset": (
        f"{CONNECTION}:test_the_nightly_reset_is_one_loss_and_one_return",
        f"{RARE}:test_nothing_is_opened_before_and_during_the_nightly_window",
    ),
    "A daily restart": (
        f"{CONNECTION}:test_orders_survive_the_daily_restart_and_are_found_again",
    ),
    "A order ids begin anew": (
        f"{CONNECTION}:test_order_ids_that_begin_again_at_one_meet_none_of_the_old_ones",
    ),
    "A weekly log-off with 2FA": (
        f"{CONNECTION}:test_a_login_that_waits_for_a_person_is_never_ready_and_recovers_by_itself",
        f"{DAEMON}:test_while_a_login_waits_for_a_person_the_daemon_says_that_it_is_not_ready",
    ),
    "A competing login (10197)": (
        f"{CONNECTION}:test_a_competing_login_blanks_the_quotes_and_is_not_fought_over",
    ),
    "A read-only API (321)": (
        f"{CONNECTION}:test_a_read_only_gateway_rejects_and_nothing_is_sent_twice",
    ),
    "A 320": (GENERAL, REFUSED, LINE),
    "A 321": (GENERAL, REFUSED, UNCHANGED),
    "A 322": (GENERAL, REFUSED, LINE),
    "B positions, orders, completed, executions, account": (
        (f"{AGREEMENT}:test_every_five_minutes_everything_is_compared_quietly_and_nothing_is_"
         "disturbed"),
        f"{AGREEMENT}:test_an_answer_that_stays_away_is_a_lost_gateway_not_a_silent_gap",
    ),
    "B a fill of the gap": (
        f"{CONNECTION}:test_a_fill_of_the_gap_is_told_once_before_readiness",
        f"{AGREEMENT}:test_executions_that_were_never_told_are_found_by_the_next_comparison",
    ),
    "B an end in the gap": (
        f"{RARE}:test_an_order_that_ended_while_nobody_was_connected_is_found_among_the_completed",
    ),
    "B older than midnight": (
        f"{AGREEMENT}:test_executions_lost_over_midnight_leave_the_order_uncertain_for_good",
    ),
    "B matched by reference and permanent id": (
        f"{WIRE}:test_a_new_life_recognises_the_orders_of_the_last",
        f"{AGREEMENT}:test_a_second_order_under_our_reference_is_nobody_s_and_the_first_stays_ours",
    ),
    "B foreign orders and holdings": (
        f"{AGREEMENT}:test_an_order_of_somebody_else_is_named_and_never_touched",
        f"{AGREEMENT}:test_while_somebody_s_order_is_there_nothing_is_opened_and_afterwards_it_is",
        f"{AGREEMENT}:test_a_trade_by_hand_freezes_new_risk_and_says_which_contract",
    ),
    "C 354": (UNSUBSCRIBED,),
    "C 10168": (UNSUBSCRIBED,),
    "C 10186": (UNSUBSCRIBED,),
    "C 10089": (UNSUBSCRIBED,),
    "C 10090": (f"{DATA}:test_data_that_are_subscribed_in_part_go_on_without_greeks",),
    "C 10091": (f"{DATA}:test_data_that_are_subscribed_in_part_go_on_without_greeks",),
    "C delayed data (10167)": (f"{DATA}:test_delayed_data_are_marked_as_such_in_every_quote",),
    "C competing session (10197)": (
        f"{CONNECTION}:test_a_competing_login_blanks_the_quotes_and_is_not_fought_over",
    ),
    "C no such contract (200)": (
        f"{DATA}:test_an_expired_or_unlisted_contract_is_refused_once_and_not_asked_for_again",
    ),
    "C 101": (f"{DATA}:test_a_line_limit_below_the_budget_keeps_the_most_important_lines",),
    "C 300": (NOTICED,),
    "C 102": (LINE,),
    "C 386": (LINE, GENERAL),
    "C 414": (LINE, GENERAL),
    "C 10225": (BARS, GENERAL),
    "C four meanings of 162": (
        f"{DATA}:test_refused_bars_are_asked_for_again_without_haste",
    ),
    "C 366": (NOTICED, BARS),
    "C 420": (BARS, GENERAL),
    "C 165": (BARS, GENERAL),
    "C 10187": (BARS, GENERAL),
    "C 10189": (BARS, GENERAL),
    "C 100": (
        f"{DATA}:test_a_gateway_that_rejects_fast_talkers_never_has_to",
        f"{DATA}:test_100_and_its_third_strike_are_a_lost_connection_and_nothing_worse",
    ),
    "C a gateway that paces": (
        f"{DATA}:test_a_gateway_that_paces_delays_answers_and_loses_none",
    ),
    "C frozen quotes": (
        f"{DATA}:test_frozen_quotes_keep_the_time_at_which_they_were_last_said",
        f"{DATA}:test_quotes_that_stay_frozen_after_1102_are_asked_for_again_until_they_move",
    ),
    "C crossed, -1, size 0": (NO_PAIR,),
    "C locked": (f"{DATA}:test_a_locked_market_is_a_market",),
    "C close-only": (f"{DATA}:test_a_close_alone_is_no_price",),
    "C halted": (f"{DATA}:test_a_halt_is_in_the_quote_and_ends_with_it",),
    "C tick after cancel": (
        f"{DATA}:test_a_tick_after_its_line_was_given_back_belongs_to_nobody",
    ),
    "C model not computed": (f"{DATA}:test_greeks_that_were_not_computed_are_not_needed",),
    "C largest double": (
        f"{DATA}:test_an_account_value_that_is_not_available_is_not_a_number_of_the_desk_s",
        f"{REPORTS}:test_a_commission_that_is_not_available_is_not_booked_and_asked_for_again",
        f"{RARE}:test_margins_that_are_not_available_are_no_numbers",
    ),
    "D 201": (REFUSED, UNCHANGED),
    "D three strikes": (
        f"{RARE}:test_three_rejections_halt_the_daemon_and_a_restart_does_not_forget",
    ),
    "D 202": (REMARKED,),
    "D 103": (REFUSED, REMARKED),
    "D 104": (UNCHANGED,),
    "D 105": (UNCHANGED,),
    "D 106": (REFUSED,),
    "D 107": (REFUSED,),
    "D 109": (REFUSED,),
    "D 163": (REFUSED,),
    "D 383": (REFUSED,),
    "D 110": (REFUSED, UNCHANGED),
    "D 135": (KEPT,),
    "D 154": (REFUSED,),
    "D 161": (KEPT,),
    "D 10147": (KEPT,),
    "D 10148": (KEPT,),
    "D 2102": (UNCHANGED, REMARKED),
    "D 2109": (REMARKED,),
    "D 2161": (REMARKED,),
    "D 2137": (REMARKED,),
    "D 2148": (REMARKED,),
    "D 399": (REMARKED,),
    "D 404": (REMARKED,),
    "D 434": (REFUSED,),
    "D 481": (REMARKED,),
    "D 10349": (REMARKED,),
    "D 10268": (REFUSED,),
    "D 10269": (REFUSED,),
    "D 10311": (REMARKED, NOTICED),
    "D 10329": (REMARKED,),
    "D 10233": (REMARKED,),
    "D 312": (REFUSED,),
    "D 313": (REFUSED,),
    "D 314": (REFUSED,),
    "D 315": (REFUSED,),
    "D 10002": (REFUSED,),
    "D 10006": (REFUSED,),
    "D 321": (REFUSED, UNCHANGED),
    "D 360": (
        WHAT_IF,
        f"{RARE}:test_without_a_what_if_our_own_model_decides_and_says_so",
    ),
    "D 388": (REFUSED,),
    "D 355": (REFUSED,),
    "D 460": (REFUSED,),
    "D 203": (REFUSED, REMARKED),
    "D 392": (REFUSED,),
    "D a code nobody knows": (
        f"{RARE}:test_a_refusal_of_a_code_nobody_knows_is_doubt_and_the_evidence_ends_it",
    ),
    "D status missing": (COUNTED, f"{WIRE}:test_fills_without_any_status_are_still_fills"),
    "D status late or out of order": (COUNTED,),
    "D status, execution or commission doubled": (
        COUNTED,
        f"{WIRE}:test_everything_said_twice_counts_once",
    ),
    "D execution corrected": (
        f"{REPORTS}:test_a_correction_replaces_what_it_corrects_also_in_the_replay",
        f"{REPORTS}:test_a_correction_that_overtakes_its_original_stays_the_last_word",
    ),
    "D commission first": (COUNTED,),
    "D commission never told": (
        f"{REPORTS}:test_a_commission_that_was_never_told_is_asked_for_and_never_taken_for_zero",
    ),
    "D fill after the cancel": (
        f"{ORDERS}:test_a_fill_after_the_confirmed_cancel_counts",
        f"{ORDERS}:test_a_cancel_that_is_refused_because_the_order_filled_ends_in_the_fills",
    ),
    "D filled in parts": (
        f"{ORDERS}:test_the_rest_of_a_partly_filled_order_is_canceled_and_the_part_stays",
        COUNTED,
    ),
    "D a leg left hanging": (
        f"{ORDERS}:test_a_hanging_leg_is_in_the_book_at_once_and_the_rest_when_it_comes",
        f"{DAEMON}:test_a_hanging_short_leg_is_bought_back",
        f"{RARE}:test_legs_that_do_not_fill_together_are_told_of_within_ten_seconds_and_a_tick",
    ),
    "D summary of a combo": (f"{RARE}:test_the_summary_of_a_combo_is_no_execution_of_a_leg",),
    "D inactive and revived": (
        f"{ORDERS}:test_an_inactive_order_is_held_and_may_come_back_to_life",
    ),
    "D every spelling of a status": (
        f"{RARE}:test_no_spelling_of_a_status_but_two_ends_an_order",
    ),
    "D cancel never acknowledged": (
        f"{ORDERS}:test_a_cancel_without_an_answer_is_a_question_and_not_a_cancel",
        f"{ORDERS}:test_a_cancel_that_is_done_much_later_is_believed_then",
    ),
    "D change while connectivity is lost": (
        (f"{ORDERS}:test_nothing_is_changed_while_the_servers_are_lost_so_that_no_second_order_"
         "can_arise"),
        f"{WIRE}:test_a_change_that_was_on_its_way_when_the_servers_went_is_read_again",
        f"{AGREEMENT}:test_a_second_order_under_our_reference_is_nobody_s_and_the_first_stays_ours",
    ),
    "D a question never answered": (
        f"{ORDERS}:test_a_question_that_is_never_answered_holds_nothing_else_up",
    ),
    "D an answer after our own deadline": (
        f"{ORDERS}:test_an_answer_after_our_own_deadline_is_ignored",
    ),
    "D an answer after a reconnect": (NOBODY,),
    "D unknown message": (COUNTED,),
    "D unknown tick type, request id": (NOBODY,),
    "D messages cut short, garbled": (COUNTED,),
    "D frames split and together": (
        f"{CONNECTION}:test_frames_split_anywhere_say_the_same",
        f"{CONNECTION}:test_frames_that_arrive_together_say_the_same",
    ),
    "H 1 errors end live orders": (
        f"{HAZARDS}:test_1_an_error_about_a_cancel_ends_a_live_order_in_the_library_and_not_here",
        f"{HAZARDS}:test_1_a_rejected_change_ends_a_live_order_in_the_library_and_not_here",
    ),
    "H 2 corrections are added": (
        f"{HAZARDS}:test_2_a_corrected_execution_is_two_fills_to_the_library_and_one_here",
    ),
    "H 3 prices that are none": (
        f"{HAZARDS}:test_3_a_price_that_is_none_goes_on_the_wire_in_the_library_and_never_here",
    ),
    "H 4 a NUL in a reference": (
        (f"{HAZARDS}:test_4_a_reference_with_a_nul_becomes_a_field_in_the_library_and_never_leaves_"
         "here"),
    ),
    "H 5 orders lost in a queue": (
        (f"{HAZARDS}:test_5_orders_in_the_library_s_queue_die_with_the_connection_and_none_of_ours_"
         "is_in_one"),
    ),
    "H 6 connected without open orders": (
        f"{HAZARDS}:test_6_a_start_without_the_open_orders_is_a_start_to_the_library_and_none_here",
    ),
    "H 7 a frame without bound": (
        f"{HAZARDS}:test_7_a_frame_without_end_fills_the_library_s_buffer_and_ends_our_connection",
    ),
}  # fmt: skip
