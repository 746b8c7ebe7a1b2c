"""Asks tresse-plan to dump every FOLDER/*.plan; each must be refused."""

import glob
import os
import subprocess
import sys


def main():
    """Prints the messages and how many files were refused."""
    refused = accepted = 0
    for path in sorted(glob.glob(sys.argv[1] + "/*.plan")):
        run = subprocess.run(
            ["tresse-plan", "dump", path],
            capture_output=True,
            text=True,
            timeout=60,
        )
        name = os.path.basename(path)[: -len(".plan")]
        message = run.stderr.strip()
        if run.returncode == 1 and message.count("\n") == 0 and message:
            refused += 1
            print(f"{name}: {message.split(': ', 1)[1]}")
        else:
            accepted += 1
            print(f"{name}: ended with {run.returncode}: {message}")
    print(f"{refused} files refused, {accepted} accepted")
    return 1 if accepted else 0


sys.exit(main())
