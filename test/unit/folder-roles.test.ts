import { expect, test } from 'vitest'
import type { ControlPort, Role } from '../../core/control/contract.ts'
import { RolePort } from '../../core/control/role-port.ts'

const everything: ControlPort = {
  call: (name) => Promise.resolve(name),
  subscribe: () => Promise.resolve(() => undefined),
}
const as = (role: Role) => new RolePort(everything, role)

test.each(['read', 'operate'] as const)(
  'the role %s opens, lists and closes no folder, whose path leads anywhere',
  async (role) => {
    for (const name of ['openFolder', 'openedFolders', 'closeFolder'])
      await expect(as(role).call(name, {})).rejects.toMatchObject({ code: 'SLUICE_FORBIDDEN' })
    // Whoever was given the id of an open one may look.
    expect(await as(role).call('openedFolder', {})).toBe('openedFolder')
  },
)

test('the role configure does', async () => {
  expect(await as('configure').call('openFolder', {})).toBe('openFolder')
})
