"""mlflow-operator: runs MLflow on Kubernetes and promotes models by Git.

Reading order is the data flow: ``api`` (what users write) → ``desired`` and ``promotion`` (pure decisions) →
``clients`` (all I/O) → ``status`` (what users read). ``reconcile`` ties them together; ``handlers`` wires kopf.
"""

__version__ = "0.1.0"
