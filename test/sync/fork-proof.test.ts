/** The proof of a fork is for everybody, and tells nobody what was written. */
import { test } from 'tap'
import { bytesFromHex, bytesFromText } from '#base/bytes.ts'
import { DIRECTORY, KEYS, segmentDocument } from '#model/document-id.ts'
import { forkOf } from '#sync/list-end.ts'
import { secondList } from '../support/adversary.ts'
import { aFleet, makeChannel, postIn } from '../support/fleet.ts'
import { anIdentity } from '../support/nodes.ts'
import { arrive, keyFor, type SyncNode } from '../support/sync.ts'

const NAMES = ['hub', 'alpha', 'bravo', 'charlie'] as const
const SAID = ['the password is swordfish', 'and the door is blue', 'nobody comes']
const FORGED = ['the password is another', 'and the window is open']

test('the proof of a fork in a private channel comes to everybody, and holds nothing of what was said there', async (t) => {
  const fleet = await aFleet(t, NAMES)
  const [hub, alpha, bravo, charlie] = NAMES.map((name) => fleet.node(name)) as [
    SyncNode,
    SyncNode,
    SyncNode,
    SyncNode,
  ]
  const channel = await makeChannel(alpha, 'private', [alpha, bravo])
  const list = { document: segmentDocument(channel, 'routine', 0), actor: bravo.actor }
  await fleet.settle()
  for (const text of SAID) await postIn(bravo, channel, text)
  await fleet.settle()
  const key = await keyFor(alpha, channel)
  const forged = secondList(anIdentity('bravo', 3), list, { texts: FORGED, key })
  const held = await changesOf(alpha, list.document)
  fleet.isolate('bravo')

  await arrive(alpha, forged)
  await fleet.settle()

  t.equal((await forkOf(charlie.context.replica.read, list)).forkAt, 1)
  t.equal((await forkOf(charlie.context.replica.read, list)).anchors.length, 1, 'a hub held it')
  t.strictSame(await changesOf(charlie, list.document), [])
  t.equal((await changesOf(hub, list.document)).length, held.length)
  const secrets = [
    ...[...SAID, ...FORGED].flatMap((text) => text.split(' ')).map(bytesFromText),
    // With a change's hash, whoever guesses what it says can see that he is right.
    ...held.flatMap(({ hash, value }) => [bytesFromHex(hash), value]),
  ].filter(({ length }) => length > 4)
  for (const document of [KEYS, DIRECTORY])
    for (const { value } of await changesOf(charlie, document))
      for (const secret of secrets) t.notOk(Buffer.from(value).includes(Buffer.from(secret)))
})

async function changesOf(
  { context }: SyncNode,
  document: Parameters<typeof forkOf>[1]['document'],
) {
  const log = await context.replica.commit((tx) => tx.log(document))
  return log.since({})
}
