#!/bin/sh
# Sluice needs Node 24 or newer, which is not always the first on the path.
for node in "$SLUICE_NODE" /usr/lib/sluice/node /usr/bin/node node; do
  [ -n "$node" ] || continue
  if major=$("$node" -p 'process.versions.node.split(".")[0]' 2>/dev/null) && [ "$major" -ge 24 ]; then
    exec "$node" "${SLUICE_HOME:-/usr/lib/sluice}/headless/sluice.js" "$@"
  fi
done
echo 'sluice needs Node.js 24 or newer: install one, or name it in SLUICE_NODE' >&2
exit 1
