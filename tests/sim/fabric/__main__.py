"""`python -m tests.sim.fabric`: the guide's page of the comparison, on standard output."""

from tests.sim.fabric.report import page

print(page(), end="")
