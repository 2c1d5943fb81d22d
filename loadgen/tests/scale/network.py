"""A network of this process's own, with a loopback device that is up."""

import os
import subprocess
import sys


def enter():
    """Starts the script again in it; returns once it is there."""
    if os.environ.get("IN_A_NETWORK") is None:
        os.environ["IN_A_NETWORK"] = "yes"
        as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
        os.execvp("unshare", ["unshare", *as_root, "--net", sys.executable, *sys.argv])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
