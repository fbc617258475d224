/**
 * Preloaded into a child (`--import`) to weaken the channel on purpose, so that a test can prove that it would notice.
 * SLUICE_WEAKNESS names the weakness. Its line must be there exactly once, or the module does not load.
 */
import { registerHooks } from 'node:module'

const weaknesses: Readonly<Record<string, { module: string; from: string; to: string }>> = {
  'acknowledges before the disk has it': {
    module: '/core/channel/file/segment-writer.ts',
    from: 'writeFully(this.#descriptor, parts, segment.length)\n      fs.fdatasyncSync(this.#descriptor)',
    to: 'writeFully(this.#descriptor, parts, segment.length)\n                                        ',
  },
  'goes on in a segment whose sync failed': {
    module: '/core/channel/file/segment-writer.ts',
    from: 'this.#cut(segment)\n      this.seal()\n      throw seen',
    to: 'segment.length += parts.reduce((sum, part) => sum + part.length, 0)\n      return',
  },
}

const weakness = weaknesses[process.env.SLUICE_WEAKNESS ?? '']
if (weakness === undefined) throw new Error(`no weakness is named ${process.env.SLUICE_WEAKNESS}`)

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    if (!url.endsWith(weakness.module)) return loaded
    const { source: raw } = loaded
    const source = typeof raw === 'string' ? raw : new TextDecoder().decode(raw ?? undefined)
    if (source.split(weakness.from).length !== 2) throw new Error(`the line to weaken is not in ${url}`)
    process.stderr.write('weakened\n')
    return { ...loaded, source: source.replace(weakness.from, weakness.to) }
  },
})
