import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { expect, test } from 'vitest'
import { drainNumbers, makeFileChannel, temporaryFolder } from '../file-channel-rig.ts'

const child = path.join(import.meta.dirname, '../torture/channel-kill-child.ts')

test('a folder is locked against another process, and free again when that one was killed', async () => {
  const place = temporaryFolder()
  try {
    const folder = path.join(place.folder, 'channel')
    const holder = spawn(process.execPath, [child, folder, path.join(place.folder, 'ledger')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(holder, 'exit')
    await once(holder.stdout, 'data')
    const channel = makeFileChannel(folder)
    await expect(channel.open()).rejects.toMatchObject({
      code: 'SLUICE_CHANNEL_LOCKED',
      message: expect.stringContaining(folder) as unknown,
      details: { folder, pid: holder.pid },
    })
    holder.kill('SIGKILL')
    await exited
    await channel.open()
    await drainNumbers(channel)
    await channel.close(2000)
  } finally {
    place.remove()
  }
})
