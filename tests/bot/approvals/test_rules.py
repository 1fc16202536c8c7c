"""Every rule of the verifier, against commands that break one and keep the others."""

import random

import pytest

from bot.approvals.envelope import encode_envelope, sealed
from bot.approvals.plan import ChangeKeys, decode_plan
from bot.approvals.refusals import MEANINGS, Refusal
from bot.approvals.rules import RULES, Approved, judge
from bot.ports import Delivery
from tests.bot.approvals.vectors import vectors
from tests.bot.approvals.world import ACTIONS, NAMES, SECRETS, STOPS, World, ring_of, sign

SETTINGS = [(1, 1), (2, 3), (3, 5)]
SPOOL = Delivery("spool")
WORLDS = {(m, n): World(m, n) for m, n in SETTINGS}
VECTORS = {setting: vectors(world) for setting, world in WORLDS.items()}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("action", ACTIONS)
def test_a_plan_that_keeps_every_rule_is_approved(setting, action):
    world = WORLDS[setting]
    verdict = judge(world.raw(action), SPOOL, world.scene, RULES)
    assert isinstance(verdict, Approved), verdict
    assert verdict.plan.action == ACTIONS[action]
    assert verdict.signers == NAMES[: 1 if action in STOPS else setting[0]]


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_vector_is_refused_for_its_own_reason(setting):
    wrong = []
    for name, vector in VECTORS[setting].items():
        verdict = judge(vector.raw, vector.delivery, vector.scene, RULES)
        if isinstance(verdict, Approved) or verdict.code is not vector.code:
            wrong.append((name, vector.code, verdict))
    assert wrong == []


def test_there_are_enough_vectors_and_no_two_are_the_same():
    for named in VECTORS.values():
        distinct = {(v.raw, v.delivery, id(v.scene)) for v in named.values()}
        assert len(distinct) >= 200


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.check.__name__)
def test_without_any_one_rule_something_forbidden_would_pass(setting, rule):
    others = tuple(other for other in RULES if other is not rule)
    passing = [
        name
        for name, vector in VECTORS[setting].items()
        if vector.code is rule.code
        and isinstance(judge(vector.raw, vector.delivery, vector.scene, others), Approved)
    ]
    assert passing, f"{rule.check.__name__} refuses nothing that the others would not"


@pytest.mark.parametrize("setting", SETTINGS)
def test_no_single_change_of_a_good_command_is_good(setting):
    """Bytes flipped, dropped, doubled and put in, at places drawn anew from one seed."""
    world, draw = WORLDS[setting], random.Random(20261122)
    scene = world.scene
    good = {name: world.raw(name) for name in ACTIONS}
    passing = []
    for _ in range(1_500):
        raw = good[draw.choice(list(good))]
        place, byte = draw.randrange(len(raw)), bytes([draw.randrange(256)])
        changed = draw.choice(
            (
                raw[:place] + byte + raw[place + 1 :],
                raw[:place] + raw[place + 1 :],
                raw[:place] + byte + raw[place:],
                raw[:place] + raw[place : place + 9] + raw[place:],
            )
        )
        if changed != raw and isinstance(judge(changed, SPOOL, scene, RULES), Approved):
            passing.append(changed)
    assert passing == []


def test_every_refusal_has_a_meaning_and_every_rule_a_code_of_its_own():
    assert set(MEANINGS) == set(Refusal)
    assert len({rule.code for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("signed", [0, 1, 2])
def test_a_ring_that_needs_fewer_takes_the_place_of_another_only_by_the_old_ones_quorum(signed):
    """Two of three must sign; the new ring, which would be content with one, does not count yet."""
    world = World(2, 3)
    plan = sealed(world.plan("change_keys", action=ChangeKeys("too many people", ring_of(1, 3))))
    envelope = sign(plan, *(SECRETS[name] for name in NAMES[:signed]))
    verdict = judge(encode_envelope(envelope), SPOOL, world.scene, RULES)
    shown = decode_plan(plan.payload).situation
    assert shown[1] == "it needs 2 of 3 approvers, the new one 1 of 3 approvers: WEAKER than now"
    if signed < 2:
        assert verdict.code is Refusal.TOO_FEW
    else:
        assert verdict.signers == NAMES[:2]
