"""`python -m demo [quickstart | production]`: tell the story on the cluster of this machine."""

import argparse
import sys

from cluster.host import console
from cluster.host.errors import ClusterError
from cluster.providers import choice, keeping
from demo.narrator import Narrator
from demo.story import PROFILES, Story


def main() -> int:
    """Bring the cluster up and tell the story; return 1 with a message when it breaks off."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("profile", nargs="?", default="quickstart", choices=PROFILES)
    profile = PROFILES[parser.parse_args().profile]
    try:
        cluster = choice.choose()
        keeping.keep()  # the audience wants to look around afterwards
        with keeping.in_use(cluster):
            cluster.up()
            story = Story(cluster, profile, Narrator())
            story.tell()
            story.tell_of_governing()
            story.look_back()
    except ClusterError as error:
        console.say(str(error))
        return 1
    story.farewell()
    return 0


if __name__ == "__main__":
    sys.exit(main())
