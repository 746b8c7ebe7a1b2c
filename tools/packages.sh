# packages.sh - sourced by test.sh and demo.sh: Debian packages, by name.

# What building the compiler and its models takes.
build_packages=(
  ca-certificates cmake ninja-build git gcc g++ libc6-dev binutils
  clang-22 lld-22 llvm-22-dev llvm-22-tools libmlir-22-dev mlir-22-tools
  libomp-22-dev libopenblas-pthread-dev nlohmann-json3-dev libcli11-dev
  libzstd-dev python3)
# What the tests take besides.
test_packages=(
  ccache clang-format-22 libgtest-dev libgmock-dev librapidcheck-dev
  python3-numpy python3-venv gdb)
# What the demonstration takes besides.
demo_packages=(bible-kjv gnuplot-nox)

# Prints those of the named packages that are not installed.
missing_packages() {
  local name
  for name in "$@"; do
    dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null |
      grep -q '^ii' || echo "$name"
  done
}

# Installs the named packages that are missing. As root, or through sudo where
# there is one; otherwise it says what to install.
install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  local root=()
  if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "expected the packages ${missing[*]}, which only root can install" >&2
      return 1
    fi
    root=(sudo)
  fi
  echo "installing ${missing[*]}"
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Seconds as minutes:seconds.
minutes() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }
