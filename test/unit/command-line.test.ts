import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import type { CommandLineContext } from '../../core/cli/command/context.ts'
import { createProgram, runProgram } from '../../core/cli/command/program.ts'
import { version } from '../../core/cli/command/version.ts'

/** Runs a command line in this process; only for what ends by itself and starts nothing. */
export async function run(...args: string[]) {
  const result = { out: '', error: '', code: 0 }
  const context: CommandLineContext = {
    stdout: { write: (text) => ((result.out += text), true) },
    stderr: { write: (text) => ((result.error += text), true) },
    environment: {},
    platform: 'linux',
    homeDirectory: '/nowhere',
    workingDirectory: '/nowhere',
    clock: systemClock,
    onSignal: () => () => undefined,
    exit: (code) => (result.code = code),
    outlastOutput: () => undefined,
    exitNow: () => {
      throw new Error('not in a test')
    },
  }
  await runProgram(args, context)
  return { ...result, context }
}

describe('the command line', () => {
  it('prints its version, which is that of the package', async () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect(version).toBe(manifest.version)
    expect(await run('--version')).toMatchObject({ out: `${version}\n`, error: '', code: 0 })
  })

  it('prints help on stdout when asked, on stderr with exit code 2 when there is no command', async () => {
    const asked = await run('--help')
    expect(asked).toMatchObject({ error: '', code: 0 })
    expect(asked.out).toContain('Usage: sluice')
    const nothing = await run()
    expect(nothing).toMatchObject({ out: '', code: 2 })
    expect(nothing.error).toContain('Usage: sluice')
  })

  it('answers a wrong command or option with one sentence and exit code 2', async () => {
    for (const args of [['bogus'], ['--bogus']]) {
      const result = await run(...args)
      expect(result.code).toBe(2)
      expect(result.out).toBe('')
      expect(result.error).toContain('bogus')
    }
  })

  it('says where help is, and ends every error with its code', async () => {
    expect((await run('bogus')).error).toBe(
      'sluice: unknown command \'bogus\' [SLUICE_USAGE]\n"sluice --help" lists what there is\n',
    )
    expect((await run('ctl', 'statu')).error).toBe(
      'sluice: unknown command \'statu\' (Did you mean status?) [SLUICE_USAGE]\n"sluice ctl --help" lists what there is\n',
    )
  })

  it('prints the help of a command, however deep it lies, and says so when there is none', async () => {
    const deep = await run('help', 'ctl', 'config', 'apply')
    expect(deep).toMatchObject({ error: '', code: 0 })
    expect(deep.out).toContain('Usage: sluice ctl config apply')
    expect(await run('help', 'bogus')).toMatchObject({ out: '', code: 2 })
    expect((await run('help', 'ctl', 'bogus')).error).toContain("unknown command 'bogus'")
  })

  it('describes every command and every option', async () => {
    const { context } = await run('--version')
    for (const command of createProgram(context).commands) {
      expect(command.description(), command.name()).not.toBe('')
      for (const option of command.options) expect(option.description, `${command.name()} ${option.flags}`).not.toBe('')
    }
  })
})

describe('docs/commands.md', () => {
  it('has every command and every option that is not hidden', async () => {
    const text = readFileSync('docs/commands.md', 'utf8')
    const sections = text.split('\n## ')
    const { context } = await run('--version')
    for (const command of createProgram(context).commands) {
      const section = sections.find((part) => new RegExp(`^sluice ${command.name()}\\b`).test(part)) ?? ''
      expect(section, command.name()).not.toBe('')
      // What several commands share has a section of its own, which theirs point to.
      const shared = section.includes('(#the-console)') ? sections.find((part) => part.startsWith('The console')) : ''
      for (const option of command.options)
        if (!option.hidden) expect(section + (shared ?? ''), command.name()).toContain(option.long ?? option.short)
    }
  })
})
