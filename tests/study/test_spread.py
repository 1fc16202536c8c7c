"""Variants, paths and where they run: names, bounds, and results that never depend on the place."""

from datetime import date

import numpy as np
import pytest

from engine.policy import Policy
from risk.limits import CapBasis
from sim.exchange.scenarios import Scenario
from study.books import BookSpec, shadow_books
from study.dataset import load_dataset, scenario
from study.run import study
from study.spread import Task, run_tasks
from study.stress import MODELS, stressed
from study.variants import VariantError, axes_of, grid, varied


def test_parameters_are_varied_by_the_names_of_the_profile():
    policy = varied(
        Policy(),
        {
            "hedge.delta": "0.2", "hedge.tranches": "1", "hedge.ratio": "[0.2, 0.2, 0.1]",
            "limits.cap_basis": "premium", "condor.entry_from": "11:30",
            "limits.margin_asked": "false",
        },
    )  # fmt: skip
    assert (policy.hedge.delta, policy.hedge.tranches) == (0.2, 1)
    assert policy.hedge.ratio == (0.2, 0.2, 0.1)
    assert policy.limits.cap_basis is CapBasis.PREMIUM
    assert policy.limits.margin_asked is False
    assert f"{policy.condor.entry_from}" == "11:30:00"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("hege.delta", "0.2", "no section 'hege'"),
        ("hedge.delte", "0.2", "has no 'delte'"),
        ("hedge.delta", "two", "could not convert"),
        ("hedge.delta", "1.5", "delta must lie"),
        ("hedge.ratio", "0.4", "a list in brackets"),
        ("limits.cap_basis", "love", "love"),
        ("limits.margin_asked", "yes", "true or false"),
    ],
)
def test_a_variant_that_cannot_be_says_why(name, value, said):
    with pytest.raises(VariantError, match=said):
        varied(Policy(), {name: value})


def test_a_grid_has_every_combination_once_named_for_what_it_changes():
    axes = axes_of(["hedge.delta=0.10,0.30", "hedge.ratio=[0.4,0.4,0.2],[0.2,0.2,0.1]"])
    names = [book.name for book in grid(Policy(), axes)]
    assert names == [
        "hedge.delta=0.10 hedge.ratio=[0.4,0.4,0.2]", "hedge.delta=0.10 hedge.ratio=[0.2,0.2,0.1]",
        "hedge.delta=0.30 hedge.ratio=[0.4,0.4,0.2]", "hedge.delta=0.30 hedge.ratio=[0.2,0.2,0.1]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["hedge.delta"], "not of the form"),
        (["hedge.delta="], "not of the form"),
        (["a.b=1", "a.b=2"], "given twice"),
    ],
)
def test_axes_that_cannot_be_read_are_refused(texts, said):
    with pytest.raises(VariantError, match=said):
        axes_of(texts)


def test_a_grid_is_bounded():
    values = tuple(str(0.1 + i / 1000) for i in range(30))
    with pytest.raises(VariantError, match="900 combinations"):
        grid(Policy(), {"hedge.delta": values, "condor.stop_debit_multiple": values})


@pytest.fixture(scope="module")
def week(table) -> Scenario:
    return scenario(load_dataset(None, table), date(2018, 2, 1), date(2018, 2, 7))


@pytest.mark.parametrize("model", sorted(MODELS))
def test_stress_days_are_days_a_market_can_have(model, table):
    base = scenario(load_dataset(None, table), date(2016, 1, 4), date(2016, 12, 30))
    made = stressed(model, base, path=0, seed=5)
    assert [day.on for day in made.days] == [day.on for day in base.days]
    for day in made.days:
        assert day.spx_low <= min(day.spx_open, day.spx_close) <= day.spx_high
        assert day.vix_low <= min(day.vix_open, day.vix_close) <= day.vix_high
        assert 5 < day.vix_low <= day.vix_high <= 120
    again, other = (stressed(model, base, path=path, seed=5) for path in (0, 1))
    assert again == made
    assert other.days != made.days


