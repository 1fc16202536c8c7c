"""How faults are written, and when they strike."""

from dataclasses import fields
from datetime import UTC, datetime

import pytest

from sim.gateway.faults.catalogue import (
    FAULTS,
    FaultError,
    fault_from_text,
    faults_from_toml,
    faults_page,
)
from sim.gateway.faults.connection_faults import Drop, RefuseConnect
from sim.gateway.faults.fault import moment
from sim.gateway.faults.order_faults import Partial, Reject
from sim.gateway.faults.session_faults import Notice

MONDAY = datetime(2018, 2, 5, 15, 0, tzinfo=UTC)  # 10:00 in New York


@pytest.mark.parametrize("name", FAULTS)
def test_every_switch_works_without_arguments_and_says_what_it_does(name):
    fault = fault_from_text(name)
    assert type(fault) is FAULTS[name]
    assert f"| `{name}` |" in faults_page()
    assert fault.IMITATES
    assert type(fault).__doc__
    for item in fields(fault):  # each argument can be written as it is shown
        assert fault_from_text(f"{name}={item.name}={getattr(fault, item.name)}") == fault


def test_arguments_come_by_position_or_by_name():
    assert fault_from_text("drop=rst,at=10:30") == Drop(how="rst", at="10:30")
    assert fault_from_text("partial=2,true,ref=condor-*") == Partial(
        units=2, only=True, ref="condor-*"
    )
    assert fault_from_text("refuse_connect=at=60,for_s=30") == RefuseConnect(at=60.0, for_s=30.0)


@pytest.mark.parametrize(
    "text",
    [
        "no_such_fault", "drop=sideways", "drop=rst,false,3", "drop=how=fin,how=rst",
        "reject=many", "drop=colour=red", "drop=at=25:00", "drop=at=-1", "drop=chance=2",
        "partial=1,perhaps",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_a_reason(text):
    with pytest.raises(FaultError, match=r"\w"):
        fault_from_text(text)


def test_a_file_has_one_table_for_each_fault():
    text = """
        [[fault]]
        name = "reject"
        code = 110
        text = "a comma, in a text"
        [[fault]]
        name = "drop"
        at = 3600
    """
    assert faults_from_toml(text) == [
        Reject(code=110, text="a comma, in a text"),
        Drop(at=3600.0),
    ]
    for wrong in ("[[fault]]", "x = 1", "fault = 3", "[[fault"):
        with pytest.raises(FaultError):
            faults_from_toml(wrong)


def test_a_time_of_day_is_new_york_s_and_comes_every_day_or_week():
    assert moment(90).after(MONDAY) == datetime(2018, 2, 5, 15, 1, 30, tzinfo=UTC)
    assert moment("10:30").after(MONDAY) == datetime(2018, 2, 5, 15, 30, tzinfo=UTC)
    assert moment("10:00").after(MONDAY) == datetime(2018, 2, 6, 15, 0, tzinfo=UTC)
    assert moment("sat 23:30").after(MONDAY) == datetime(2018, 2, 11, 4, 30, tzinfo=UTC)


def test_a_message_for_the_session_has_any_code():
    assert fault_from_text("notice=1300,gone elsewhere") == Notice(code=1300, text="gone elsewhere")
