"""Names for array types that several modules share.

`atoms`, `pairs` and `systems` are the axes that recur throughout sundog. Arrays over atoms are
flat and come with a `system_index`; a single system is a batch of one.
"""

from jaxtyping import Array, Bool, Float, Int

Positions = Float[Array, "atoms 3"]
Numbers = Int[Array, " atoms"]
PerAtom = Float[Array, " atoms"]
PerPair = Float[Array, " pairs"]
PairVectors = Float[Array, "pairs 3"]
PerSystem = Float[Array, " systems"]
Cells = Float[Array, "systems 3 3"]
Periodicity = Bool[Array, "systems 3"]
SystemIndex = Int[Array, " atoms"]
