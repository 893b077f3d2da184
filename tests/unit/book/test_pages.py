"""Pages of the book: complete, true to what sundog has, and carried out in order."""

import json

import pytest

from sundog.analysis.choices import Choices
from sundog.analysis.names import OBSERVABLES
from sundog.book.comparison import NOT_RUN, compare, write_comparison
from sundog.book.page import Page, Published, names, read_page
from sundog.book.stages import stages, write_settings
from sundog.errors import InputError
from sundog.evaluate.benchmarks.run import benchmark
from sundog.runs.job import Job
from sundog.runs.yaml_files import read_mapping

PAGES = [read_page(name) for name in names()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_asks_for_what_there_is(page):
    parts = {part.name: part for part in page.parts}
    assert parts
    for part in parts.values():
        assert set(part.analyze) <= set(OBSERVABLES)
        Choices(**part.choices)
        assert bool(part.evaluate) != bool(part.analyze)
        for length in part.lengths:
            assert not Job.of(part.told(length)).unread().keys() & part.told(length).keys()
            assert part.hours(length) > 0
    for one in page.published:
        assert one.part in parts
        if one.quantity is not None and not parts[one.part].evaluate:
            assert one.quantity.split("/")[0] in parts[one.part].analyze


def test_published_errors_are_those_of_the_benchmarks():
    for one in read_page("fig2").published:
        assert benchmark(one.part).CARD.published[one.quantity] == one.value


def test_an_unknown_page_is_refused_with_the_names():
    with pytest.raises(InputError, match="fig3a"):
        read_page("fig3")


def test_a_page_of_the_paper_leaves_out_what_is_only_short(tmp_path):
    page = read_page("figs8-9")
    of = {length: {one.part.name for one in stages(page, length, tmp_path, None)}
          for length in ("short", "paper")}  # fmt: skip
    assert of == {"short": {"water216"}, "paper": {"water300", "water330"}}


def test_the_file_of_the_user_stands_in_the_command(tmp_path):
    page = read_page("fig5-crambin")
    first = next(stages(page, "short", tmp_path, tmp_path / "1crn.pdb"))
    assert first.command[:2] == ["prepare", str(tmp_path / "1crn.pdb")]


def test_stages_follow_one_another_and_know_when_they_are_done(tmp_path):
    page = read_page("fig4b")
    prepare, move, analyze, report = stages(page, "short", tmp_path, None)
    assert [one.kind for one in (prepare, move, analyze, report)] == [
        "prepare", "run", "analyze", "report",
    ]  # fmt: skip
    assert not any(one.is_done() for one in (prepare, move, analyze, report))
    assert move.command[1] == str(prepare.output)
    assert analyze.command[1] == report.command[1] == str(move.output)
    prepare.output.mkdir(parents=True)
    (prepare.output / "prepared.json").write_text("{}")
    assert prepare.is_done()
    write_settings(page.parts[0], "short", tmp_path)
    assert read_mapping(tmp_path / "acala15lysh" / "config.yaml")["steps"] == 200000


def test_what_was_stopped_is_continued_or_begun_again(tmp_path):
    _, move, analyze, _ = stages(read_page("fig4b"), "short", tmp_path, None)
    assert move.arguments() == move.command
    move.output.mkdir(parents=True)
    assert move.arguments() == [*move.command, "--overwrite"]
    (move.output / "energies.csv").write_text("step\n")
    assert move.arguments() == ["md", "--resume", str(move.output)]
    analyze.output.mkdir()
    assert analyze.arguments() == [*analyze.command, "--overwrite"]


def _analysis(folder, **quantities):
    told = {
        "compared": {"rdf": {"b": {"mean": 3.0, "error": 0.25, "runs": 4}}},
        "results": {"rdf": {"run": {"quantities": quantities}}},
    }
    folder.mkdir(parents=True)
    (folder / "analysis.json").write_text(json.dumps(told))


def test_ours_stands_beside_the_published_with_its_error_or_why_there_is_none(tmp_path):
    _analysis(
        tmp_path / "one" / "analysis",
        a={"value": 1.23456, "error": 0.0321},
        b={"value": 2.0, "error": 0.1},
        c={"value": 7.0, "error": None},
    )
    wanted = {"rdf/a": "1.235 ± 0.032", "rdf/b": "3 ± 0.25 (4 runs)", "rdf/d": NOT_RUN,
              "rdf/c": "7, too short for an error bar", None: NOT_RUN}  # fmt: skip
    published = [Published("one", "it", 5, "Å", "here", name) for name in wanted]
    published.append(Published("two", "it", 5, "Å", "here", "rdf/a"))
    rows = compare(Page("p", "", "", [], published), tmp_path)
    assert [row.ours for row in rows] == [*wanted.values(), NOT_RUN]
    table = write_comparison(rows, tmp_path).read_text().splitlines()
    assert table[1] == "one,it,Å,5,here,1.235 ± 0.032"


def test_a_benchmark_gives_the_metric_of_its_own_name(tmp_path):
    (tmp_path / "speed").mkdir()
    told = {"benchmark": "speed", "metrics": {"a": 2.0}, "intervals": {"a": [1.5, 2.5]}}
    (tmp_path / "speed" / "benchmark.json").write_text(json.dumps(told))
    published = [Published("speed", "it", 5, "µs", "here", name) for name in ("a", "b")]
    rows = compare(Page("p", "", "", [], published), tmp_path)
    assert [row.ours for row in rows] == ["2 (1.5 to 2.5)", NOT_RUN]
