/** The sample bodies are deltas that a node reads, with all sample messages in them. */
import { createHash } from 'node:crypto'
import { test } from 'tap'
import { concatBytes } from '#base/bytes.ts'
import { decodeDelta } from '#codec/delta.ts'
import { sampleBodies } from '#codec/mixing-text.ts'
import { SAMPLE_MESSAGES } from '#codec/sample-messages.ts'
import { decodeEntry, type Content } from '#model/entry.ts'
import { EMPTY_LIST } from '#model/list.ts'
import { anOrganisation } from '../support/organisation.ts'
import { actorAt, aRoster, ops } from '../support/wire.ts'

test('each sample body is a delta, and together they hold every message once', async (t) => {
  const relief = anOrganisation('relief')
  const many = Array.from({ length: 32 }, (_, at) => relief.node(`node ${at}`, { number: at + 1 }))
  const opened = { scope: ops, sender: actorAt(0), roster: aRoster(many) }
  const contents: Content[] = []
  for (const body of sampleBodies()) {
    const read = decodeDelta(body, opened)
    if (!read.ok) throw new Error(`a sample body is ${read.reason}`)
    for (const { values } of read.delta.runs)
      contents.push(...values.map((value) => decodeEntry(value, EMPTY_LIST).entry.content))
  }
  const posts = contents.filter((content) => content.kind === 'post')
  t.strictSame(
    posts.map(({ body }) => body),
    SAMPLE_MESSAGES,
  )
  t.ok(posts.some(({ root }) => root !== undefined))
  t.strictSame(
    new Set(contents.map(({ kind }) => kind)),
    new Set(['post', 'reaction', 'acknowledgement']),
  )
})

test('the sample bodies are those that envelopes in the field were made with', async (t) => {
  const hash = createHash('sha256').update(concatBytes(...sampleBodies()))
  t.equal(hash.digest('hex'), '1ab30a178c86329eee1a64bd6c7583ef2bf512918b9935c0b0eaabb60c386240')
})
