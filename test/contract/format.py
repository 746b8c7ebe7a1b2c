"""Every C and C++ file is as clang-format lays it out: format.py SOURCE.

The CUDA sources of the virtual GPU's cases are left out: their comments mark
the lines that their seeded bugs must be reported at.
"""
import pathlib
import subprocess
import sys

FOLDERS = ("dialects", "passes", "codegen", "runtime", "tools", "test", "examples")
SUFFIXES = {".c", ".h", ".cpp"}


def main(source):
    files = sorted(
        str(path)
        for folder in FOLDERS
        for path in (pathlib.Path(source) / folder).rglob("*")
        if path.suffix in SUFFIXES
    )
    return subprocess.run(
        ["clang-format-22", "--dry-run", "--Werror", *files]
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
