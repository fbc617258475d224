import type { ComponentState } from '../../core/agent/component-state.ts'

export const tones = ['good', 'calm', 'warn', 'bad'] as const
export type Tone = (typeof tones)[number]

interface Look {
  readonly tone: Tone
  /** A shape of its own for each kind of state: colour never says anything alone. */
  readonly sign: string
}

const looks: Record<ComponentState, Look> = {
  starting: { tone: 'calm', sign: '◌' },
  running: { tone: 'good', sign: '●' },
  waiting: { tone: 'calm', sign: '○' },
  'waiting: channel full': { tone: 'warn', sign: '▲' },
  'waiting: upstream': { tone: 'warn', sign: '▲' },
  paused: { tone: 'calm', sign: '‖' },
  'paused: disk': { tone: 'bad', sign: '✕' },
  full: { tone: 'warn', sign: '▲' },
  failed: { tone: 'bad', sign: '✕' },
  draining: { tone: 'warn', sign: '▼' },
  drained: { tone: 'calm', sign: '✓' },
  stopped: { tone: 'calm', sign: '■' },
}

/** Of a part whose agent does not answer: what it did last is no news, good or bad. */
export const lastKnownLook: Look = { tone: 'calm', sign: '◌' }

export function stateLook(state: ComponentState): Look {
  return looks[state]
}
