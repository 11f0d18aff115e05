"""All mutants, a file per part of the operator."""

from mutants.table import clients, desired, publish, status

MUTANTS = (*clients.MUTANTS, *desired.MUTANTS, *status.MUTANTS, *publish.MUTANTS)
