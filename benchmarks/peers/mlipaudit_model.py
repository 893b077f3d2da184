"""SO3LR by sundog as an external model of MLIPAudit: `mlipaudit benchmark -m mlipaudit_model.py`.

MLIPAudit imports the file and takes the calculator of this name, which has to say which elements
it knows. Runs in MLIPAudit's environment, into which sundog is installed.
"""

from sundog.elements import SUPPORTED
from sundog.interfaces.ase import Calculator

mlipaudit_external_model = Calculator(precision="float64")
mlipaudit_external_model.allowed_atomic_numbers = set(SUPPORTED)
