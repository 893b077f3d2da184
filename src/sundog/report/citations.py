"""Works to cite for a run, as references and as BibTeX."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Work(NamedTuple):
    """Work to cite.

    Attributes:
        key: key of its entry.
        authors: names of the authors, each as "Family, Given", with " and " between.
        title: title.
        journal: journal; empty for software.
        year: year.
        volume: volume.
        pages: first page, or number of the article.
        doi: DOI; empty without one.
        why: reason to cite it.
    """

    key: str
    authors: str
    title: str
    journal: str
    year: int
    volume: str
    pages: str
    doi: str
    why: str

    def text(self) -> str:
        """Return the reference in a line."""
        families = [name.partition(",")[0] for name in self.authors.split(" and ")]
        names = ", ".join(families[:3]) + (" et al." if len(families) > 3 else "")
        place = f" {self.journal} {self.volume}, {self.pages}" if self.journal else ""
        return f"{names}: {self.title}.{place} ({self.year})."

    def bibtex(self) -> str:
        """Return the entry of BibTeX."""
        kind = "article" if self.journal else "misc"
        fields = {
            "author": self.authors,
            "title": f"{{{self.title}}}",
            "journal": self.journal,
            "year": str(self.year),
            "volume": self.volume,
            "pages": self.pages,
            "doi": self.doi,
            "note": "" if self.journal else self.why,
        }
        lines = [f"  {key} = {{{value}}}," for key, value in fields.items() if value]
        return "\n".join([f"@{kind}{{{self.key},", *lines, "}"])


WORKS = {
    one.key: one
    for one in (
        Work(
            "so3lr2025",
            "Kabylda, Adil and Frank, J. Thorben and Suárez-Dou, Sergio and Khabibrakhmanov, Almaz "
            "and Medrano Sandonas, Leonardo and Unke, Oliver T. and Chmiela, Stefan and "
            "Müller, Klaus-Robert and Tkatchenko, Alexandre",
            "Molecular Simulations with a Pretrained Neural Network and Universal Pairwise Force "
            "Fields",
            "J. Am. Chem. Soc.", 2025, "147", "33723", "10.1021/jacs.5c09558", "The force field",
        ),
        Work(
            "sundog", "{the sundog developers}",
            "sundog: molecular simulation with the SO3LR force field", "", 2026, "", "", "",
            "The program",
        ),
        Work(
            "ase2017", "Hjorth Larsen, Ask and Mortensen, Jens Jørgen and Blomqvist, Jakob "
            "and others",
            "The atomic simulation environment—a Python library for working with atoms",
            "J. Phys.: Condens. Matter", 2017, "29", "273002", "10.1088/1361-648X/aa680e",
            "Structures and their files",
        ),
        Work(
            "mdtraj2015", "McGibbon, Robert T. and Beauchamp, Kyle A. and Harrigan, Matthew P. and "
            "others", "MDTraj: A Modern Open Library for the Analysis of Molecular Dynamics "
            "Trajectories", "Biophys. J.", 2015, "109", "1528", "10.1016/j.bpj.2015.08.015",
            "Trajectories and several analyses",
        ),
        Work(
            "langevin2013", "Leimkuhler, Benedict and Matthews, Charles",
            "Robust and efficient configurational molecular sampling via Langevin dynamics",
            "J. Chem. Phys.", 2013, "138", "174102", "10.1063/1.4802990", "The Langevin thermostat",
        ),
        Work(
            "bussi2007", "Bussi, Giovanni and Donadio, Davide and Parrinello, Michele",
            "Canonical sampling through velocity rescaling", "J. Chem. Phys.", 2007, "126",
            "014101", "10.1063/1.2408420", "The thermostat of stochastic velocity rescaling",
        ),
        Work(
            "nosehoover1992", "Martyna, Glenn J. and Klein, Michael L. and Tuckerman, Mark",
            "Nosé–Hoover chains: The canonical ensemble via continuous dynamics", "J. Chem. Phys.",
            1992, "97", "2635", "10.1063/1.463940", "The Nosé–Hoover thermostat",
        ),
        Work(
            "bernetti2020", "Bernetti, Mattia and Bussi, Giovanni",
            "Pressure control using stochastic cell rescaling", "J. Chem. Phys.", 2020, "153",
            "114107", "10.1063/5.0020514", "The barostat of stochastic cell rescaling",
        ),
        Work(
            "mtk1994", "Martyna, Glenn J. and Tobias, Douglas J. and Klein, Michael L.",
            "Constant pressure molecular dynamics algorithms", "J. Chem. Phys.", 1994, "101",
            "4177", "10.1063/1.467468", "The Martyna–Tobias–Klein barostat",
        ),
        Work(
            "sugita1999", "Sugita, Yuji and Okamoto, Yuko",
            "Replica-exchange molecular dynamics method for protein folding", "Chem. Phys. Lett.",
            1999, "314", "141", "10.1016/S0009-2614(99)01123-9", "Exchange of replicas",
        ),
        Work(
            "spme1995", "Essmann, Ulrich and Perera, Lalith and Berkowitz, Max L. and others",
            "A smooth particle mesh Ewald method", "J. Chem. Phys.", 1995, "103", "8577",
            "10.1063/1.470117", "Electrostatics with all images",
        ),
        Work(
            "chodera2016", "Chodera, John D.",
            "A Simple Method for Automated Equilibration Detection in Molecular Simulations",
            "J. Chem. Theory Comput.", 2016, "12", "1799", "10.1021/acs.jctc.5b00784",
            "Equilibration and error bars",
        ),
        Work(
            "dssp1983", "Kabsch, Wolfgang and Sander, Christian",
            "Dictionary of protein secondary structure: Pattern recognition of hydrogen-bonded and "
            "geometrical features", "Biopolymers", 1983, "22", "2577", "10.1002/bip.360221211",
            "Secondary structure",
        ),
        Work(
            "yehhummer2004", "Yeh, In-Chul and Hummer, Gerhard",
            "System-Size Dependence of Diffusion Coefficients and Viscosities from Molecular "
            "Dynamics Simulations with Periodic Boundary Conditions", "J. Phys. Chem. B", 2004,
            "108", "15873", "10.1021/jp0477147", "Diffusion corrected for the size of the cell",
        ),
        Work(
            "cremerpople1975", "Cremer, Dieter and Pople, John A.",
            "General definition of ring puckering coordinates", "J. Am. Chem. Soc.", 1975, "97",
            "1354", "10.1021/ja00839a011", "Puckers of rings",
        ),
        Work(
            "hbonds1996", "Luzar, Alenka and Chandler, David",
            "Hydrogen-bond kinetics in liquid water", "Nature", 1996, "379", "55",
            "10.1038/379055a0", "Hydrogen bonds",
        ),
        Work(
            "tetrahedral2001", "Errington, Jeffrey R. and Debenedetti, Pablo G.",
            "Relationship between structural order and the anomalies of liquid water", "Nature",
            2001, "409", "318", "10.1038/35053024", "Tetrahedral order",
        ),
    )
}  # fmt: skip
"""Works by their keys."""

ALWAYS = ("so3lr2025", "sundog")
"""Works that every use of sundog with the published weights cites."""

OF_SETTINGS = {
    ("thermostat", "langevin"): "langevin2013",
    ("thermostat", "bussi"): "bussi2007",
    ("thermostat", "nose-hoover"): "nosehoover1992",
    ("barostat", "rescaling"): "bernetti2020",
    ("barostat", "mtk"): "mtk1994",
    ("electrostatics", "ewald"): "spme1995",
}
"""Works by a setting and its value."""

OF_OBSERVABLES = {
    "dssp": "dssp1983",
    "msd": "yehhummer2004",
    "puckers": "cremerpople1975",
    "hbonds": "hbonds1996",
    "tetrahedral": "tetrahedral2001",
}
"""Works by an observable."""


def works(
    settings: Iterable[Mapping[str, Any]] = (), observables: Iterable[str] = ()
) -> list[Work]:
    """Return the works to cite, without repetition.

    Args:
        settings: settings of each run; none for the program alone.
        observables: names of the observables that were carried out.
    """
    keys = [*ALWAYS]
    for one in settings:
        keys += ["ase2017", "mdtraj2015"]
        baths = one.get("ensemble") in ("nvt", "npt")
        pressed = one.get("ensemble") == "npt"
        for (name, value), key in OF_SETTINGS.items():
            wanted = {"thermostat": baths, "barostat": pressed}.get(name, True)
            if wanted and one.get(name) == value:
                keys.append(key)
        if one.get("exchange_every"):
            keys.append("sugita1999")
    observables = list(observables)
    if observables:
        keys.append("chodera2016")
    keys += [OF_OBSERVABLES[name] for name in observables if name in OF_OBSERVABLES]
    return [WORKS[key] for key in dict.fromkeys(keys)]


def bibtex(cited: Iterable[Work]) -> str:
    """Return the entries of works, with a blank line between."""
    return "\n\n".join(work.bibtex() for work in cited) + "\n"
