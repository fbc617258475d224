import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Rectangle } from 'electron'
import { z } from 'zod'

const stateSchema = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int().min(400).max(20_000),
  height: z.number().int().min(300).max(20_000),
  maximized: z.boolean(),
})
export type WindowState = z.infer<typeof stateSchema>

/** How the window was left; undefined the first time, and when it lies where no screen is any more. */
export function readWindowState(file: string, screens: readonly Rectangle[]): WindowState | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    // There is none yet, and a window of the usual size is all that is lost.
    return undefined
  }
  const checked = stateSchema.safeParse(parsed(text))
  return checked.success && screens.some((screen) => overlaps(screen, checked.data)) ? checked.data : undefined
}

export function writeWindowState(file: string, state: WindowState): void {
  writeFileSync(`${file}.new`, JSON.stringify(state))
  renameSync(`${file}.new`, file)
}

/** Enough of it to be found and moved. */
function overlaps(screen: Rectangle, state: WindowState): boolean {
  const across = Math.min(screen.x + screen.width, state.x + state.width) - Math.max(screen.x, state.x)
  const down = Math.min(screen.y + screen.height, state.y + state.height) - Math.max(screen.y, state.y)
  return across >= 100 && down >= 50
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
