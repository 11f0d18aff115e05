"""Many registered models at once, written into MLflow's own tables: by REST each version takes MLflow 10 ms and more.

The statements are for the schema of the pinned MLflow on PostgreSQL. What they leave is what MLflow itself would have
written, with `promoted` also what the operator leaves behind after a promotion.
"""

# ruff: noqa: S608 - every word of the statements is ours
from cluster.services.postgres import Postgres
from mlflow_operator.api.schema import GROUP

TABLES = ("model_version_tags", "registered_model_aliases", "model_versions", "registered_model_tags")


def models(postgres: Postgres, prefix: str, count: int, versions: int) -> list[str]:
    """Register `prefix`-0 and on, each with versions from 1 on that have no files; their names."""
    postgres.sql(
        f"""
        INSERT INTO registered_models (name, creation_time, last_updated_time)
            SELECT '{prefix}-' || m, {_NOW}, {_NOW} FROM generate_series(0, {count - 1}) m;
        INSERT INTO model_versions (name, version, creation_time, last_updated_time, current_stage, source, status)
            SELECT '{prefix}-' || m, v, {_NOW}, {_NOW}, 'None', 's3://elsewhere/' || m, 'READY'
            FROM generate_series(0, {count - 1}) m, generate_series(1, {versions}) v;
        ANALYZE;
        """
    )
    return [f"{prefix}-{number}" for number in range(count)]


def promoted_to_stage(postgres: Postgres, prefix: str, namespace: str) -> None:
    """Let version 1 of each of those models be in Production, brought there by a claim of the model's name."""
    postgres.sql(
        f"""
        UPDATE model_versions SET current_stage = 'Production' WHERE name LIKE '{prefix}-%' AND version = 1;
        INSERT INTO model_version_tags (name, version, key, value)
            SELECT v.name, 1, tag.key, tag.value FROM model_versions v, LATERAL (VALUES
                ('{GROUP}/promotion', '{namespace}/' || v.name), ('{GROUP}/slot', 'stage/Production')
            ) tag (key, value) WHERE v.name LIKE '{prefix}-%' AND v.version = 1;
        ANALYZE;
        """
    )


def promoted_to_aliases(postgres: Postgres, prefix: str, namespace: str) -> None:
    """Let an alias `slot-N` of each of those models be at version N, brought there by a claim `model`-N."""
    postgres.sql(
        f"""
        INSERT INTO registered_model_aliases (name, alias, version)
            SELECT name, 'slot-' || version, version FROM model_versions WHERE name LIKE '{prefix}-%';
        INSERT INTO model_version_tags (name, version, key, value)
            SELECT v.name, v.version, tag.key, tag.value FROM model_versions v, LATERAL (VALUES
                ('{GROUP}/promotion', '{namespace}/' || v.name || '-' || v.version),
                ('{GROUP}/slot', 'alias/slot-' || v.version)
            ) tag (key, value) WHERE v.name LIKE '{prefix}-%';
        ANALYZE;
        """
    )


def none(postgres: Postgres) -> None:
    """Delete every registered model."""
    postgres.sql("".join(f"DELETE FROM {table};" for table in (*TABLES, "registered_models")))


_NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
