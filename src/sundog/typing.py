"""Names for the shapes that cross module borders.

`atoms`, `pairs` and `systems` are the three axes of the house. Flat arrays over
atoms carry a `system_index`; one system is the case of one.
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
