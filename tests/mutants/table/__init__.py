"""All mutants, a file per part of the operator."""

from mutants.table import clients, core, desired, engine, passes, publish, status, who

PARTS = (core, passes, engine, clients, publish, desired, status, who)
MUTANTS = tuple(mutant for part in PARTS for mutant in part.MUTANTS)
