"""The live page in a real browser: it comes by itself once it is made, and asks nobody else."""

import pytest

from browser import browser, chromium
from sundog.live.companion import LivePage
from written_runs import moving, waters, written_run

pytestmark = pytest.mark.skipif(
    chromium() is None, reason="there is no Chromium here: apt-get install chromium"
)


def test_the_report_of_a_run_that_goes_on_comes_by_itself(tmp_path):
    atoms = waters()
    folder = written_run(tmp_path / "run", atoms, moving(atoms))
    (folder / "final.extxyz").unlink()
    with LivePage(folder, print, print) as page, browser() as tab:
        page._listener.join(30)
        tab.open(page.address)
        assert tab.run("document.querySelector('h1').textContent") == "The page is being made"
        tab.wait("!!document.querySelector('#stage[data-state]')", 200)
        tab.wait("document.getElementById('stage').dataset.state === 'ready'", 100)
        assert tab.run("document.querySelector('h1').textContent") == "run"
        assert tab.run("sundog.viewer.state.atoms.length") == len(atoms)
        assert "has not come to its end" in tab.run("document.body.textContent")
        assert tab.complaints == []
        assert set(tab.requests) == {page.address}
