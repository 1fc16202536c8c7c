"""Every known misbehaviour has a test, which goes over the wire and through the real client."""

import importlib
import inspect
from types import FunctionType

import pytest

from tests.faults.coverage import ROWS

# All that is known, written down apart from the table so that a row cannot be dropped from both.
CODES = {
    "A": [326, 1100, 1101, 1102, 2110, 1300, 2104, 2106, 2107, 2108, 2119, 2158, 320, 321, 322],
    "C": [354, 10168, 10186, 10089, 10090, 10091, 101, 300, 102, 386, 414, 10225, 366, 420, 165,
          10187, 10189, 100],
    "D": [201, 202, 103, 104, 105, 106, 107, 109, 163, 383, 110, 135, 154, 161, 10147, 10148, 2102,
          2109, 2161, 2137, 2148, 399, 404, 434, 481, 10349, 10268, 10269, 10311, 10329, 10233, 312,
          313, 314, 315, 10002, 10006, 321, 360, 388, 355, 460, 203, 392],
}  # fmt: skip
WORDS = [
    "A refused connection",
    "A slow connection",
    "A old version",
    "A call while disconnected",
    "A cut connection",
    "A half-open socket",
    "A hung gateway",
    "A connected, not logged in",
    "A 1102, data stay dead",
    "A farm broken (2103, 2105, 2157) and OK (2104, 2106, 2158)",
    "A a single lost line (10182)",
    "A nightly reset",
    "A daily restart",
    "A order ids begin anew",
    "A weekly log-off with 2FA",
    "A competing login (10197)",
    "A read-only API (321)",
    "B positions, orders, completed, executions, account",
    "B a fill of the gap",
    "B an end in the gap",
    "B older than midnight",
    "B matched by reference and permanent id",
    "B foreign orders and holdings",
    "C delayed data (10167)",
    "C competing session (10197)",
    "C no such contract (200)",
    "C four meanings of 162",
    "C a gateway that paces",
    "C frozen quotes",
    "C crossed, -1, size 0",
    "C locked",
    "C close-only",
    "C halted",
    "C tick after cancel",
    "C model not computed",
    "C largest double",
    "D three strikes",
    "D a code nobody knows",
    "D status missing",
    "D status late or out of order",
    "D status, execution or commission doubled",
    "D execution corrected",
    "D commission first",
    "D commission never told",
    "D fill after the cancel",
    "D filled in parts",
    "D a leg left hanging",
    "D summary of a combo",
    "D inactive and revived",
    "D every spelling of a status",
    "D cancel never acknowledged",
    "D change while connectivity is lost",
    "D a question never answered",
    "D an answer after our own deadline",
    "D an answer after a reconnect",
    "D unknown message",
    "D unknown tick type, request id",
    "D messages cut short, garbled",
    "D frames split and together",
    "H 1 errors end live orders",
    "H 2 corrections are added",
    "H 3 prices that are none",
    "H 4 a NUL in a reference",
    "H 5 orders lost in a queue",
    "H 6 connected without open orders",
    "H 7 a frame without bound",
]
WIRES = ("on_the_wire", "a_day", "play")


def function(node: str) -> FunctionType:
    module, _, name = node.partition(":")
    found = getattr(importlib.import_module(module), name)
    assert isinstance(found, FunctionType)
    return found


def of_a_code(row: str) -> str:
    """The code that a row is about; empty for rows in words."""
    code = row.partition(" ")[2]
    return code if code.isdecimal() else ""


def test_everything_that_is_known_has_a_row():
    listed = [f"{section} {code}" for section, codes in CODES.items() for code in codes]
    assert sorted([*listed, *WORDS]) == sorted(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_the_tests_of_a_row_exist_and_go_over_the_wire(row):
    assert ROWS[row]
    for node in ROWS[row]:
        found = function(node)
        assert any(f"{name}(" in inspect.getsource(found) for name in WIRES), node
        assert importlib.import_module(found.__module__).pytestmark.name == "scenario", node


@pytest.mark.parametrize("row", filter(of_a_code, ROWS))
def test_a_row_of_a_code_is_tested_with_that_code(row):
    code = of_a_code(row)
    tested = 0
    for node in ROWS[row]:
        found = function(node)
        marks = getattr(found, "pytestmark", [])
        values = {str(value) for mark in marks if len(mark.args) > 1 for value in mark.args[1]}
        tested += code in values or code in f"{found.__name__} {inspect.getsource(found)}"
    assert tested
