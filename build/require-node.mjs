/**
 * Comes before `npm start`, `npm test` and `npm run build`. Where npm ci could bring no Node along, an old one of the system
 * runs this and says what is missing, in place of a stack trace about the first `.ts` file.
 */
const least = 24

if (Number(process.versions.node.split('.')[0]) < least) {
  process.stderr.write(
    `Sluice needs Node.js ${least} or newer and this is ${process.version}: put a newer node first on the PATH ` +
      '(on x64, npm ci brings one along for Linux and Windows).\n',
  )
  process.exit(1)
}
