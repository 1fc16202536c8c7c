"""One connection: versions, client ids, garbage, limits of rate and of lines."""

import random
import struct
from itertools import groupby

import pytest

from sim.gateway.session import Session
from sim.gateway.settings import GatewaySettings
from tests.sim.gateway.bench import ACCOUNT, Bench, RawClient, bodies, hello


@pytest.fixture
def bench() -> Bench:
    return Bench()


def index_request(
    req_id: int, symbol: str = "SPX", *, generic: str = "", snapshot: int = 0
) -> list[object]:
    return [
        1, 11, req_id, 0, symbol, "IND", "", 0.0, "", "", "CBOE", "", "USD", "", "", 0, generic,
        snapshot, 0, "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("versions", "agreed"),
    [
        (b"v100..157", "157"), (b"v157..176", "176"), (b"v157..178", "178"), (b"v100..225", "178"),
        (b"v100..158", "157"), (b"v157..163", "163"),
    ],
)  # fmt: skip
def test_the_highest_common_version_is_spoken(bench: Bench, versions: bytes, agreed: str) -> None:
    session = Session(bench.gateway)
    session.receive(hello(versions))
    assert bodies(session.output()) == [[agreed, "20180116 09:30:00 US/Eastern"]]
    assert not session.closed


@pytest.mark.parametrize("versions", [b"v100..150", b"v200..225"])
def test_without_a_common_version_the_client_is_told_and_left(
    bench: Bench, versions: bytes
) -> None:
    session = Session(bench.gateway)
    session.receive(hello(versions))
    ((kind, _, subject, code, text),) = bodies(session.output())
    assert (kind, subject, code) == ("4", "-1", "503")
    assert "out of date" in text
    assert session.closed


def test_nothing_but_the_version_is_said_before_startapi(bench: Bench) -> None:
    session = Session(bench.gateway)
    session.receive(hello(b"v157..178"))
    assert len(bodies(session.output())) == 1
    bench.gateway.step()
    session.step()
    assert session.output() == b""


def test_accounts_come_before_the_next_order_id_and_the_farms(bench: Bench) -> None:
    client = RawClient(bench)
    assert client.heard[1] == ["15", "1", ACCOUNT]
    assert client.heard[2] == ["9", "1", "1"]
    assert [fields[3] for fields in client.heard[3:]] == ["2104", "2104", "2106", "2158"]


def test_a_client_id_in_use_is_refused_and_free_again_after_the_client_left(bench: Bench) -> None:
    first, second = RawClient(bench), RawClient(bench)
    assert second.codes() == [326]
    assert second.session.closed
    assert not first.session.closed
    first.session.disconnected()
    assert RawClient(bench).codes() == []


def test_an_unknown_message_leaves_the_connection_open(bench: Bench) -> None:
    client = RawClient(bench)
    assert client.send(9999, 1)[0][3] == "505"
    assert client.send(49, 1) == [["49", "1", "1516113000"]]


@pytest.mark.parametrize(
    "fields", [[9, 8, 1], [9, 8, "x", *[""] * 15], [49, 1, "more"], [1, 11, 5, "a"], ["", ""]]
)
def test_a_misshapen_request_is_named_and_leaves_the_connection_open(
    bench: Bench, fields: list[object]
) -> None:
    client = RawClient(bench)
    assert client.send(*fields)[0][3] in ("320", "505")
    assert not client.session.closed


def test_garbage_costs_the_client_its_connection_and_nobody_else_anything(bench: Bench) -> None:
    good = RawClient(bench)
    chance = random.Random(1)
    for size in range(1, 400, 7):
        bad = RawClient(bench, client_id=1000 + size)
        bad.session.receive(struct.pack(">I", 1 << 30) + chance.randbytes(size))
        assert bad.session.closed
    assert good.send(49, 1)


def test_random_fields_never_raise_and_the_gateway_serves_on(bench: Bench) -> None:
    good = RawClient(bench, client_id=5000)
    chance, served = random.Random(2), 0
    pool = [
        "",
        "0",
        "1",
        "-1",
        "BUY",
        "BAG",
        "SPX",
        "IND",
        "1e400",
        "99999999999999999999",
        "é",
        "nan",
    ]
    for number in range(300):
        client = RawClient(bench, client_id=number)
        kind = chance.choice([1, 3, 4, 6, 7, 9, 20, 50, 54, 62, 74, 76, 78, 81, 87, 91, 92, 96, 97])
        client.send(kind, *(chance.choice(pool) for _ in range(chance.randrange(130))))
        served += client.session.ready
        client.session.disconnected()
    assert served > 200, "a request that makes no sense costs nobody the connection"
    assert good.send(49, 1)
    assert bench.gateway.sessions == [good.session]


