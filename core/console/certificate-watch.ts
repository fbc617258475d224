import { stat } from 'node:fs/promises'
import type { Clock } from '../clock.ts'
import { errorText } from '../errors.ts'
import type { Log } from '../log.ts'
import { type ConsoleTls, loadConsoleTls } from './console-tls.ts'

const lookEvery = 60_000

/**
 * Looks once a minute whether the certificate was renewed and hands on the new one, until `signal` aborts: an agent runs
 * for longer than a certificate. What cannot be used is reported and the one before it stays.
 */
export async function watchCertificate(
  { keyFile, certificateFile }: ConsoleTls,
  renewed: (tls: ConsoleTls) => void,
  { clock, log, signal }: { readonly clock: Clock; readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  const state = async () => {
    const found = await Promise.all([keyFile, certificateFile].map((file) => stat(file)))
    return found.map(({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`).join(' ')
  }
  let known = await state().catch(() => '')
  for (;;) {
    await clock.sleep(lookEvery, signal)
    if (signal.aborted) return
    try {
      const now = await state()
      if (now === known) continue
      const tls = await loadConsoleTls(keyFile, certificateFile)
      known = now
      renewed(tls)
      log.info({ file: certificateFile, validTo: tls.certificate.validTo }, 'the console has a new certificate')
    } catch (error) {
      // A renewal writes two files one after the other: what does not fit yet may fit in a minute.
      log.warn({ error, file: certificateFile }, `the console keeps its old certificate: ${errorText(error)}`)
    }
  }
}
