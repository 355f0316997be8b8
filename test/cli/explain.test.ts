/** Errors as people and scripts at a terminal get them. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CommanderError } from 'commander'
import { test } from 'tap'
import { EdgeError } from '#base/errors.ts'
import { exitCodeOf, explain, NodeNotRunning } from '#cli/explain.ts'

test('an error is one line: code, facts in words, what to do', async (t) => {
  const error = new EdgeError('PORT_IN_USE', { host: '0.0.0.0', port: 8_065 })

  t.equal(
    explain(error, false),
    'PORT_IN_USE: host 0.0.0.0, port 8065. Choose another port with --port or in the config file.',
  )
})

test('what was found and wanted stands last, and a special remedy takes the place of the usual one', async (t) => {
  const facts = { found: 'a', wanted: 'b', dataFolder: '/d', do: 'Do c.' }

  t.equal(
    explain(new EdgeError('STORE_BROKEN', facts), false),
    'STORE_BROKEN: data folder /d, found a, wanted b. Do c.',
  )
  t.equal(
    explain(new EdgeError('STOPPING', {}), false),
    'STOPPING: Wait until the node is up again and send again.',
  )
})

test('a bad config has one line for each problem', async (t) => {
  const error = new EdgeError('CONFIG_INVALID', { file: 'c.json', problems: 'a: b\nc: d' })

  t.equal(
    explain(error, false),
    'CONFIG_INVALID: file c.json. Correct the named key in the config file.\n  a: b\n  c: d',
  )
})

test('a file that cannot be used as it was named is a mistake of whoever named it, and told in words', async (t) => {
  const missing = await readFile(join(t.testdir(), 'nothing')).catch((error: unknown) => error)
  const folder = await readFile(t.testdirName).catch((error: unknown) => error)
  const unwritten = Object.assign(new Error('EACCES'), { code: 'EACCES', path: '/safe/answer.new' })

  t.match(
    explain(missing, false),
    /^INPUT_INVALID: file \/.*\/nothing, found nothing of this name\. Name another file/,
  )
  t.equal(exitCodeOf(missing), 2)
  t.equal(
    explain(unwritten, false),
    'INPUT_INVALID: file /safe/answer, found no permission. Name another file, or make way for it.',
  )
  t.equal(exitCodeOf(unwritten), 2)
  t.equal(exitCodeOf(folder), 1, 'what names no file is told as it is')
})

test('the stack is shown only when asked for, with the causes', async (t) => {
  const error = new EdgeError('STORE_BROKEN', {}, { cause: new Error('bit flip') })

  t.notMatch(explain(error, false), '\n')
  t.match(
    explain(error, true),
    /^STORE_BROKEN: [^\n]*\nEdgeError: [^]*\n +at [^]*caused by Error: bit flip\n/,
  )
  t.equal(explain('text', true), 'text')
})

test('a script tells by the exit code what kind of failure it was', async (t) => {
  const codes: readonly (readonly [unknown, number])[] = [
    [new CommanderError(0, 'commander.helpDisplayed', ''), 0],
    [new CommanderError(1, 'commander.unknownOption', ''), 2],
    [new EdgeError('CONFIG_INVALID', {}), 2],
    [new EdgeError('CONFIG_MISSING', {}), 2],
    [new EdgeError('INPUT_INVALID', {}), 2],
    [new NodeNotRunning('/d'), 3],
    [new EdgeError('NOT_ALLOWED', {}), 4],
    [new EdgeError('NOT_SIGNED_IN', {}), 4],
    [new EdgeError('JOIN_REFUSED', {}), 4],
    [new EdgeError('STORE_BROKEN', {}), 1],
    [new Error('anything'), 1],
  ]

  for (const [error, code] of codes) t.equal(exitCodeOf(error), code, String(error))
})
