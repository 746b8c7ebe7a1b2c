#!/usr/bin/env python3
"""Runs the ```sh blocks of a page, in order, in one shell that stops at the
first command that fails: run_commands.py PAGE FOLDER NAME=VALUE..."""

import os
import re
import subprocess
import sys


def main():
    page, folder, *settings = sys.argv[1:]
    with open(page, encoding="utf-8") as file:
        blocks = re.findall(r"^```sh\n(.*?)^```", file.read(), re.M | re.S)
    if not blocks:
        sys.exit(f"{page}: expected sh blocks, but got none")
    os.makedirs(folder, exist_ok=True)
    environment = dict(os.environ, **dict(s.split("=", 1) for s in settings))
    script = "set -eux\n" + "".join(blocks)
    sys.exit(
        subprocess.run(
            ["bash", "-c", script], cwd=folder, env=environment
        ).returncode
    )


if __name__ == "__main__":
    main()
