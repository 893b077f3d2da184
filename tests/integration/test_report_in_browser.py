"""The page of a report in a real browser without network, where there is one."""

import json

import numpy as np
import pytest

from browser import browser, chromium
from reported import FRAMES, page
from sundog.report.packing import PackedPositions, unpack_positions

pytestmark = pytest.mark.skipif(
    chromium() is None, reason="there is no Chromium here: apt-get install chromium"
)

ATOMS = "sundog.viewer.state.atoms"
"""Atoms that the viewer draws."""

REDNESS = """(async () => {
  const { viewer, state } = sundog.viewer;
  const canvas = document.querySelector('#stage canvas');
  const picture = new Image();
  picture.src = viewer.pngURI();
  await picture.decode();
  const copy = document.createElement('canvas');
  copy.width = picture.width; copy.height = picture.height;
  const context = copy.getContext('2d', { willReadFrequently: true });
  context.drawImage(picture, 0, 0);
  const box = document.getElementById('stage').getBoundingClientRect();
  const scale = picture.width / box.width;
  const found = [];
  for (const atom of state.atoms.filter((one) => one.elem === 'O')) {
    const at = viewer.modelToScreen(atom);
    const x = (at.x - box.left - scrollX) * scale, y = (at.y - box.top - scrollY) * scale;
    const [r, g, b] = context.getImageData(Math.round(x), Math.round(y), 1, 1).data;
    found.push(r > 1.5 * g && r > 1.5 * b);
  }
  return found;
})()"""
"""Whether the picture is red where the oxygens are."""


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page(2), encoding="utf-8")
    with browser() as tab:
        tab.resize(1280, 900)
        tab.open(path)
        tab.wait("!!document.getElementById('stage').dataset.state", 300)
        assert tab.run("document.getElementById('stage').dataset.state") == "ready"
        yield tab, path


def places(number=0):
    scene = json.loads(page(2).split('id="scenes">')[1].split("</script>")[0])[number]
    return unpack_positions(PackedPositions(**scene["positions"]))


def test_every_plot_is_drawn(opened):
    tab, _ = opened
    count = tab.run("document.querySelectorAll('[data-chart]').length")
    assert count >= 6
    drawn = "[...document.querySelectorAll('[data-chart]')].filter(e => e.dataset.drawn).length"
    assert tab.run(drawn) == count
    blank = """[...document.querySelectorAll('[data-chart] canvas')].filter(c =>
      !c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v)).length"""
    assert tab.run(blank) == 0


def test_atoms_are_where_the_trajectory_has_them(opened):
    tab, _ = opened
    for frame in (0, 17, FRAMES - 1):
        tab.run(f"sundog.viewer.show({frame})")
        found = np.array(tab.run(f"{ATOMS}.map(a => [a.x, a.y, a.z])"))
        assert np.abs(found - places()[frame]).max() < 1e-4
    assert tab.run(f"{ATOMS}.filter(a => a.elem === 'H').length") == 54
    seen = tab.run(REDNESS)
    assert len(seen) == 27
    assert sum(seen) >= 18  # others are behind a hydrogen


def test_play_goes_through_frames(opened):
    tab, _ = opened
    tab.run(
        "sundog.viewer.show(0); globalThis.seen = new Set();"
        "new MutationObserver(() => seen.add(document.getElementById('stage').dataset.frame))"
        ".observe(document.getElementById('stage'), {attributes: true});"
        "document.getElementById('speed').value = '40';"
        "document.getElementById('play').click()"
    )
    tab.wait("seen.size >= 10", 120)
    tab.run("document.getElementById('play').click()")
    assert tab.run("document.getElementById('play').getAttribute('aria-pressed')") == "false"


def test_keys_step_through_frames(opened):
    tab, _ = opened
    tab.run("sundog.viewer.show(3); document.getElementById('stage').focus()")
    tab.press("ArrowRight", 39)
    assert tab.run("document.getElementById('stage').dataset.frame") == "4"
    tab.press("Home", 36)
    assert tab.run("document.getElementById('stage').dataset.frame") == "0"


def test_colours_and_runs_can_be_chosen(opened):
    tab, _ = opened
    options = tab.run("[...document.getElementById('colour').options].map(o => o.value)")
    assert options == ["element", "residue", "charges", "rmsf"]
    colors = set()
    for name in options:
        tab.run(
            f"document.getElementById('colour').value = '{name}';"
            "document.getElementById('colour').dispatchEvent(new Event('change'))"
        )
        colors.add(str(tab.run("sundog.viewer.state.colors.slice(0, 9)")))
    assert len(colors) == 4
    tab.run(
        "document.getElementById('scene').value = '1';"
        "document.getElementById('scene').dispatchEvent(new Event('change'))"
    )
    tab.wait("sundog.viewer.state.scene.name === 'run 1'")
    found = np.array(tab.run(f"{ATOMS}.map(a => [a.x, a.y, a.z])"))
    frame = int(tab.run("document.getElementById('stage').dataset.frame"))
    assert np.abs(found - places(1)[frame]).max() < 1e-4


def test_nothing_overflows_on_a_phone_in_either_theme(opened):
    tab, path = opened
    for dark in (False, True):
        tab.resize(390, 844, dark, phone=True)
        tab.open(path)
        tab.wait("document.getElementById('stage').dataset.state === 'ready'")
        assert tab.run("document.documentElement.scrollWidth") <= 390
        narrow = "[...document.querySelectorAll('tbody th')].filter(e => e.offsetWidth < 100)"
        assert tab.run(f"{narrow}.filter(e => e.offsetWidth > 0).length") == 0


def test_nothing_was_asked_for_and_nothing_complained(opened):
    tab, _ = opened
    assert tab.run("window.harm") is None
    assert tab.requests == []
    assert tab.complaints == []
