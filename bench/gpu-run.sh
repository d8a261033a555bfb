#!/usr/bin/env bash
# The other end of gpu-pack.sh, on a machine with a GPU and without a network: checks and unpacks the pieces beside this file,
# says what the devices have, compares each op with the CPU, times training steps and whole cases beside PyTorch where that is
# installed, then trains with checkpoints. Started again, it goes on with the training; what is done already stays.
#
#   bash gpu-run.sh [--into DIR] [--device cuda] [--recipe brats] [--batch 64] [--minutes 20] [--skip-bench] [--set key=value]...
#
# DIR (default: med-danet beside this file) receives the package, results/*.json and run/, the training.
set -euo pipefail

usage() { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
into=$here/med-danet; device=cuda; recipe=brats; batch=64; minutes=20; bench=yes; sets=()
while [ $# -gt 0 ]; do
  if [ "$1" = --skip-bench ]; then bench=no; shift; continue; fi
  [ $# -ge 2 ] || usage
  case $1 in
    --into) into=$2 ;;
    --device) device=$2 ;;
    --recipe) recipe=$2 ;;
    --batch) batch=$2 ;;
    --minutes) minutes=$2 ;;
    --set) sets+=("$2") ;;
    *) usage ;;
  esac
  shift 2
done

if [ ! -e "$into/unpacked" ]; then
  (cd "$here" && sha256sum --quiet -c SHA256SUMS)
  mkdir -p "$into"
  cat "$here"/pack.tar.gz.* | tar -xzf - -C "$into"
  touch "$into/unpacked"
fi
cd "$into"
mkdir -p results

# CUDA libraries that a PyTorch installation brings as wheels.
wheels=$(python3 -c 'import glob, sysconfig; print(":".join(glob.glob(sysconfig.get_path("purelib") + "/nvidia/*/lib")))' 2>/dev/null || true)
export LD_LIBRARY_PATH=${wheels:+$wheels:}${LD_LIBRARY_PATH:-}
med_danet() { ./node dist/cli/main.js "$@"; }

med_danet gpu | tee results/devices.txt
med_danet gpu --json > results/devices.json
[ -e results/ops.json ] || { med_danet gpu check --device "$device" --recipe "$recipe" --json > results/ops.part && mv results/ops.part results/ops.json; }
if [ $bench = yes ] && [ ! -e results/bench.json ]; then
  med_danet bench --device "$device" --batch "$batch" --rounds 5 --json > results/bench.part && mv results/bench.part results/bench.json
fi
[ -d cases ] || { echo "no cases in the pack: no training" >&2; exit 0; }
resume=(); [ ! -d run/checkpoints ] || resume=(--resume)
med_danet train --recipe "$recipe" --data cases --out run --device "$device" --max-minutes "$minutes" \
  "${sets[@]/#/--set=}" "${resume[@]}" --json | tee -a results/train.jsonl
