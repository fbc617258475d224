/*
 * Where `sluice` starts. This file is CommonJS and plain JavaScript (see package.json beside it), so that an old Node
 * can run it too and say what is missing: better-sqlite3 ends such a process with a segmentation fault and no message.
 * Everything else is in command/, as modules, and is loaded only after the check.
 */
if (Number(process.versions.napi) >= 10 && Number(process.versions.node.split('.')[0]) >= 24) {
  // Types are stripped once and not at each start: a third of the start's time and 30 MB less. It lies beside what npm
  // installed, so nobody else can write there; where we cannot either, nothing is kept. Bundled code has no __dirname.
  if (typeof __dirname === 'string')
    process.getBuiltinModule('node:module').enableCompileCache(`${__dirname}/../../node_modules/.cache/sluice`)
  void import('./command/main.ts')
} else {
  process.stderr.write(
    `sluice needs Node.js 24 or newer and this is ${process.version}: run it as "npm run sluice -- COMMAND" ` +
      '(npm ci brings a Node 24 along), or put a newer node first on the PATH.\n',
  )
  process.exit(1)
}
