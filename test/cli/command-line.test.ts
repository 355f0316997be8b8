/** What may be typed: help, options, and mistakes. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CommanderError } from 'commander'
import { test, type Test } from 'tap'
import { isDebug, runCommandLine } from '#cli/command-line.ts'
import { exitCodeOf } from '#cli/explain.ts'

const COMMANDS = [
  'init',
  'start',
  'join',
  'invite',
  'nodes',
  'admit',
  'status',
  'doctor',
  'enrol',
  'post',
  'read',
  'trust',
]

test('help lists every command, and each has help with the common options and examples', async (t) => {
  const general = await typed(t, ['--help'])
  t.equal(general.code, 0)

  for (const command of COMMANDS) {
    t.match(general.out, new RegExp(`^  ${command} `, 'm'))
    const { code, out } = await typed(t, [command, '--help'])
    t.equal(code, 0)
    t.match(out, new RegExp(`^Usage: holdfast ${command} `))
    for (const part of ['--data <folder>', '--json', 'Examples:', `\n  holdfast ${command}`])
      t.match(out, part, `${command} ${part}`)
  }
})

test('each command about audits has help with the common options and examples', async (t) => {
  for (const name of ['list', 'follow', 'export', 'verify']) {
    const { code, out } = await typed(t, ['audit', name, '--help'])
    t.equal(code, 0)
    t.match(out, new RegExp(`^Usage: holdfast audit ${name} `))
    for (const part of ['--data <folder>', '--json', 'Examples:', `\n  holdfast audit ${name}`])
      t.match(out, part, `${name} ${part}`)
  }
})

test('a mistake in what was typed is written with a hint, and is a usage error', async (t) => {
  const mistakes: readonly (readonly [readonly string[], string])[] = [
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['status', '--jsno'], 'Did you mean --json?'],
    [['post', 'ops'], "missing required argument 'text'"],
    [
      ['post', 'ops', 'x', '--lane', 'urgent'],
      'Allowed choices are flash, immediate, priority, routine',
    ],
    [['admit', 'x'], "required option '--out <file>' not specified"],
    [['root', 'certify', 'x'], "required option '--root <file>' not specified"],
    [['status', 'x'], 'too many arguments'],
    [[], 'Usage: holdfast'],
  ]

  for (const [words, expected] of mistakes) {
    const { code, error } = await typed(t, words)
    t.equal(code, 2, words.join(' '))
    t.match(error, expected, words.join(' '))
  }
})

test('the data folder comes from the option, else from the environment, else from the home folder', async (t) => {
  const folder = t.testdir()
  const environment = { HOLDFAST_DATA: join(folder, 'there') }

  await t.rejects(run(['status'], environment), {
    code: 'CONFIG_MISSING',
    facts: { dataFolder: join(folder, 'there') },
  })
  await t.rejects(run(['status', '--data', join(folder, 'here')], environment), {
    code: 'CONFIG_MISSING',
    facts: { dataFolder: join(folder, 'here') },
  })
  t.match((await typed(t, ['status', '--help'])).out, /\.holdfast/)
})

test('a command for a running node tells no node from one that does not run', async (t) => {
  const folder = t.testdir()
  await mkdir(join(folder, 'half', 'keys'), { recursive: true })

  await t.rejects(run(['read', '--data', join(folder, 'none')]), { code: 'CONFIG_MISSING' })
  await t.rejects(run(['read', '--data', join(folder, 'half')]), { name: 'NodeNotRunning' })
})

test('what is typed behind join must be an address and a code', async (t) => {
  const data = join(t.testdir(), 'bravo')
  const mistakes: readonly (readonly [readonly string[], string])[] = [
    [[], 'address'],
    [['hub'], 'address'],
    [['hub:99999x', 'y'.repeat(16)], 'address'],
    [['hub:8065'], 'code'],
    [['hub:8065', 'abc'], 'code'],
    [['holdfast://join?at=hub&code=abc'], 'address'],
  ]

  for (const [words, field] of mistakes)
    await t.rejects(run(['join', ...words, '--data', data]), {
      code: 'INPUT_INVALID',
      facts: { field },
    })
})

test('stacks are shown when HOLDFAST_DEBUG is set to something', async (t) => {
  t.strictSame(
    [isDebug({}), isDebug({ HOLDFAST_DEBUG: '' }), isDebug({ HOLDFAST_DEBUG: '1' })],
    [false, false, true],
  )
})

interface Typed {
  readonly code: number
  readonly out: string
  readonly error: string
}

async function run(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Typed> {
  let out = ''
  let error = ''
  const terminal = {
    out: (text: string) => void (out += text),
    error: (text: string) => void (error += text),
  }
  const signal = new AbortController().signal
  const code = await runCommandLine(words, { terminal, signal, environment }).catch(
    (thrown: unknown) => {
      if (thrown instanceof CommanderError) return exitCodeOf(thrown)
      throw thrown
    },
  )
  return { code, out, error }
}

async function typed(t: Test, words: readonly string[]): Promise<Typed> {
  const result = await run(words)
  t.equal(result.code === 0 ? result.error : '', '', 'help is no error')
  return result
}
