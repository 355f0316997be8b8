import { test } from 'tap'
import { bytesFromId, newPersonId, type NodeId } from '#base/ids.ts'
import { decodeEntry, encodeEntry, type Content } from '#model/entry.ts'
import { EMPTY_LIST } from '#model/list.ts'
import { isPersonContent, PERSON_KIND_NUMBER, PERSON_READERS } from '#model/person-content.ts'

const NODE = 'ybndrfg8ejkmcpqxot1uwisza3' as NodeId
const [bot, owner] = [1, 2].map((fill) => newPersonId(NODE, new Uint8Array(8).fill(fill)))
const CONTENTS = [
  { kind: 'standing', person: bot, isActive: true },
  { kind: 'standing', person: bot, isActive: false },
  { kind: 'bot', person: bot, owner, description: 'from the pumps 🙂' },
] as Content[]

test('what is said of people is read as it was written', async (t) => {
  for (const content of CONTENTS) {
    const entry = { author: owner, claimedAt: 0, placeAt: 0, counter: 3, content }
    const value = encodeEntry(entry, EMPTY_LIST)

    t.strictSame(decodeEntry(value, EMPTY_LIST).entry.content, content)
    t.ok(isPersonContent(content))
  }
  t.notOk(isPersonContent({ kind: 'toString' }))
})

test('what has another shape says nothing', async (t) => {
  const id = bytesFromId(NODE)
  for (const fields of [[], [id], [id, 2], [id, true], ['x', 1], [id.subarray(1), 1]])
    t.equal(PERSON_READERS[PERSON_KIND_NUMBER.standing]?.(fields), undefined)
  for (const fields of [[id], [id, id], [id, 'x', ''], [id, id, 'x'.repeat(1_025)]])
    t.equal(PERSON_READERS[PERSON_KIND_NUMBER.bot]?.(fields), undefined)
})
