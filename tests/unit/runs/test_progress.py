"""Where the progress of a run goes."""

import io

import pytest

from sundog.runs.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("report", "live", "lines"), [(None, False, 1), (print, True, 1), (print, False, 0)]
)
def test_a_report_of_ones_own_leaves_the_terminal_alone(report, live, lines, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    Progress(report, live=live).close()  # ends the moving line, where there is one
    assert terminal.getvalue().count("\n") == lines


def test_a_terminal_that_has_gone_ends_no_run(monkeypatch):
    class Gone(Terminal):
        def write(self, text):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr("sys.stderr", Gone())
    progress = Progress()
    progress.say("step 5")
    progress.close()
