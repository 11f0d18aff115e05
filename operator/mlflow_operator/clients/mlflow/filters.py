"""MLflow's filter language, which knows two quotes and no escape."""


def named(name: str) -> str:
    """The filter for what has this name, or belongs to a model of this name.

    It finds others too where the name has both quotes, since each is searched for with a wildcard, and where the
    database compares without case. A backslash is an escape to some databases where wildcards are.
    """
    if "'" not in name:
        return f"name = '{name}'"
    if '"' not in name:
        return f'name = "{name}"'
    return "name LIKE '" + name.replace("'", "_").replace("\\", "_") + "'"
