#!/bin/sh
# Makes the recordings of runbook.toml again, by real runs of runbooks/apply-status.md against what
# setup.sh brings: an API server, Helm and Terraform, and moto and a stand-in for AWS. What follows
# is given to the tests: `tests/live/record.sh was_killed` makes only that one.
set -eu
cd "$(dirname "$0")/../.."
RUNBOOK_RECORDINGS="$PWD/recordings" cargo test --test live -- --nocapture "${1:-demo}"
# A file of a run is its owner's alone; these are everybody's.
chmod 644 recordings/*.jsonl
