"""layering.py - fails when an include points up.

    dialects < passes < codegen < tools;  runtime depends on none of them, and
    links no LLVM. The compiler may include the runtime's public headers and
    what the two share."""
import pathlib
import re
import sys

LEVELS = ["dialects", "passes", "codegen", "tools"]

def includes(path):
    for number, line in enumerate(path.read_text().split("\n"), 1):
        match = re.match(r'\s*#\s*include\s+["<]([^">]+)[">]', line)
        if match:
            yield number, match.group(1)


def level(name):
    head = name.split("/")[0]
    return LEVELS.index(head) if head in LEVELS else None


def sources(root, folder):
    for pattern in ("*.h", "*.c", "*.cpp", "*.td"):
        yield from sorted((root / folder).rglob(pattern))


def check_compiler(root, folder, errors):
    for path in sources(root, folder):
        name = path.relative_to(root).as_posix()
        if name.startswith("tools/vgpu/"):
            continue
        for number, include in includes(path):
            above = level(include)
            if above is not None and above > LEVELS.index(folder):
                errors.append(f"{name}:{number}: expects no include above "
                              f"{folder}, but got {include}")


def check_runtime(root, errors):
    for path in sources(root, "runtime"):
        name = path.relative_to(root).as_posix()
        for number, include in includes(path):
            if level(include) is not None or \
                    re.match(r"(mlir|llvm)(-c)?/", include):
                errors.append(f"{name}:{number}: expects the runtime alone, "
                              f"but got {include}")


def main():
    root = pathlib.Path(sys.argv[1])
    errors = []
    count = 0
    for folder in LEVELS:
        check_compiler(root, folder, errors)
        count += sum(1 for _ in sources(root, folder))
    check_runtime(root, errors)
    for error in errors:
        print(error)
    print(f"{count} files, {len(errors)} errors")
    return 1 if errors or not count else 0


if __name__ == "__main__":
    sys.exit(main())
