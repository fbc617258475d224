import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
} from 'yaml'
import type { ConfigEntry, Position } from './entry.ts'
import type { Findings } from './findings.ts'

/** More than any real file has; keeps aliases of aliases from growing without end. */
const mostEntries = 100_000
const deepest = 32

/** Sections of an agent whose maps are components: their names make up the list that `.properties` spells out. */
const componentSections = ['sources', 'channels', 'sinks', 'sinkgroups', 'configfilters']

interface Walk {
  readonly entries: ConfigEntry[]
  readonly findings: Findings
  /** What each anchor names, in the order of the text: a name may be used again further down. */
  readonly anchors: ReadonlyMap<string, readonly Node[]>
  visited: number
  position(node: unknown): Position
}

/** The text of a scalar as it is written: `010` and `yes` stay what they are. */
function scalarText(node: Node): string | undefined {
  if (!isScalar(node)) return undefined
  if (node.value === null || node.value === undefined) return ''
  if (typeof node.value === 'string') return node.value
  return node.source ?? JSON.stringify(node.value)
}

const startOf = (node: Node) => node.range?.[0] ?? 0

/** Collected once: asking yaml for each alias walks the whole document again. */
function anchorsOf(document: Document.Parsed): Map<string, Node[]> {
  const anchors = new Map<string, Node[]>()
  visit(document, {
    Value(_, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, [...(anchors.get(node.anchor) ?? []), node])
    },
  })
  return anchors
}

function resolved(walk: Walk, path: string, node: unknown): unknown {
  if (!isAlias(node)) return node
  const target = walk.anchors.get(node.source)?.findLast((one) => startOf(one) < startOf(node))
  if (target === undefined)
    walk.findings.error(walk.position(node), path, `nothing has the anchor &${node.source}`, 'define it further up')
  return target
}

/** Counts what is walked; false, with one finding, when it is too much. */
function mayVisit(walk: Walk, path: string, at: Position): boolean {
  if (++walk.visited === mostEntries)
    walk.findings.error(at, path, `the file has more than ${mostEntries} keys`, 'use fewer aliases')
  return walk.visited < mostEntries
}

function addList(walk: Walk, path: string, keyAt: Position, items: readonly unknown[], valueAt: Position): void {
  const texts: string[] = []
  for (const item of items) {
    const node = resolved(walk, path, item)
    const text = isScalar(node) ? scalarText(node) : undefined
    if (text === undefined || text === '')
      walk.findings.error(walk.position(item), path, 'has an item that is no text', 'a list may have texts only')
    else texts.push(text)
  }
  walk.entries.push({ key: path, value: texts.join(' '), items: texts, keyAt, valueAt })
}

/** Adds what is below `path`; false when there is too much. */
function flatten(walk: Walk, path: string, keyAt: Position, value: unknown, depth: number): boolean {
  if (!mayVisit(walk, path, keyAt)) return false
  const node = resolved(walk, path, value)
  const valueAt = isAlias(value) || node === null || node === undefined ? keyAt : walk.position(node)
  if (isCollection(node) && depth > deepest) {
    walk.findings.error(keyAt, path, `is nested more than ${deepest} deep`, 'use dotted keys')
    return true
  }
  if (isSeq(node)) {
    addList(walk, path, keyAt, node.items, valueAt)
    return true
  }
  if (!isMap(node)) {
    walk.entries.push({ key: path, value: isScalar(node) ? (scalarText(node) ?? '') : '', keyAt, valueAt })
    return true
  }
  const segments = path.split('.')
  const isSection =
    (segments.length === 2 && componentSections.includes(segments[1] ?? '')) ||
    (segments.length === 4 && segments[1] === 'sources' && segments[3] === 'interceptors')
  if (isSection) {
    const names = node.items.map((pair) => (isScalar(pair.key) ? String(pair.key.value) : ''))
    const items = names.filter((name) => name !== '')
    walk.entries.push({ key: path, value: items.join(' '), items, keyAt, valueAt })
  }
  for (const pair of node.items) {
    if (!isScalar(pair.key)) {
      walk.findings.error(walk.position(pair.key), path, 'has a key that is no text', 'write the key as a text')
      continue
    }
    const name = scalarText(pair.key) ?? ''
    if (name === '<<') {
      walk.findings.error(walk.position(pair.key), path, 'merge keys (<<) are not read', 'use an alias for a whole map')
      continue
    }
    const below = path === '' ? name : `${path}.${name}`
    const empty = pair.value === null || (isMap(pair.value) && pair.value.items.length === 0)
    // A component without settings is listed but not configured; that finding is made later and says more.
    if (empty && isSection) continue
    if (!flatten(walk, below, walk.position(pair.key), pair.value, depth + 1)) return false
  }
  return true
}

/** The documents of `text`; undefined where it is nested so deep that yaml, which goes down by recursion, has no stack left. */
function parsedText(text: string, lineCounter: LineCounter): Document.Parsed[] | undefined {
  try {
    const parsed = parseAllDocuments(text, { lineCounter, prettyErrors: false, merge: false })
    const documents = Array.isArray(parsed) ? parsed : []
    // Lists in each other it gives up by itself, and makes the engine's words its own.
    return documents.some(({ errors }) => errors.some(({ message }) => message.includes('call stack')))
      ? undefined
      : documents
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/**
 * Reads the YAML form: `agents → a1 → sources → r1 → key: value`. Maps become dotted keys; the names below `sources`,
 * `channels`, `sinks`, `sinkgroups`, `configfilters` and a source's `interceptors` become the lists that `.properties`
 * has to spell out.
 */
export function parseYaml(file: string, text: string, findings: Findings): ConfigEntry[] {
  const counter = new LineCounter()
  const whole: Position = { file, line: 1, column: 1 }
  const at = (offset: number): Position => {
    const { line, col } = counter.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const documents = parsedText(text, counter)
  if (documents === undefined) {
    findings.error(whole, '', `is nested more than ${deepest} deep`, 'use dotted keys')
    return []
  }
  const [document] = documents
  if (document === undefined) return []
  for (const one of documents)
    for (const problem of [...one.errors, ...one.warnings]) {
      const message = `is no valid YAML: ${problem.message}`
      if (problem.name === 'YAMLWarning') findings.warning(at(problem.pos[0]), '', message)
      else findings.error(at(problem.pos[0]), '', message, 'see the form in docs/configuration.md')
    }
  if (documents.length > 1)
    findings.error(
      at(documents[1]?.range[0] ?? 0),
      '',
      'a second YAML document starts here',
      'give one document a file',
    )
  if (findings.failed) return []
  const position = (node: unknown): Position => {
    const range = (node as Node | null)?.range
    return range ? at(range[0]) : whole
  }
  const top = document.contents
  if (top === null) return []
  const agents = isMap(top) ? top.get('agents', true) : undefined
  if (!isMap(top) || !isMap(agents)) {
    findings.error(
      position(top),
      'agents',
      'is missing: the file has no map of agents',
      'start with "agents:" and below it a map for each agent',
    )
    return []
  }
  const walk: Walk = { entries: [], findings, anchors: anchorsOf(document), visited: 0, position }
  for (const pair of top.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : ''
    // Keys beside `agents` are for anchors: x-defaults, as in compose files.
    if (key !== 'agents' && !key.startsWith('x-'))
      findings.warning(
        position(pair.key),
        key,
        'is not used',
        'agents go below "agents:", anchors below keys that start with x-',
      )
  }
  flatten(walk, '', position(agents), agents, 0)
  return walk.entries
}
