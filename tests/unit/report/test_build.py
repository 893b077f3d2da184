import json
import re
from html.parser import HTMLParser

import numpy as np

from reported import FRAMES, HOSTILE, page, water
from sundog.report.build import LARGEST
from sundog.report.citations import bibtex, works
from sundog.report.packing import PackedPositions, unpack_positions
from sundog.report.scene import make_scene
from sundog.report.svg import drawing


def held(text, name):
    found = re.search(rf'id="{name}">(.*?)</script>', text, re.S)
    assert found is not None
    return json.loads(found[1])


def test_page_is_whole_and_small_and_holds_every_atom_of_every_frame():
    text = page()
    assert len(text.encode()) < LARGEST / 5
    (scene,) = held(text, "scenes")
    assert len(scene["elements"]) == 81
    assert scene["elements"].count("H") == 54
    assert len(scene["times"]) == FRAMES
    places = unpack_positions(PackedPositions(**scene["positions"]))
    assert places.shape == (FRAMES, 81, 3)
    near = {tuple(sorted(pair)) for pair in scene["bonds"]}
    assert len(near) == 54
    for i, j in near:
        assert np.linalg.norm(places[:, i] - places[:, j], axis=1).max() < 1.2


def test_molecules_stand_in_the_cell_about_its_centre():
    scene = make_scene(water())
    assert scene is not None
    middles = scene.positions.reshape(FRAMES, 27, 3, 3).mean(axis=2)
    assert np.abs(middles).max() <= 6.0 + 1e-9


def test_names_reach_the_page_as_text_alone():
    class Tags(HTMLParser):
        def __init__(self):
            super().__init__()
            self.tags = []

        def handle_starttag(self, tag, attrs):
            self.tags.append((tag, dict(attrs)))

    text = page(2)
    parser = Tags()
    parser.feed(text)
    assert not [tag for tag, attrs in parser.tags if any(key.startswith("on") for key in attrs)]
    assert "img" not in [tag for tag, _ in parser.tags]
    assert "style" not in {key for _, attrs in parser.tags for key in attrs}
    assert "harm" in text


def test_charts_of_several_runs_lie_over_one_another():
    charts = held(page(2), "charts")
    temperature = next(one for one in charts.values() if one["y_label"].startswith("temperature"))
    labels = {line["label"] for line in temperature["lines"]}
    assert len(labels) == 2
    for line in temperature["lines"]:
        assert line["x"] == sorted(line["x"])


def test_verdict_is_said_and_names_what_a_page_knows():
    text = page()
    assert "Is it stable?" in text
    assert "No bond broke or formed." in text
    assert "There is no table" not in text


def test_too_many_atoms_are_left_out_by_whole_molecules():
    scene = make_scene(water(), share=0.01)
    assert scene is not None
    assert len(scene.atoms) <= 300
    assert len(scene.atoms) % 3 == 0


def test_frames_that_are_not_finite_are_not_shown():
    one = water()
    for chunk in one.frames():
        chunk.positions[:] = np.nan
    assert make_scene(one) is None


def test_figures_keep_known_elements_alone():
    from sundog.plots.pictures import HeatMap

    edges = np.linspace(0, 1, 4)
    picture = HeatMap("map", HOSTILE, HOSTILE, "y", "value", edges, edges, np.eye(3))
    text = str(drawing(picture, "one"))
    assert "style=" not in text
    assert "<img" not in text
    assert "currentColor" in text
    assert set(re.findall(r'id="([^"]+)"', text)) == set(re.findall(r'id="(one-[^"]+)"', text))


def test_works_follow_from_settings():
    told = works([{"ensemble": "npt", "thermostat": "bussi", "barostat": "mtk"}], ["dssp"])
    keys = [one.key for one in told]
    assert keys[:2] == ["so3lr2025", "sundog"]
    assert {"bussi2007", "mtk1994", "dssp1983"} <= set(keys)
    assert "langevin2013" not in keys
    text = bibtex(told)
    assert text.count("@") == len(told)
    assert text.count("{") == text.count("}")
