"""What two processes agree on, over gloo and without a launcher."""

import multiprocessing
import pickle

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from geo_rewards_trl.ranks.agreement import (
    RankError,
    SameFailureError,
    check_ranks,
    gather_ranks,
    together,
)

from geo_rewards.errors import DataError, UsageError


def fail(error):
    raise error


STEPS = {
    "on no rank": lambda rank: 10 + rank,
    "on one rank": lambda rank: fail(DataError("bad row")) if rank else 10,
    "on both alike": lambda rank: fail(UsageError("bad flag")),
    "on both differently": lambda rank: fail(DataError(f"bad row {rank}")),
    "unforeseen": lambda rank: fail(ZeroDivisionError("by 0")),
}


def take_steps(rank, folder, results):
    import torch.distributed as dist

    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    found = {"gathered": gather_ranks(rank)}
    for name, step in STEPS.items():
        try:
            found[name] = together(lambda step=step: step(rank))
        except Exception as error:  # noqa: BLE001 - what the test is about
            found[name] = error
    try:
        check_ranks({"seed": rank})
    except RankError as error:
        found["compared"] = str(error)
    results.put((rank, found))
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    """Return what each of two ranks has found."""
    context = multiprocessing.get_context("spawn")
    results, folder = context.Queue(), tmp_path_factory.mktemp("meet")
    processes = [context.Process(target=take_steps, args=(rank, folder, results)) for rank in (0, 1)]
    for process in processes:
        process.start()
    found = dict(results.get(timeout=120) for _ in processes)
    for process in processes:
        process.join(timeout=60)
    return [found[0], found[1]]


def test_values_are_gathered_in_order_and_a_step_that_succeeds_returns_its_own(ranks):
    for rank, found in enumerate(ranks):
        assert found["gathered"] == [0, 1]
        assert found["on no rank"] == 10 + rank


def test_a_failure_on_one_rank_is_one_on_both(ranks):
    ours, theirs = (found["on one rank"] for found in ranks)
    assert (type(ours), str(ours)) == (RankError, "another process cannot start: rank 1: bad row")
    assert (type(theirs), str(theirs)) == (DataError, "bad row")


def test_the_same_failure_is_reported_by_the_first_rank_and_keeps_its_kind(ranks):
    first, second = (found["on both alike"] for found in ranks)
    assert (type(first), str(first)) == (UsageError, "bad flag")
    assert isinstance(second, SameFailureError)
    assert str(second) == "cannot start, for the reason that rank 0 reports"
    assert (second.rank, type(second.failure), str(second.failure)) == (0, UsageError, "bad flag")


def test_different_failures_are_reported_by_each_rank(ranks):
    for rank, found in enumerate(ranks):
        error = found["on both differently"]
        assert (type(error), str(error)) == (DataError, f"bad row {rank}")


def test_unforeseen_failures_are_left_as_they_are(ranks):
    assert [type(found["unforeseen"]) for found in ranks] == [ZeroDivisionError] * 2


def test_differences_are_named_on_every_rank(ranks):
    assert {found["compared"] for found in ranks} == {"ranks differ from rank 0: rank 1: seed: 0 -> 1"}


def test_a_rank_alone_returns_or_raises_what_the_step_does():
    assert together(lambda: 3) == 3
    with pytest.raises(DataError, match="bad row"):
        together(lambda: fail(DataError("bad row")))
    check_ranks({"a": 1})


def test_the_failure_survives_pickling():
    error = pickle.loads(pickle.dumps(SameFailureError(UsageError("bad flag"), rank=0)))
    assert (error.rank, str(error.failure)) == (0, "bad flag")
