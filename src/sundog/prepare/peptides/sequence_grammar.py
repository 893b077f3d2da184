"""Sequences of peptides as they are written: `ACE-ALA15-NME`, `GIGAVLKVLT`, `ACE-A15-LYSH+`.

Residues are separated by hyphens, each a name of three letters or one letter, with a count where it
is repeated. A word of one-letter codes needs no hyphens. What can be read in both ways is refused.

pKa values of side chains are those of alanine pentapeptides (Thurlkill, Grimsley, Scholtz, Pace,
Protein Sci. 15, 1214 (2006), doi:10.1110/ps.051840806), that of arginine is from Fitch, Platzer,
Okon, Garcia-Moreno, McIntosh, Protein Sci. 24, 752 (2015), doi:10.1002/pro.2647.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sundog.errors import InputError

# fmt: off
ONE_LETTER = {
    "A": "ALA", "R": "ARG", "N": "ASN", "D": "ASP", "C": "CYS", "Q": "GLN", "E": "GLU",
    "G": "GLY", "H": "HIS", "I": "ILE", "L": "LEU", "K": "LYS", "M": "MET", "F": "PHE",
    "P": "PRO", "S": "SER", "T": "THR", "W": "TRP", "Y": "TYR", "V": "VAL",
}
"""Names of the amino acids by their letters."""
# fmt: on

CAPS_BEFORE, CAPS_AFTER = ("ACE",), ("NME", "NH2")
"""Names of caps at the N and the C terminus."""


@dataclass(frozen=True)
class Form:
    """Amino acid in one state of protonation.

    Attributes:
        residue: Name of the amino acid in the dictionary of chemical components.
        without: Hydrogens of the dictionary that are not there.
        charges: Formal charges in e by names of atoms.
    """

    residue: str
    without: tuple[str, ...] = ()
    charges: Mapping[str, int] = field(default_factory=dict)


FORMS = {
    **{name: Form(name) for name in ONE_LETTER.values()},
    "LYS": Form("LYS", (), {"NZ": 1}),
    "LYN": Form("LYS", ("HZ3",)),
    "ARG": Form("ARG", (), {"NH2": 1}),
    "ARN": Form("ARG", ("HH22",)),
    "ASP": Form("ASP", ("HD2",), {"OD2": -1}),
    "ASH": Form("ASP"),
    "GLU": Form("GLU", ("HE2",), {"OE2": -1}),
    "GLH": Form("GLU"),
    "HIP": Form("HIS", (), {"ND1": 1}),
    "HID": Form("HIS", ("HE2",)),
    "HIE": Form("HIS", ("HD1",)),
    "CYM": Form("CYS", ("HG",), {"SG": -1}),
    "TYM": Form("TYR", ("HH",), {"OH": -1}),
}
"""States of protonation by the names that force fields give them."""

# fmt: off
ALIASES = {
    "HSD": "HID", "HSE": "HIE", "HSP": "HIP", "HISH+": "HIP", "LYP": "LYS+", "LYSH+": "LYS+",
    "ARGH+": "ARG+", "ASPH": "ASH", "GLUH": "GLH",
}
"""Other names of states of protonation."""
# fmt: on

PKA = {
    "ASP": (3.67, "ASH", "ASP"),
    "GLU": (4.25, "GLH", "GLU"),
    "HIS": (6.54, "HIP", "HIE"),
    "CYS": (8.55, "CYS", "CYM"),
    "TYR": (9.84, "TYR", "TYM"),
    "LYS": (10.40, "LYS", "LYN"),
    "ARG": (13.8, "ARG", "ARN"),
}
"""pKa of side chains, and the states below and above it."""

MOST_RESIDUES = 10_000
"""Largest number of residues."""

EXPECTED = "residues as ACE-ALA15-NME, or letters as GIGAVLKVLT"
"""Form of a sequence."""

_WORD = re.compile(r"([A-Z]+?(?:H?\+)?)(\d*)", re.ASCII)
"""Pattern of a name with a count; the plus of a charged state belongs to the name."""


@dataclass(frozen=True)
class Sequence:
    """Sequence that was read.

    Attributes:
        before: Name of the cap at the N terminus, or None.
        after: Name of the cap at the C terminus, or None.
        states: Names of the states of protonation in `FORMS`, residue by residue.
        decisions: Sentences about what was chosen for the user.
    """

    before: str | None
    after: str | None
    states: tuple[str, ...]
    decisions: tuple[str, ...]


def parse_sequence(text: str, ph: float = 7.0) -> Sequence:
    """Return a sequence as residues, with the protonation of their side chains.

    Args:
        text: Sequence, from the N to the C terminus.
        ph: pH at which side chains are protonated whose name leaves it open.

    Raises:
        InputError: A name is not known or could be read in two ways, a cap is in the middle, or the
            pH is no number from 0 to 14.
    """
    if not 0 <= ph <= 14:
        raise InputError("ph: no pH", got=ph, expected="a number from 0 to 14")
    words = [word.strip() for word in text.strip().split("-")]
    if not all(words):
        raise InputError("sequence: a residue without a name", got=repr(text), expected=EXPECTED)
    decisions: list[str] = []
    before = words.pop(0).upper() if words[0].upper() in CAPS_BEFORE else None
    after = words.pop().upper() if words and words[-1].upper() in CAPS_AFTER else None
    hyphens = "-" in text
    names = [name for word in words for name in _residues(word, hyphens, decisions)]
    if not names:
        raise InputError("sequence: no residues", got=repr(text), expected=EXPECTED)
    if len(names) > MOST_RESIDUES:
        raise InputError("sequence: too many residues", got=len(names), expected=f"{MOST_RESIDUES}")
    states = [_state(name, ph) for name in names]
    decisions += _protonation(names, states, 0 if before is None else 1, ph)
    return Sequence(before, after, tuple(states), tuple(decisions))


def _residues(word: str, hyphens: bool, decisions: list[str]) -> list[str]:
    """Return the names of the residues of one word between hyphens."""
    upper = word.upper()
    if upper in (*CAPS_BEFORE, *CAPS_AFTER):
        raise InputError(
            "sequence: a cap in the middle",
            got=word,
            expected=f"{', '.join(CAPS_BEFORE)} in front, {' or '.join(CAPS_AFTER)} at the end",
        )
    found = _WORD.fullmatch(upper)
    if found is None:
        raise InputError("sequence: no residue", got=repr(word), expected=EXPECTED)
    name, count = found.group(1), int(found.group(2) or 1)
    if not 1 <= count <= MOST_RESIDUES:
        raise InputError(
            "sequence: no such count", got=repr(word), expected=f"1 to {MOST_RESIDUES}"
        )
    letters = all(letter in ONE_LETTER for letter in name)
    if _known(name):
        if letters and not hyphens and not found.group(2):
            spelled = "-".join(name)
            raise InputError(
                "sequence: can be read as one residue or as letters",
                got=word,
                remedy=f"Write {name}1 for the residue, {spelled} for its letters",
            )
        return [name] * count
    if name == "CYX":
        raise InputError(
            "sequence: CYX is bonded to another cysteine, which a sequence does not place",
            got=word,
            remedy="Write CYS, or start from a PDB file with the disulfide",
        )
    if len(name) == 1 and letters:
        return [ONE_LETTER[name]] * count
    # Small letters stand for D amino acids in some notations.
    if letters and not found.group(2) and word.isupper() and (not hyphens or len(name) > 3):
        names = [ONE_LETTER[letter] for letter in name]
        shown = "-".join(names[:6]) + (" …" if len(names) > 6 else "")
        decisions.append(f"{word} is read as one-letter codes: {shown}")
        return names
    raise InputError(
        "sequence: no residue",
        got=repr(word),
        expected=EXPECTED,
        remedy="Separate one-letter codes in a sequence with hyphens" if letters else None,
    )


def _known(name: str) -> bool:
    return name in FORMS or name == "HIS" or name in ALIASES


def _state(name: str, ph: float) -> str:
    """Return the state of protonation of a residue."""
    name = ALIASES.get(name, name)
    if name.endswith("+"):
        return name[:-1]
    if name not in PKA:
        return name
    pka, below, above = PKA[name]
    return below if ph < pka else above


def _protonation(names: list[str], states: list[str], first: int, ph: float) -> list[str]:
    """Return what was decided about the side chains that can take or give a proton."""
    places: dict[tuple[str, str], list[int]] = {}
    for number, (name, state) in enumerate(zip(names, states, strict=True), start=1 + first):
        if name in PKA and (FORMS[state].charges or name == "HIS" or name != state):
            places.setdefault((name, state), []).append(number)
    lines = []
    for (name, state), numbers in places.items():
        charge = sum(FORMS[state].charges.values())
        shown = ", ".join(map(str, numbers[:8])) + (" …" if len(numbers) > 8 else "")
        lines.append(f"At pH {ph:g} {name} {shown} is {state}, {charge:+d} e, by its usual pKa")
    return lines
