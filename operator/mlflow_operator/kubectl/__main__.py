"""Entry point of the plugin."""

import sys


def main() -> None:
    """Entry point of the console script ``kubectl-mlflow``."""
    try:
        from mlflow_operator.kubectl.app import app  # noqa: PLC0415 - what is missing is said in words
    except ModuleNotFoundError as missing:
        sys.exit(f"kubectl mlflow: {missing.name} is not installed; pip install 'mlflow-operator[cli]'")
    app()


if __name__ == "__main__":
    main()
