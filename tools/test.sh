#!/usr/bin/env bash
# test.sh - installs what is missing, builds everything and runs every test.
#
# Prints the build's and the tests' time; the last line is
# "N passed, N failed, N skipped" over all runners. Exit status 1 if any test
# failed, or if nothing could be built.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/packages.sh

broken() {
  echo "$1" >&2
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
}

start=$SECONDS
install_packages "${build_packages[@]}" "${test_packages[@]}" ||
  broken "could not install the packages"
# The peer that the tests compare with comes from PyPI; where PyPI is not
# reachable, its test counts as skipped.
mkdir -p build
/usr/bin/python3 test/e2e/transformers_check.py --install \
  --venv build/transformers-venv >build/peers.log 2>&1 || tail -1 build/peers.log
echo "packages: $(minutes $((SECONDS - start)))"

start=$SECONDS
cmake --preset dev >build/configure.log 2>&1 ||
  { tail -20 build/configure.log; broken "could not configure"; }
# Stamps of ninja's own log are kept; the compiler's output is shown on errors.
cmake --build build >build/build.log 2>&1 ||
  { grep -E 'error|FAILED' -A 4 build/build.log | head -60; broken "could not build"; }
echo "build: $(minutes $((SECONDS - start))) (limit 6:00)"

start=$SECONDS
jobs=$(nproc)
rm -f build/ctest.xml build/lit.xml
ctest --test-dir build -j "$jobs" --timeout 300 \
  --output-junit "$PWD/build/ctest.xml" >build/ctest.log 2>&1
/usr/lib/llvm-22/bin/lit -s -j "$jobs" --xunit-xml-output build/lit.xml \
  build/test >build/lit.log 2>&1
echo "tests: $(minutes $((SECONDS - start))) (limit 10:00)"

/usr/bin/python3 tools/count_tests.py build/ctest.xml build/lit.xml
