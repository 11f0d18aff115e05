"""All mutants, a file per part of the operator."""

from mutants.table import (
    approvals,
    clients,
    core,
    desired,
    encryption,
    engine,
    gate_jobs,
    gates,
    models,
    passes,
    preparation,
    publish,
    reaching,
    registry,
    servers,
    status,
    webhooks,
    who,
)

PARTS = (
    core,
    gates,
    gate_jobs,
    approvals,
    passes,
    engine,
    clients,
    publish,
    desired,
    encryption,
    reaching,
    preparation,
    servers,
    status,
    webhooks,
    who,
    models,
    registry,
)
MUTANTS = tuple(mutant for part in PARTS for mutant in part.MUTANTS)
