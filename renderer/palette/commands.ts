import { computed, type ComputedRef } from 'vue'
import { useRouter } from 'vue-router'
import { useOperations } from '../stores/operations.ts'
import { useSession } from '../stores/session.ts'
import { useStatus } from '../stores/status.ts'
import { places } from '../views/places.ts'

/** Something that can be done from the keyboard, by its words. */
export interface PaletteCommand {
  readonly text: string
  readonly keys?: string
  readonly run: () => void
}

/** Everything that the state of the moment allows; the list follows it. */
export function usePaletteCommands(): ComputedRef<PaletteCommand[]> {
  const router = useRouter()
  const session = useSession()
  const status = useStatus()
  const operations = useOperations()
  return computed(() => {
    const commands: PaletteCommand[] = places.map(({ path, title, key }) => ({
      text: `Go to ${title}`,
      keys: `g ${key}`,
      run: () => void router.push(path),
    }))
    for (const { name } of status.channels)
      commands.push({
        text: `Go to channel ${name}`,
        run: () => void router.push(`/channel/${encodeURIComponent(name)}`),
      })
    if (session.mayConfigure)
      commands.push({ text: 'Open channel folder…', run: () => void router.push('/backlog/folder/new') })
    for (const name of session.agents)
      if (name !== session.agent)
        commands.push({
          text: `Show agent ${name}`,
          run: () => {
            session.agent = name
          },
        })
    if (!session.mayOperate) return commands
    const parts = [
      ...status.sources.map((one) => ({ ...one, kind: 'source' })),
      ...status.sinks.map((one) => ({ ...one, kind: 'sink' })),
    ]
    for (const { kind, name, command } of parts) {
      const component = `${kind}:${name}`
      if (command === 'paused')
        commands.push({ text: `Resume ${kind} ${name}`, run: () => void operations.resume(component) })
      else commands.push({ text: `Pause ${kind} ${name}`, run: () => void operations.pause(component) })
    }
    for (const { name, drain } of status.channels)
      commands.push(
        drain === null
          ? { text: `Drain channel ${name}`, run: () => void operations.drain(name) }
          : { text: `End the drain of channel ${name}`, run: () => void operations.cancelDrain(name) },
      )
    commands.push({ text: 'Pause all sources and sinks', run: () => void operations.pauseAll() })
    commands.push({ text: 'Resume all sources and sinks', run: () => void operations.resumeAll() })
    return commands
  })
}
