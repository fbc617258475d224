/** A user of the machine who may do nothing: what root may not be refused, this one is. */
import { execFileSync } from 'node:child_process'
import { chownSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const nobody = 65_534
const root = process.getuid?.() === 0
const command = ['setpriv', '--reuid', String(nobody), '--regid', String(nobody), '--clear-groups', '--']

/** What a program is started through; empty where this user has no special rights anyway. */
export const throughNobody: readonly string[] = root ? command : []

/** Why no program can be refused anything here; empty when one can. */
export const rightsMissing = root ? whyNot() : ''

function whyNot(): string {
  const [program = '', ...args] = command
  try {
    execFileSync(program, [
      ...args,
      process.execPath,
      '-e',
      `require('fs').readFileSync(${JSON.stringify(import.meta.filename)})`,
    ])
    return ''
  } catch {
    return "(skipped: another user cannot be taken on with setpriv, or may not read Sluice's own files)"
  }
}

/** Hands a folder with all that is in it to the user without rights. */
export function giveToNobody(folder: string): void {
  if (!root) return
  chownSync(folder, nobody, nobody)
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) giveToNobody(join(folder, entry.name))
    else chownSync(join(folder, entry.name), nobody, nobody)
}
