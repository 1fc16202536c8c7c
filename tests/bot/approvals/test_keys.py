"""Rings, private keys in files, and what a start does with them."""

import os

import pytest
from msgspec.structs import replace

from bot.approvals.keyfile import KeyUnusable, create, opened, read
from bot.approvals.keyring import (
    PERSONS_MAX,
    EnrolmentRefused,
    KeyRing,
    Person,
    decode_ring,
    encode_ring,
    enrolled,
    revoked,
)
from bot.approvals.opening import ResumeRefused, Start, opening
from domain.approvals import Approvals
from domain.events import ConfigAccepted, HaltRequested, KeyRingChanged
from engine.policy import Policy
from tests.bot.approvals.spoiled_plans import SMALL_ORDER
from tests.bot.approvals.world import SECRETS, key_of, ring_of
from tests.bot.samples import AT

RING = ring_of(2, 3)
ANNA, BEN = (key_of(SECRETS[name]) for name in ("anna", "ben"))


@pytest.mark.parametrize(
    ("person", "why"),
    [
        (Person("anna", "approver", key_of(SECRETS["eli"])), "one person, one key"),
        (Person("eve", "approver", ANNA), "somebody else"),
        (Person("anna", "stopper", ANNA), "one person, one key"),
        *((Person("eve", "approver", key), "only its holder") for key in SMALL_ORDER),
        (Person("eve", "approver", "ff" * 32), "only its holder"),
    ],
)
def test_enrolment_refuses_what_would_make_one_person_count_twice(person, why):
    with pytest.raises(EnrolmentRefused, match=why):
        enrolled(RING, person)


def test_a_revoked_key_never_comes_back():
    ring = revoked(RING, BEN)
    assert [person.name for person in ring.persons] == ["anna", "cleo", "watch"]
    with pytest.raises(EnrolmentRefused, match="revoked"):
        enrolled(ring, Person("ben2", "approver", BEN))
    with pytest.raises(EnrolmentRefused, match="nobody holds"):
        revoked(ring, BEN)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[1]",
        b'{"needed":0}',
        b'{"needed":1,"persons":[],"more":1}',
        b'{"needed":2,"persons":[{"name":"Anna","role":"approver","key":"00"}]}',
        encode_ring(KeyRing(2, RING.persons[:1])),
        encode_ring(KeyRing(1, RING.persons[-1:])),  # a stopper alone can approve nothing
        encode_ring(replace(RING, persons=RING.persons * (PERSONS_MAX // 4 + 1))),
    ],
)
def test_a_file_that_is_no_complete_ring_is_refused(body):
    with pytest.raises(EnrolmentRefused):
        decode_ring(body)


def test_a_ring_comes_back_equal():
    assert decode_ring(encode_ring(RING)) == RING


@pytest.mark.parametrize("passphrase", ["", "correct horse"])
def test_a_private_key_opens_for_its_owner(tmp_path, passphrase):
    path = tmp_path / "anna.key"
    public = create(path, "anna", passphrase)
    assert path.stat().st_mode & 0o777 == 0o600
    assert key_of(opened(read(path), passphrase)) == public
    with pytest.raises(KeyUnusable, match="exists"):
        create(path, "anna", "")


def test_a_private_key_stays_shut(tmp_path):
    path = tmp_path / "anna.key"
    create(path, "anna", "correct horse")
    with pytest.raises(KeyUnusable, match="wrong passphrase"):
        opened(read(path), "battery")
    for mode in (0o640, 0o604, 0o644):
        path.chmod(mode)
        with pytest.raises(KeyUnusable, match="only its owner"):
            read(path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(KeyUnusable):
        read(tmp_path / "pipe")
    with pytest.raises(KeyUnusable):
        read(tmp_path / "none")


def test_a_damaged_key_file_says_so_without_quoting_itself(tmp_path):
    path = tmp_path / "anna.key"
    create(path, "anna", "")
    body = path.read_bytes()
    path.write_bytes(body[:-2])
    with pytest.raises(KeyUnusable) as trouble:
        read(path)
    assert body[60:90].decode() not in str(trouble.value)
    path.write_bytes(body.replace(read_public(body), b"00" * 32))
    with pytest.raises(KeyUnusable, match="damaged"):
        opened(read(path), "")


def read_public(body):
    return body.partition(b'"public":"')[2][:64]


def test_a_name_that_could_mislead_a_reader_gets_no_key(tmp_path):
    for name in ("Anna", "an na", "a" * 41, "\u0430nna", ""):
        with pytest.raises(KeyUnusable):
            create(tmp_path / "x.key", name, "")


def start(path=None, resume="", config="c0ffeec0ffeec0ff"):
    return Start(config, Policy(), path, resume)


@pytest.fixture
def ring_file(tmp_path):
    path = tmp_path / "keys.json"
    path.write_bytes(encode_ring(RING) + b"\n")
    return path


def in_force(config="c0ffeec0ffeec0ff", shares=None):
    return Approvals(
        ring=encode_ring(RING).decode(), config=config, config_shares=shares or start().shares
    )


def test_without_keys_a_start_is_as_it_always_was():
    assert opening(AT, start(resume="all well"), Approvals()) == ()


def test_the_first_ring_is_taken_with_the_configuration_of_the_moment(ring_file):
    taken, accepted = opening(AT, start(ring_file), Approvals())
    assert isinstance(taken, KeyRingChanged)
    assert decode_ring(taken.ring) == RING
    assert accepted == ConfigAccepted(AT, "c0ffeec0ffeec0ff", (0.1, 0.02), "the first key ring")


def test_another_ring_file_later_changes_nothing(tmp_path):
    path = tmp_path / "keys.json"
    path.write_bytes(encode_ring(ring_of(1, 1)))
    assert opening(AT, start(path), in_force()) == ()
    assert opening(AT, start(None), in_force()) == ()


@pytest.mark.parametrize("approvals", [in_force(), Approvals()])
def test_nobody_resumes_alone_once_there_are_keys(ring_file, approvals):
    with pytest.raises(ResumeRefused):
        opening(AT, start(ring_file, resume="let me"), approvals)


@pytest.mark.parametrize(
    "approvals", [in_force(config="another"), in_force(shares=(0.2, 0.02)), in_force(config="")]
)
def test_a_configuration_that_nobody_accepted_starts_halted(approvals):
    (halt,) = opening(AT, start(), approvals)
    assert isinstance(halt, HaltRequested)
    assert "was not accepted" in halt.why


def test_a_broken_ring_file_stops_the_start(tmp_path):
    path = tmp_path / "keys.json"
    with pytest.raises(EnrolmentRefused):
        opening(AT, start(path), Approvals())
    path.write_bytes(b"x" * 100_000)
    with pytest.raises(EnrolmentRefused, match="too large"):
        opening(AT, start(path), Approvals())
