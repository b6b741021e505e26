#!/usr/bin/env bash
# What the browser tests (tests/cli/browser.rs) need: Chromium, and axe-core in a folder that outlives a
# run. What is there already is left alone; what can't be had is named, and its tests say `skipped`.
set -euo pipefail

version=4.11.1
folder="${XDG_CACHE_HOME:-$HOME/.cache}/runbook-tests/axe-core-$version"

absent() { echo "absent: $1 ($2)" >&2; }

if ! command -v chromium > /dev/null; then
  if command -v apt-get > /dev/null && [ "$(id -u)" -eq 0 ]; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends chromium > /dev/null || absent chromium "apt-get failed"
  else
    absent chromium "needs apt-get and root"
  fi
fi

if [ ! -f "$folder/axe.min.js" ]; then
  if command -v npm > /dev/null; then
    scratch="$(mktemp -d)"
    trap 'rm -rf "$scratch"' EXIT
    # The package is unpacked, not installed: nothing of it runs here.
    if (cd "$scratch" && npm pack --silent "axe-core@$version" > /dev/null); then
      tar -xzf "$scratch"/axe-core-*.tgz -C "$scratch"
      mkdir -p "$folder"
      cp "$scratch/package/axe.min.js" "$scratch/package/LICENSE" "$folder"
    else
      absent axe-core "npm failed"
    fi
  else
    absent axe-core "needs npm"
  fi
fi
