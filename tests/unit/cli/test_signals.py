"""Signals as a request to stop."""

import signal

import pytest

from sundog.cli.signals import HANDLED, INSISTENT, StopRequest


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