def test_too_many_messages_in_a_second_are_refused_then_the_client_is_cut(bench: Bench) -> None:
    client = RawClient(bench)
    for _ in range(50):
        client.send(49, 1)
    assert client.codes() == []
    for strike in (1, 2, 3):
        assert not client.session.closed
        client.send(49, 1)
        assert client.codes() == [100] * strike
    assert client.session.closed


def test_the_rate_is_of_one_second(bench: Bench) -> None:
    client = RawClient(bench)
    for _ in range(4):
        for _ in range(45):
            client.send(49, 1)
        bench.pass_time(1, step_s=1)
    assert client.codes() == []


def test_one_line_too_many_is_refused_and_a_snapshot_needs_none() -> None:
    client = RawClient(Bench(settings=GatewaySettings(lines_max=2)))
    for req_id in (1, 2, 3):
        client.send(*index_request(req_id))
    assert client.codes() == [101]
    snapshot = client.send(*index_request(4, snapshot=1))
    assert snapshot[-1] == ["57", "1", "4"]
    client.send(2, 2, 1)
    client.send(*index_request(5))
    assert client.codes() == [101]


def test_data_that_is_not_subscribed_is_refused_live_and_given_delayed() -> None:
    bench = Bench(settings=GatewaySettings(unsubscribed=frozenset({"SPX"})))
    client = RawClient(bench)
    client.send(*index_request(1))
    assert client.codes() == [354]
    client.send(59, 1, 3)
    answer = client.send(*index_request(2))
    assert answer[0] == ["58", "1", "2", "3"]
    assert client.codes() == [354, 10167]
    assert {fields[3] for fields in answer if fields[0] == "1"} >= {"68"}
    assert not {fields[3] for fields in answer if fields[0] == "1"} & {"1", "2", "4"}


def test_delayed_data_is_a_quarter_of_an_hour_old(bench: Bench) -> None:
    client = RawClient(bench)
    client.send(*index_request(1))
    client.send(59, 1, 3)
    first = next(f[4] for f in client.send(*index_request(2)) if f[:4] == ["1", "6", "2", "68"])
    bench.pass_time(2000)
    heard = client.listen()
    live = [fields[4] for fields in heard if fields[:4] == ["1", "6", "1", "4"]]
    late = [fields[4] for fields in heard if fields[:4] == ["1", "6", "2", "68"]]
    assert late[:59] == [first] * 59, "steps of 15 s: until then the oldest value it knows"
    values = [value for value, _ in groupby([first, *live])]
    assert [value for value, _ in groupby(late)] == values[: len(list(groupby(late)))]
    assert len(late) > 120


def test_frozen_data_keeps_the_last_sides_after_the_close_and_live_data_does_not(
    bench: Bench,
) -> None:
    client = RawClient(bench)
    option = bench.option(2650, "P")
    request = [1, 11, 1, option.con_id, *[""] * 11, 0, "", 0, 0, ""]
    bench.jump(bench.market.ends_at.replace(day=16, hour=23))
    live = client.send(*request)
    assert ["1", "6", "1", "1", "-1.0", "0", "0"] in live
    client.send(59, 1, 2)
    request[2] = 2
    frozen = client.send(*request)
    assert frozen[0] == ["58", "1", "2", "2"]
    assert all(float(f[4]) > 0 for f in frozen if f[0] == "1" and f[3] in ("1", "2"))


@pytest.mark.parametrize(
    ("request_fields", "code"),
    [
        ([2, 2, 77], 300),
        ([25, 1, 77], 366),
        ([*index_request(1, generic="99999")], 321),
        ([*index_request(1, generic="106", snapshot=1)], 414),
        ([*index_request(1, "NOSUCH")], 200),
        ([59, 1, 9], 321),
        ([91, 424242], 321),
    ],
)
def test_requests_that_make_no_sense_get_the_code_of_the_real_gateway(
    bench: Bench, request_fields: list[object], code: int
) -> None:
    client = RawClient(bench)
    client.send(*request_fields)
    assert client.codes() == [code]


def test_a_filter_can_drop_and_repeat_what_is_said(bench: Bench) -> None:
    client = RawClient(bench)
    bench.gateway.outgoing = lambda _client, body: () if body.startswith(b"49\0") else (body, body)
    assert client.send(49, 1) == []
    assert client.send(8, 1, 1) == [["9", "1", "1"]] * 2
