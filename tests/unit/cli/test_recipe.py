"""`sundog recipe`: stages in order, once each, and what is refused."""

import json
from pathlib import Path

import pytest

from sundog.book.page import read_page
from sundog.cli import app
from sundog.cli.verbs import recipe


@pytest.fixture
def called(monkeypatch):
    """Have the commands of stages leave what they would, and return them in a list."""
    seen: list[list[str]] = []
    run = app.run

    def leave(arguments):
        if arguments[0] == "recipe":
            return run(arguments)
        seen.append(arguments)
        out = Path(arguments[arguments.index("-o") + 1])
        if arguments[0] == "prepare":
            out.mkdir(parents=True)
            (out / "prepared.json").write_text("{}")
        elif arguments[0] == "analyze":
            out.mkdir(parents=True)
            (out / "analysis.json").write_text(json.dumps({"compared": {}, "results": {}}))
        return 0

    monkeypatch.setattr(app, "run", leave)
    return seen


def test_a_frame_is_analysed_and_a_long_run_left_with_its_cost(tmp_path, called, capsys):
    out = tmp_path / "popc"
    asked = ["recipe", "run", "fig5-popc", "--length", "paper", "-o", str(out)]
    assert app.run(asked) == 0
    assert [one[0] for one in called] == ["prepare", "analyze", "prepare"]
    said = capsys.readouterr().out
    assert "Prepared, not begun" in said
    assert "632 hours on two cores, 58.7 hours on a GPU" in said
    assert (out / "bilayer" / "config.yaml").is_file()
    assert (out / "comparison.csv").is_file()


def test_what_is_done_is_not_done_again(tmp_path, called):
    out = tmp_path / "popc"
    app.run(["recipe", "run", "fig5-popc", "--length", "paper", "-o", str(out)])
    called.clear()
    assert app.run(["recipe", "run", "--resume", str(out)]) == 0
    assert called == []
    assert app.run(["recipe", "run", "--resume", str(out), "--long"]) == 0
    assert [one[0] for one in called] == ["md", "analyze", "report"]


def test_a_stage_that_fails_ends_its_part_alone(tmp_path, monkeypatch, capsys):
    seen = []
    run = app.run
    monkeypatch.setattr(
        app, "run", lambda told: run(told) if told[0] == "recipe" else seen.append(told) or 2
    )
    assert app.run(["recipe", "run", "fig2", "-o", str(tmp_path / "out")]) == 2
    assert len(seen) == len(read_page("fig2").parts)
    assert "--resume" in capsys.readouterr().out


def test_a_signal_ends_all(tmp_path, monkeypatch):
    seen = []
    run = app.run
    monkeypatch.setattr(
        app, "run", lambda told: run(told) if told[0] == "recipe" else seen.append(told) or 130
    )
    assert app.run(["recipe", "run", "fig2", "-o", str(tmp_path / "out")]) == 130
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (["fig3"], "--output"),
        (["fig3", "-o", "out"], "fig3a"),
        (["fig3a", "-o", "full"], "full is not an empty folder"),
        (["fig3a", "-o", "out", "--file", "a.pdb"], "needs none"),
        (["fig5-crambin", "-o", "out"], "needs 1crn.pdb"),
        (["fig5-crambin", "-o", "out", "--file", "a.pdb"], "no such file"),
        (["--resume", "full"], "no recipe was begun"),
        (["fig3a", "--resume", "full"], "the folder says"),
        (["fig3a", "-o", "out", "--length", "long"], "short, paper"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(told, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    assert app.run(["recipe", "run", *told]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_list_has_every_recipe_and_its_cost(capsys):
    assert app.run(["recipe", "list"]) == 0
    said = capsys.readouterr().out
    assert "fig3a" in said
    assert "4 × 42 atoms, 200000 steps" in said
    assert read_page("figs8-9").parts[0].hours("short") < recipe.LONG_HOURS
