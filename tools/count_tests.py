#!/usr/bin/env python3
"""Adds up JUnit files: count_tests.py FILE...

Names what failed and what was skipped, and ends with the line
"N passed, N failed, N skipped". A file that is missing or empty is a failure.
"""

import os
import sys
import xml.etree.ElementTree as tree


def outcome(case):
    """(passed | failed | skipped, reason) of one testcase element."""
    for kind, word in (("failure", "failed"), ("error", "failed")):
        if case.find(kind) is not None:
            return word, ""
    skipped = case.find("skipped")
    if skipped is not None:
        return "skipped", skipped.get("message") or ""
    if case.get("status") in ("fail", "notrun"):
        return "failed", ""
    if case.get("status") == "disabled":
        return "skipped", "disabled"
    return "passed", ""


def main():
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for path in sys.argv[1:]:
        cases = []
        if os.path.exists(path):
            cases = list(tree.parse(path).iter("testcase"))
        if not cases:
            print(f"failed: {path} holds no test")
            counts["failed"] += 1
        for case in cases:
            word, reason = outcome(case)
            counts[word] += 1
            if word != "passed":
                name = f"{case.get('classname', '')}/{case.get('name')}"
                print(f"{word}: {name} {reason}".rstrip())
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
