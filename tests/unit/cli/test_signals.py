"""Signals as a request to stop."""

import signal

import pytest

from sundog.cli.signals import HANDLED, StopRequest


@pytest.fixture
def listening():
    """Python's own handler of Ctrl-C, which a program started in the background lacks."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_signal_is_remembered_and_the_second_ends_the_program(listening, capsys):
    with StopRequest() as stop:
        assert not stop()
        assert stop.exit_code == 0
        signal.raise_signal(signal.SIGINT)
        assert stop()
        assert stop.exit_code == 130
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert "Stopping" in capsys.readouterr().err


def test_handlers_are_put_back():
    before = [signal.getsignal(number) for number in HANDLED]
    with StopRequest():
        assert [signal.getsignal(number) for number in HANDLED] != before
    assert [signal.getsignal(number) for number in HANDLED] == before
