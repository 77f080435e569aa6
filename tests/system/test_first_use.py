"""Processes that are forked while threads score can score too; every fork here is a real one."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import threading

import pytest

import geo_rewards as gr
from geo_rewards.batch.columns import column
from geo_rewards.system.first_use import ForkSafeLock, lazy_property

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")

# The first children are forked while modules are imported and tables are read, the others during scoring.
PROGRAM = """
import faulthandler, os, sys, threading
import geo_rewards as gr

recipe = gr.load_recipe(sys.argv[1])
answers = ["Country: Japan City: Tōkyō Coordinates: (35.68, 139.69)", "Lyon, France", "48°51′N 2°21′E",
           "48 degrees north, 2 degrees east, Île-de-France", "東京都", "{'lat': 35.1, 'lon': 139.2}"]
texts = [f"<think>x</think><answer>{answer}</answer>" for answer in answers * 20]
truths = {"lat": ["35.6° N"] * len(texts), "lon": [139.6] * len(texts), "city": ["Tokyo"] * len(texts)}

def score():
    return recipe.score(texts, **truths).total

def score_on():
    while True:
        score()

begun = threading.Barrier(3)
for _ in range(2):
    threading.Thread(target=lambda: (begun.wait(), score_on()), daemon=True).start()
begun.wait()
children = []
for number in range(8):
    pid = os.fork()
    if pid == 0:
        faulthandler.dump_traceback_later(60, exit=True)
        os._exit(0 if len(score()) == len(texts) else 1)
    children.append(pid)
    if number == 3:
        score()
codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
print(codes, flush=True)
os._exit(0)
"""


@pytest.mark.parametrize("recipe", ["default", "geo-r"])
def test_children_that_are_forked_while_threads_score_score_too(recipe):
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, recipe], capture_output=True, text=True, timeout=200, check=False
    )
    assert ran.stdout == f"{[0] * 8}\n", ran.stderr


def value_in_child(function):
    """Return the exit code of a forked child that returns a number, or 99 if it hangs."""
    pid = os.fork()
    if pid == 0:
        answers = []
        worker = threading.Thread(target=lambda: answers.append(function()), daemon=True)
        worker.start()
        worker.join(20)
        os._exit(answers[0] if answers else 99)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Slow:
    """Properties that a thread is computing until it is told to end."""

    def __init__(self):
        self.parent, self.parent_rows = None, ()
        self.begun, self.may_end = threading.Event(), threading.Event()

    def compute(self):
        self.begun.set()
        self.may_end.wait(30)
        return 7

    @lazy_property
    def lazily(self):
        """A property."""
        return self.compute()

    @column
    def as_column(self):
        """A column."""
        return self.compute()


@pytest.mark.parametrize("name", ["lazily", "as_column"])
def test_a_property_that_a_thread_computes_can_be_computed_in_a_child(name):
    slow, other = Slow(), Slow()
    other.may_end.set()
    thread = threading.Thread(target=getattr, args=(slow, name))
    thread.start()
    slow.begun.wait()
    assert value_in_child(lambda: getattr(other, name)) == 7  # a lock of the class would be held for ever
    slow.may_end.set()
    thread.join()
    assert getattr(slow, name) == 7


def test_a_property_is_computed_once_and_documented():
    slow = Slow()
    slow.may_end.set()
    assert (slow.lazily, slow.__dict__["lazily"]) == (7, 7)
    slow.__dict__["lazily"] = 8
    assert slow.lazily == 8
    assert Slow.lazily.__doc__ == "A property."


def test_threads_that_compute_a_property_at_once_get_the_same_object():
    class Made:
        both = threading.Barrier(2)

        @lazy_property
        def thing(self):
            self.both.wait(30)
            return object()

    made, found = Made(), []
    threads = [threading.Thread(target=lambda: found.append(made.thing)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] is found[1] is made.thing


def hold(lock):
    """Hold a lock in a thread; return the function that ends this."""
    begun, may_end = threading.Event(), threading.Event()

    def work():
        with lock:
            begun.set()
            may_end.wait(30)

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    return lambda: (may_end.set(), thread.join())


def take(lock):
    with lock:
        return 7


def test_a_lock_that_a_thread_holds_is_free_in_a_child():
    lock = ForkSafeLock()
    release = hold(lock)
    assert value_in_child(functools.partial(take, lock)) == 7
    release()
    assert take(lock) == 7


def test_a_lock_that_the_forking_thread_holds_stays_its_own():
    lock = ForkSafeLock()
    with lock:
        pid = os.fork()
        if pid == 0:
            lock.__exit__()  # of a lock that it does not hold this would be an error
            os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


def test_a_fork_waits_for_what_is_being_loaded():
    lock, loaded = ForkSafeLock(delays_forks=True), []
    begun = threading.Event()

    def load():
        with lock:
            begun.set()
            threading.Event().wait(0.2)  # lets the fork begin, if it does not wait
            loaded.append(7)

    thread = threading.Thread(target=load)
    thread.start()
    begun.wait()
    assert value_in_child(lambda: loaded[0]) == 7
    thread.join()


def test_no_property_of_the_library_has_a_lock_for_its_class():
    """`functools.cached_property` has one in Python 3.11."""
    for module in [module for name, module in sys.modules.items() if name.startswith("geo_rewards")]:
        for thing in vars(module).values():
            if isinstance(thing, type) and thing.__module__.startswith("geo_rewards"):
                cached = [n for n, v in vars(thing).items() if isinstance(v, functools.cached_property)]
                assert not cached, thing
    assert gr
