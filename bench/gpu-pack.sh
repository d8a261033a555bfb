#!/usr/bin/env bash
# Packs what a GPU machine without a network needs, in pieces of a size that travels: Node, ONNX Runtime with its CUDA provider
# (after `med-danet gpu install`), this package as built, the bank, PyTorch's peer script, and cases. The other end is gpu-run.sh.
#
#   bench/gpu-pack.sh OUT [--cases DIR] [--piece-mib 64]
#
# OUT, a new folder, receives pack.tar.gz.00, .01, ..., SHA256SUMS and gpu-run.sh. Cases travel as their own files: four
# compressed volumes are 7 MB, the same case prepared for training 30 MB, and preparing it again takes a second.
set -euo pipefail

usage() { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; }
[ $# -ge 1 ] && [ "${1#--}" = "$1" ] || usage
out=$1; shift
cases=; piece=64
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || usage
  case $1 in
    --cases) cases=$2 ;;
    --piece-mib) piece=$2 ;;
    *) usage ;;
  esac
  shift 2
done
[ ! -e "$out" ] || { echo "error: $out must be a new folder; give another" >&2; exit 2; }
[ -z "$cases" ] || [ -d "$cases" ] || { echo "error: --cases $cases must be a folder" >&2; exit 2; }

root=$(cd "$(dirname "$0")/.." && pwd)
case "$out" in /*) ;; *) out=$PWD/$out ;; esac
cases=${cases:+$(cd "$cases" && pwd)}
mkdir -p "$out"
trap 'rm -rf "$out"' ERR
cd "$root"
npm run --silent build

# The packages that the package needs when it runs; the WASM build and binaries of other systems stay here.
listed=$(npm ls --omit=dev --all --parseable 2>/dev/null) || { echo "error: npm ls must find node_modules whole; run npm ci" >&2; false; }
packages=$(sed -n "s|^$root/||p" <<< "$listed" | grep -v '^node_modules/onnxruntime-web' | sort -u)
system="$(node -p 'process.platform')/$(node -p 'process.arch')"
others=$(find node_modules/onnxruntime-node/bin/napi-v6 -mindepth 2 -maxdepth 2 -type d | grep -v "/$system\$" || true)
provider=node_modules/onnxruntime-node/bin/napi-v6/$system/libonnxruntime_providers_cuda.so
[ -e "$provider" ] || echo "note: without $provider the pack runs on no CUDA device; med-danet gpu install brings it" >&2

exclude=(--exclude=libonnxruntime_providers_tensorrt.so)
for folder in $others; do exclude+=("--exclude=$folder"); done
node_binary=$(node -p 'process.execPath')
content=(package.json dist banks examples/BraTS2021_01481 bench/torch_step.py test/reference/torch_networks.py $packages)
extra=(-C "$(dirname "$node_binary")" "$(basename "$node_binary")")
[ -z "$cases" ] || extra+=(-C "$(dirname "$cases")" --transform="s|^$(basename "$cases")|cases|" "$(basename "$cases")")
tar -czhf - "${exclude[@]}" "${content[@]}" "${extra[@]}" | split -b "${piece}m" -d - "$out/pack.tar.gz."
cp bench/gpu-run.sh "$out/"
(cd "$out" && sha256sum pack.tar.gz.* gpu-run.sh > SHA256SUMS)
trap - ERR
ls -lh "$out"
