/** What the operator told a source or a sink. */
export const commands = ['running', 'paused'] as const
export type Command = (typeof commands)[number]

/** What a part of the agent is doing. */
export const componentStates = [
  'starting',
  'running',
  'waiting',
  'waiting: channel full',
  'waiting: upstream',
  'paused',
  'paused: disk',
  'full',
  'failed',
  'draining',
  'drained',
  'stopped',
] as const
export type ComponentState = (typeof componentStates)[number]

export interface ActualState {
  readonly state: ComponentState
  /** Why, in words; empty when there is nothing to explain. */
  readonly reason: string
}

/** As the operator reads it: `failed: port 4141 is in use`, `waiting: upstream (connection refused)`. */
export function stateText({ state, reason }: ActualState): string {
  if (reason === '') return state
  return state.includes(':') || state === 'paused' ? `${state} (${reason})` : `${state}: ${reason}`
}
