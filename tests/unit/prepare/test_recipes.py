"""Recipes: every file is a run, and every named system has one with a page."""

from pathlib import Path

import pytest

from sundog.io.completeness import check_structure
from sundog.prepare.peptides.sequences import build_sequence
from sundog.prepare.systems import SYSTEMS, build_system
from sundog.runs.job import Job
from sundog.runs.yaml_files import read_mapping

RECIPES = Path(__file__).parents[3] / "recipes"
FILES = sorted(RECIPES.glob("*.yaml"))
PAGE = (RECIPES / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_recipe_is_a_run_with_a_section(path):
    told = read_mapping(path)
    job = Job.of(told)
    unread = job.unread("truncated" if job.settings.ensemble == "npt" else "exact")
    assert not told.keys() & unread.keys()
    assert f"\n## {path.stem}\n" in PAGE
    assert f"--config recipes/{path.stem}.yaml" in PAGE


def test_every_named_system_has_a_recipe():
    assert set(SYSTEMS) <= {path.stem for path in FILES}
    for name, system in SYSTEMS.items():
        assert f"sundog prepare --system {name} -o {name}" in PAGE
        assert f"| [{name}](#{name}) | {system.atoms:,} |" in PAGE


@pytest.mark.parametrize("name", [name for name in SYSTEMS if name != "popc-bilayer"])
def test_what_is_built_can_be_run(name):
    pytest.importorskip("rdkit")
    pytest.importorskip("packmol")
    molecules = 27 if SYSTEMS[name].molecules else None
    atoms = build_system(name, molecules).atoms
    check_structure(atoms)
    if molecules is None:
        assert len(atoms) == SYSTEMS[name].atoms


def test_the_bilayer_can_be_run():
    pytest.importorskip("openmm")
    check_structure(build_system("popc-bilayer").atoms)


@pytest.mark.parametrize(
    ("sequence", "backbone", "atoms", "charge"),
    [
        ("ACE-ALA3-NME", {"extended": True}, 42, 0),
        ("ACE-ALA15-NME", {"extended": True}, 162, 0),
        ("ACE-ALA15-LYSH+", {"helix": True}, 180, 1),
    ],
)
def test_peptides_of_the_page(sequence, backbone, atoms, charge):
    pytest.importorskip("biotite")
    built = build_sequence(sequence, **backbone).atoms
    assert (len(built), built.info["charge"]) == (atoms, charge)
    (option,) = backbone
    assert f"sundog prepare --sequence {sequence} --{option} -o " in PAGE
    check_structure(built)
