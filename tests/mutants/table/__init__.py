"""All mutants, a file per part of the operator."""

from mutants.table import clients, core, desired, engine, gates, passes, publish, status

PARTS = (core, gates, passes, engine, clients, publish, desired, status)
MUTANTS = tuple(mutant for part in PARTS for mutant in part.MUTANTS)
