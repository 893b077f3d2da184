"""Signals as a request to stop."""

import signal

import pytest

from sundog.cli.signals import HANDLED, StopRequest


def test_the_first_signal_is_remembered_and_the_second_ends_the_program(capsys):
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
