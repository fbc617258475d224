import type { PatternNode } from './pattern-tree.ts'

/** `ways`: in how many ways a part can match at one place. `steps`: what trying them all takes. */
interface Cost {
  readonly ways: number
  readonly steps: number
}

/**
 * No fewer steps than a backtracking engine takes with an expression on a text of `length` units, at the worst;
 * infinite where they double with each unit. It errs on the high side: what it calls dear may be cheap.
 */
export function patternCost(tree: PatternNode, length: number): number {
  const { steps } = cost(tree, length)
  // Where the beginning is not the only place, each is tried.
  return beginsAtStart(tree) ? steps : steps * length
}

/** Whether a match can only be at the beginning of the text; not so with the flag m. */
export function beginsAtStart(node: PatternNode): boolean {
  switch (node.kind) {
    case 'edge':
      return node.edge === 'start'
    case 'choice':
      return node.alternatives.every(beginsAtStart)
    case 'sequence': {
      const first = node.parts.find(({ kind }) => kind !== 'look')
      return first !== undefined && beginsAtStart(first)
    }
    case 'repeat':
      return node.least > 0 && beginsAtStart(node.part)
    default:
      return false
  }
}

function cost(node: PatternNode, length: number): Cost {
  switch (node.kind) {
    case 'unit':
    case 'edge':
      return { ways: 1, steps: 1 }
    case 'reference':
      return { ways: 1, steps: length }
    case 'look':
      return { ways: 1, steps: cost(node.part, length).steps }
    case 'flagged':
      return cost(node.part, length)
    case 'choice':
      return node.alternatives
        .map((one) => cost(one, length))
        .reduce((sum, one) => ({ ways: sum.ways + one.ways, steps: sum.steps + one.steps }))
    case 'sequence':
      return node.parts
        .map((one) => cost(one, length))
        .reduce((sum, one) => ({ ways: sum.ways * one.ways, steps: sum.steps + sum.ways * one.steps }), {
          ...{ ways: 1, steps: 1 },
        })
    case 'repeat':
      return repeated(cost(node.part, length), node.least, node.most, length)
  }
}

function repeated(part: Cost, least: number, most: number, length: number): Cost {
  // A part that may match nothing is not repeated more often than there are units, but for its least.
  const times = Math.min(most, Math.max(least, length))
  if (times === 0) return { ways: 1, steps: 1 }
  const counts = times - Math.min(least, times) + 1
  if (part.ways === 1) return { ways: counts, steps: times * part.steps }
  const ways = part.ways ** times * counts
  return { ways, steps: ways * part.steps }
}
