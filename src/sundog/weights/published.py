"""Published weights: their places, hashes, licence and citation."""

from dataclasses import dataclass

CITATION = {
    "text": "A. Kabylda et al., J. Am. Chem. Soc. 2025, 147, 33723",
    "doi": "10.1021/jacs.5c09558",
}
"""Citation of the published model."""


@dataclass(frozen=True)
class Published:
    """Published model and the two places that hold it, with bit-identical parameters.

    Attributes:
        package: Distribution whose wheel holds the model, as torch saved it.
        version: Version of that distribution.
        member: Path of the model inside the wheel.
        member_sha256: SHA-256 of that file.
        repository: Repository of the authors, which holds the model as flax pickled it.
        commit: Commit of that repository.
        file: Path of the model in the repository.
        file_sha256: SHA-256 of that file.
        identity: `identity_of` the model in either file.
        licence: Licence of that repository.
    """

    package: str
    version: str
    member: str
    member_sha256: str
    repository: str
    commit: str
    file: str
    file_sha256: str
    identity: str
    licence: dict

    @property
    def url(self) -> str:
        """Address of the file in the authors' repository."""
        return f"https://raw.githubusercontent.com/{self.repository}/{self.commit}/{self.file}"

    @property
    def hashes(self) -> tuple[str, str]:
        """SHA-256 of either file."""
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
        identity="f2fa0acd6aaa3279d1cc2264b678ee595b5bb28d61a1e7b7c89f2b2a39f8d55d",
        licence={"name": "MIT", "text": "Copyright (c) 2024 Thorben Frank"},
    ),
}
"""Published models by name. Their hyperparameters are the defaults of `Hyperparameters`."""

DEFAULT = "so3lr"
"""Name of the weights that are used by default."""


def recognise(sha256: str) -> str | None:
    """Return the name of the published model in a file of a SHA-256, None if it is another."""
    return next((name for name, model in PUBLISHED.items() if sha256 in model.hashes), None)
