import type { CallResult } from '../../../core/control/contract.ts'

export type OpenedFolder = CallResult<'openedFolder'>

/** Whether anybody runs the channel of a folder, in words. */
export function holderText(holder: number | null): string {
  return holder === null ? 'Its agent is stopped.' : `Another process has it open: ${holder}.`
}