def test_volatility_rises_when_the_market_falls_on_every_path(table):
    base = scenario(load_dataset(None, table), date(2016, 1, 4), date(2017, 12, 29))
    for model in sorted(MODELS):
        days = stressed(model, base, path=1, seed=2).days
        spx = np.diff(np.log([day.spx_close for day in days]))
        vix = np.diff(np.log([day.vix_close for day in days]))
        assert np.corrcoef(spx, vix)[0, 1] < -0.3


def test_processes_memory_and_order_change_nothing(week, table, tmp_path):
    books = tuple(
        BookSpec(f"{d}", "v", varied(Policy(), {"hedge.delta": d})) for d in ("0.2", "0.4")
    )
    tasks = [Task(week, table, (book,), 3) for book in books]
    alone = run_tasks(tasks)
    told: list[int] = []
    spread = run_tasks(tasks, workers=2, memory=tmp_path, progress=told.append)
    assert spread == alone
    assert told == [0, 1, 2]
    assert run_tasks(tasks, memory=tmp_path, progress=told.append) == alone
    assert told == [0, 1, 2, 2]  # all of it was remembered
    assert run_tasks(tasks[::-1], memory=tmp_path) == alone[::-1]


@pytest.mark.parametrize("workers", [1, 2])
def test_every_session_of_every_book_is_heard_of_once(week, table, tmp_path, workers):
    books = tuple(
        BookSpec(d, "v", varied(Policy(), {"hedge.delta": d})) for d in ("0.2", "0.3", "0.4")
    )
    tasks = [Task(week, table, books[:2], 3), Task(week, table, books[2:], 3)]
    told: list[int] = []
    run_tasks(tasks, workers=workers, memory=tmp_path, sessions=told.append)
    assert sum(told) == 3 * len(week.days)
    assert len(told) == 2 * len(week.days)
    again: list[int] = []
    run_tasks(tasks, workers=workers, memory=tmp_path, sessions=again.append)
    assert again == [task.sessions for task in tasks]  # they were kept


def test_books_are_kept_one_by_one_whoever_they_were_replayed_beside(week, table, tmp_path):
    policy = Policy()
    books = shadow_books(policy)[:3]
    options = {"seed": 3, "memory": tmp_path}
    whole = study(week, table, policy, books=books[:2], **options)
    kept = sorted(tmp_path.iterdir())
    assert len(kept) == 2
    stamps = [file.stat().st_mtime_ns for file in kept]
    told: list[int] = []
    more = study(week, table, policy, books=books, progress=told.append, **options)
    assert [file.stat().st_mtime_ns for file in kept] == stamps  # not replayed again
    assert len(list(tmp_path.iterdir())) == 3
    assert more.runs[:2] == whole.runs
    assert told[0] == 2 * len(week.days)
    assert sum(told) == 3 * len(week.days)


def test_what_cannot_be_read_back_is_computed_again(week, table, tmp_path):
    task = Task(week, table, (BookSpec("Hd", "hedged", Policy()),), 3)
    first = run_tasks([task], memory=tmp_path)
    (kept,) = tmp_path.glob("*.msgpack")
    kept.write_bytes(b"half a fi")
    assert run_tasks([task], memory=tmp_path) == first


def test_another_seed_rule_or_day_is_another_task(week, table):
    book = BookSpec("Hd", "hedged", Policy())
    other = BookSpec("Hd", "hedged", varied(Policy(), {"hedge.delta": "0.2"}))
    shorter = Scenario(week.name, week.days[:-1], week.warmup, week.source)
    digests = {
        Task(week, table, (book,), 3).digest(book), Task(week, table, (book,), 4).digest(book),
        Task(week, table, (other,), 3).digest(other), Task(shorter, table, (book,), 3).digest(book),
    }  # fmt: skip
    assert len(digests) == 4


def test_a_dask_cluster_gives_the_same(week, table):
    from distributed import LocalCluster

    tasks = [Task(week, table, (BookSpec("Hd", "hedged", Policy()),), seed) for seed in (3, 4)]
    options = {"processes": False, "dashboard_address": None, "threads_per_worker": 1}
    with LocalCluster(n_workers=1, **options) as cluster:
        assert run_tasks(tasks, dask=cluster.scheduler_address) == run_tasks(tasks)
