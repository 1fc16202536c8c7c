"""Books that see and hold the same choose the same strikes, worked out once; others do not."""

from dataclasses import replace
from decimal import Decimal

from domain.desk import Desk
from domain.instruments import SPX
from strategies.iron_condor import IronCondorParams
from strategies.iron_condor.listed import Listed
from strategies.iron_condor.strikes import Choice, choose
from tests.builders import EXPIRATION, Market, condor, quoted, ready_desk, with_condor

PARAMS = IronCondorParams()


def seen(desk: Desk) -> Desk:
    """With quotes of everything the choice asks for."""
    desk = quoted(desk, Market())
    for _ in range(3):
        desk = quoted(desk, Market(), chosen(desk).wanted)
    return desk


def chosen(desk: Desk, params: IronCondorParams = PARAMS) -> Choice:
    return choose(desk, desk.chains["SPXW"], EXPIRATION, 0.20, params)


def listed(desk: Desk) -> Listed:
    return Listed(desk, desk.chains["SPXW"], EXPIRATION)


def test_two_books_with_the_same_quotes_share_one_choice() -> None:
    desk = seen(ready_desk())
    poorer = replace(desk, account=replace(desk.account, cash=Decimal(1)))
    lower = replace(PARAMS, vix_ceiling=19.0)  # decides on other things than strikes
    first = chosen(desk)
    assert first.condor is not None
    assert chosen(poorer, lower) is first


def test_other_quotes_or_other_wings_make_another_choice() -> None:
    desk = seen(ready_desk())
    first = chosen(desk)
    assert first.condor is not None
    blind = {c: q for c, q in desk.quotes.items() if c != first.condor.long_put}
    assert chosen(replace(desk, quotes=blind)).condor is None
    wider = chosen(desk, replace(PARAMS, wing_points=50.0))
    assert wider is not first


def test_what_is_held_short_is_not_bought_and_what_is_held_long_is_not_sold() -> None:
    desk = with_condor(ready_desk())
    row, combo = listed(desk), condor()
    assert combo.short_put.strike not in row.longs(combo.short_put.right, 9_999.0)
    assert combo.short_put.strike in row.shorts(combo.short_put.right, 9_999.0)
    assert combo.long_call.strike not in row.shorts(combo.long_call.right, 0.0)
    assert combo.long_call.strike in row.longs(combo.long_call.right, 0.0)
    assert row != listed(ready_desk())


def test_how_many_are_held_makes_no_difference_but_a_refusal_does() -> None:
    few, many = (with_condor(ready_desk(), quantity) for quantity in (1, 3))
    assert listed(few) == listed(many)
    assert hash(listed(few)) == hash(listed(many))
    refused = replace(few, refused=frozenset({condor().long_put}))
    assert listed(refused) != listed(few)


def test_only_fresh_quotes_of_the_expiration_count() -> None:
    desk = seen(ready_desk())
    row = listed(desk)
    assert row.quotes
    assert all(contract.expiration == EXPIRATION for contract in row.quotes)
    assert SPX not in row.quotes
    later = replace(desk, now=desk.now.replace(hour=desk.now.hour + 1))
    assert not listed(later).quotes
