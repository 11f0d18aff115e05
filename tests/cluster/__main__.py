"""`python -m cluster up | images | load IMAGE | env | status | down`."""

import argparse
import sys
from collections.abc import Callable

from cluster.host import console
from cluster.host.errors import ClusterError
from cluster.nodes import images
from cluster.providers import keeping
from cluster.providers.choice import choose
from cluster.providers.provider import Cluster


def up(cluster: Cluster, _: str) -> None:
    """Bring the cluster up until `down`, and say how to use it."""
    keeping.keep()
    cluster.up()
    env(cluster, "")


def down(cluster: Cluster, _: str) -> None:
    """End the cluster."""
    keeping.forget()
    cluster.down()


def status(cluster: Cluster, _: str) -> None:
    """Print which cluster it is, and what runs in it."""
    if not cluster.is_up():
        raise ClusterError(f"{cluster.name}: not up")
    print(f"{cluster.name}: up")
    print(cluster.kubectl("get", "nodes,pods", "--all-namespaces", "-o", "wide"), end="")


def env(cluster: Cluster, _: str) -> None:
    """Print the line that points kubectl at it."""
    print(f"export KUBECONFIG={cluster.kubeconfig}")


def load(cluster: Cluster, name: str) -> None:
    """Build one image where needed and hand it to the cluster."""
    known = {image.short_name: image for image in images.OF_THE_TESTS}
    if name not in known:
        raise ClusterError(f"{name or 'no image'}: expected one of {', '.join(known)}")
    cluster.load(known[name])


def load_all(cluster: Cluster, _: str) -> None:
    """Build and hand over all images of the tests."""
    for image in images.OF_THE_TESTS:
        cluster.load(image)


COMMANDS: dict[str, Callable[[Cluster, str], None]] = {
    "up": up,
    "images": load_all,
    "load": load,
    "env": env,
    "status": status,
    "down": down,
}


def main() -> int:
    """Run one command; return 1 with a message when it fails."""
    parser = argparse.ArgumentParser(prog="python -m cluster", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("image", nargs="?", default="", help="for load: mlflow-operator, mlflow-server, …")
    arguments = parser.parse_args()
    try:
        COMMANDS[arguments.command](choose(), arguments.image)
    except ClusterError as error:
        console.say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
