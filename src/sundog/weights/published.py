"""The published weights: where they are, how to know them, who holds the rights, what to cite."""

from dataclasses import dataclass

CITATION = {
    "text": "A. Kabylda et al., J. Am. Chem. Soc. 2025, 147, 33723",
    "doi": "10.1021/jacs.5c09558",
}


@dataclass(frozen=True)
class Published:
    """One published model and the two places that hold it, with bit-identical parameters.

    Attributes:
        package: distribution whose wheel carries the model, as torch saved it.
        version: the version of that distribution.
        member: path of the model inside the wheel.
        member_sha256: its hash.
        repository: the authors' repository, which holds the model as flax pickled it.
        commit: the pinned state of that repository.
        file: path of the model in the repository.
        file_sha256: its hash.
        licence: the licence of that repository.
    """

    package: str
    version: str
    member: str
    member_sha256: str
    repository: str
    commit: str
    file: str
    file_sha256: str
    licence: dict

    @property
    def url(self) -> str:
        """Where the authors' repository serves the file."""
        return f"https://raw.githubusercontent.com/{self.repository}/{self.commit}/{self.file}"

    @property
    def hashes(self) -> tuple[str, str]:
        """The hashes by which either file is known."""
        return self.member_sha256, self.file_sha256


PUBLISHED = {
    "so3lr": Published(
        package="so3krates-torch",
        version="0.2.1",
        member="so3krates_torch/pretrained/so3lr/so3lr.model",
        member_sha256="b5145564911ff983ed076ccb2bca5ce63454b74c9c8291092695463f1e6732be",
        repository="general-molecular-simulations/so3lr",
        commit="5ec39b9d8d83872107cd3f1bc5904387eb9ff4c8",
        file="so3lr/params/params.pkl",
        file_sha256="1c481bd2d9280f8b7b131ec65e92d25ff73deda76956bc137754c2acb98d93fd",
        licence={"name": "MIT", "text": "Copyright (c) 2024 Thorben Frank"},
    ),
}
"""The published models by name. Their hyperparameters are the defaults of `Hyperparameters`."""

DEFAULT = "so3lr"


def recognise(sha256: str) -> str | None:
    """Return the name of the published model that a file with this hash holds, if any."""
    return next((name for name, model in PUBLISHED.items() if sha256 in model.hashes), None)
