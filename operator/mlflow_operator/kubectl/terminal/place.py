"""Where a command looks and as whom: the options that every command has, as kubectl has them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """The cluster, the namespace, and who asks; None is what the kubeconfig says."""

    namespace: str | None = None
    everywhere: bool = False
    """All namespaces."""
    kubeconfig: str | None = None
    context: str | None = None
    user: str | None = None
    """Impersonated, as by ``kubectl --as``."""

    def flags(self, namespace: str) -> list[str]:
        """The same for kubectl."""
        named = {"--kubeconfig": self.kubeconfig, "--context": self.context, "--as": self.user}
        return [f"--namespace={namespace}", *(f"{flag}={value}" for flag, value in named.items() if value)]
