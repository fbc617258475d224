/** What the operator told a source or a sink. */
export const commands = ['running', 'paused'] as const
export type Command = (typeof commands)[number]

/** What a part of the agent is doing; `reason` says why where that is not plain. */
export const componentStates = [
  'starting',
  'running',
  'waiting: channel full',
  'waiting: upstream',
  'waiting',
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
  /** In words; empty when there is nothing to explain. */
  readonly reason: string
}

/** As the operator reads it: `failed: port 4141 is in use`. */
export function stateText({ state, reason }: ActualState): string {
  return reason === '' || (state === 'waiting' && reason.startsWith('waiting'))
    ? reason || state
    : `${state}: ${reason}`
}
