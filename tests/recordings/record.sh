#!/bin/sh
# Makes the recording of restore.md again, by a real run.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=${RUNBOOK:-$here/../../target/debug/runbook}
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cp "$here/restore.md" "$folder"
cd "$folder"
env -i PATH="$PATH" HOME="$folder" USER=tester RUNBOOK_HOME="$folder/home" \
    "$program" run restore.md
env -i PATH="$PATH" HOME="$folder" RUNBOOK_HOME="$folder/home" \
    "$program" export last -o "$here/restore.jsonl"
