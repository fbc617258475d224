/*
 * Where `sluice` starts. This file is CommonJS and plain JavaScript (see package.json beside it), so that an old Node
 * can run it too and say what is missing: better-sqlite3 ends such a process with a segmentation fault and no message.
 * Everything else is in command/, as modules, and is loaded only after the check.
 */
if (Number(process.versions.napi) >= 10 && Number(process.versions.node.split('.')[0]) >= 24) {
  void import('./command/main.ts')
} else {
  process.stderr.write(
    `sluice needs Node.js 24 or newer and this is ${process.version}: put a newer node first on the PATH, or, in a folder ` +
      'with the source, run it as "npm run sluice -- COMMAND" (npm ci brings a Node 24 along).\n',
  )
  process.exit(1)
}
