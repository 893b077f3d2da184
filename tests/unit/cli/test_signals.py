"""Signals as a request to stop."""

import contextlib
import gc
import signal
import subprocess
import sys
import time

import pytest

from sundog.cli.signals import HANDLED, INSISTENT, Stopped, StopRequest, defer, heeding


@pytest.fixture
def listening():
    """Python's own handler of Ctrl-C, which a program started in the background lacks."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_signal_is_remembered_and_the_second_ends_the_program(listening, capfd):
    with StopRequest() as stop:
        assert not stop()
        assert stop.exit_code == 0
        signal.raise_signal(signal.SIGINT)
        assert stop()
        assert stop.exit_code == 130
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert "Stopping" in capfd.readouterr().err


def test_handlers_are_put_back():
    before = [signal.getsignal(number) for number in HANDLED]
    with StopRequest():
        assert [signal.getsignal(number) for number in HANDLED] != before
    assert [signal.getsignal(number) for number in HANDLED] == before


@pytest.mark.parametrize("number", sorted(set(HANDLED) - set(INSISTENT)))
def test_a_closed_terminal_and_batch_systems_may_say_it_twice(number, listening):
    before = signal.signal(number, signal.SIG_DFL)
    try:
        with StopRequest() as stop:
            signal.raise_signal(number)
            signal.raise_signal(number)
            assert stop()
            assert stop.exit_code == 128 + number
            signal.raise_signal(signal.SIGINT)  # the first of those that are insistent
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(number, before)


def test_a_run_under_nohup_goes_on():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopRequest() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert not stop()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_is_raised_where_no_run_can_stop():
    before = [signal.getsignal(number) for number in HANDLED]
    with pytest.raises(Stopped, match=r"Stopped by SIGTERM\.") as caught, heeding():
        signal.raise_signal(signal.SIGTERM)
    assert caught.value.number == signal.SIGTERM
    assert [signal.getsignal(number) for number in HANDLED] == before


def test_a_run_within_stops_after_its_chunk_and_gives_the_signals_back():
    with heeding():
        with StopRequest() as stop:
            signal.raise_signal(signal.SIGUSR1)
            assert stop()
        with pytest.raises(Stopped):
            signal.raise_signal(signal.SIGUSR1)


def test_a_second_hangup_does_not_end_what_the_first_one_ends():
    def end():
        try:
            signal.raise_signal(signal.SIGHUP)
        finally:
            signal.raise_signal(signal.SIGHUP)

    with pytest.raises(Stopped), heeding():
        end()


def test_a_signal_that_a_callback_of_the_garbage_collector_loses_is_raised_again():
    def callback(phase, info):
        gc.callbacks.remove(callback)
        signal.raise_signal(signal.SIGHUP)

    def work():
        gc.callbacks.append(callback)
        gc.collect()
        time.sleep(10)
        pytest.fail("it was lost")

    before = sys.unraisablehook, signal.getsignal(signal.SIGALRM)
    begin = time.monotonic()
    with pytest.raises(Stopped, match="SIGHUP"), heeding():
        work()
    assert time.monotonic() - begin < 5
    assert (sys.unraisablehook, signal.getsignal(signal.SIGALRM)) == before


def test_a_run_that_begins_after_a_signal_was_lost_stops():
    with heeding():
        with contextlib.suppress(BaseException):
            signal.raise_signal(signal.SIGHUP)
        with StopRequest() as stop:
            assert stop()
            assert stop.exit_code == 128 + signal.SIGHUP
    with StopRequest() as stop:
        assert not stop()


def test_signals_that_waited_are_raised():
    defer()
    signal.raise_signal(signal.SIGXCPU)
    with pytest.raises(Stopped, match="SIGXCPU"), heeding():
        pytest.fail("it was not raised")


def test_a_command_under_nohup_goes_on():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with heeding():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        (signal.SIGHUP, "before"),
        (signal.SIGINT, "before"),
        (signal.SIGINT, "during"),
        (signal.SIGTERM, "during"),
        (signal.SIGUSR1, "during"),
    ],
)
def test_every_moment_of_a_command_has_words_for_a_signal(number, moment):
    code = f"""
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from sundog import __main__
from sundog.cli import app, streams

def send():
    os.kill(os.getpid(), {int(number)})

open_closed_descriptors = streams.open_closed_descriptors
if {moment!r} == "before":
    streams.open_closed_descriptors = lambda: (send(), open_closed_descriptors())
    app.run = lambda arguments: 0
else:
    app.run = lambda arguments: (send(), 0)[1]
sys.argv[1:] = ["doctor"]
__main__.main()
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 128 + number
    said = "Interrupted." if number == signal.SIGINT else f"Stopped by {number.name}."
    assert done.stderr == f"sundog: {said}\n"
