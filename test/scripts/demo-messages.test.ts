import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { codeOf } from '#base/errors.ts'
import { chanceFrom } from '../../scripts/link/schedule.ts'
import { planMessages, readMessages, type InputMessage } from '../../scripts/trial/messages.ts'
import { OWN_MESSAGES } from '../../scripts/trial/own-messages.ts'

function input(id: string, facts: Partial<InputMessage> = {}): InputMessage {
  return {
    id,
    text: `text ${id}`,
    author: undefined,
    channel: undefined,
    replyTo: undefined,
    ...facts,
  }
}

async function aFile(t: Test, ...lines: readonly string[]): Promise<string> {
  const file = join(t.testdir(), 'input.jsonl')
  await writeFile(file, lines.join('\n'))
  return file
}

test('a file gives its messages in order, whatever else stands in its lines', async (t) => {
  const file = await aFile(
    t,
    '{"id": 7, "text": "one", "author": "amira", "genre": "news"}',
    '',
    '{"text": "two", "ts": "2026-01-01", "channel": "ops", "replyTo": 7}',
    '{"text": "three"}',
  )

  t.strictSame(await readMessages(file, 2), [
    { id: '7', text: 'one', author: 'amira', channel: undefined, replyTo: undefined },
    { id: 'line 3', text: 'two', author: undefined, channel: 'ops', replyTo: '7' },
  ])
})

test('a line without a text is refused by its number', async (t) => {
  for (const line of ['{"id": 1}', 'no JSON']) {
    const file = await aFile(t, '{"text": "one"}', line)
    await t.rejects(readMessages(file, 10), { code: 'INPUT_INVALID', facts: { line: 2 } })
  }
  await readMessages(join(t.testdir(), 'absent'), 1).catch((error: unknown) =>
    t.equal(codeOf(error), 'INPUT_INVALID'),
  )
})

test('a reply goes where its root went, and never before it', async (t) => {
  const list = [
    input('a', { channel: 'Ops!' }),
    input('b', { channel: 'medical', replyTo: 'a' }),
    input('c', { replyTo: 'z' }),
    input('z'),
  ]

  const { messages, channels } = planMessages(list, 4, chanceFrom(1))

  t.strictSame(channels, ['ops', 'medical'])
  t.match(messages[1], { replyTo: 0, channel: 0 })
  t.equal(messages[2]?.replyTo, undefined)
})

test('a short input is posted again, with its replies to its new messages', async (t) => {
  const list = [input('a'), input('b', { replyTo: 'a' })]

  const { messages } = planMessages(list, 5, chanceFrom(1))

  t.strictSame(
    messages.map(({ replyTo }) => replyTo),
    [undefined, 0, undefined, 2, undefined],
  )
})

test('names are made fit for accounts, and many authors share few', async (t) => {
  const list = Array.from({ length: 50 }, (_, index) =>
    input(`${index}`, { author: `|Q_${index}-` }),
  )

  const { authors, messages } = planMessages(
    [input('x', { author: 'Admin' }), ...list],
    51,
    chanceFrom(1),
  )

  t.equal(authors.length, 20)
  t.strictSame(authors.slice(0, 2), ['x-admin', 'q-0'])
  t.ok(messages.every(({ author }) => author >= 0 && author < 20))
})

test('most messages are routine, and every lane is used', async (t) => {
  const { messages } = planMessages(OWN_MESSAGES, 1_000, chanceFrom(3))

  const count = (lane: string): number => messages.filter((one) => one.lane === lane).length
  t.ok(count('routine') > 700)
  for (const lane of ['flash', 'immediate', 'priority']) t.ok(count(lane) > 20, lane)
})
