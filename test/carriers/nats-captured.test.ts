/** Whole nodes at a real server, with a captured one among them: what people write still arrives. */
import { connect } from '@nats-io/transport-node'
import { test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import { must } from '#base/assert.ts'
import { openNatsCarrier } from '#carriers/nats.ts'
import { realClock, realRandom } from '#ports/real.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { collectingLog, type CollectingLog } from '../support/log.ts'
import { withoutNatsServer } from '../support/nats-server.ts'
import { member, openSite, type NatsSite } from '../support/nats-site.ts'
import { anAdministrator, anIdentity, aNode, until } from '../support/nodes.ts'

const LANES = [0, 1, 2, 3]
/** Numbers the captured node writes under before the other gets there; more than this test sends. */
const AHEAD = 12

test(
  'a captured node writes under the next subjects of another: alarm, and what people write arrives all the same',
  { skip: withoutNatsServer, timeout: 60_000 },
  async (t) => {
    await using site = await openSite({ OWN: [1, 2, 3, 4].map((number) => member(number)) })
    await using stack = new AsyncDisposableStack()
    const alpha = await wholeNode(site, { name: 'alpha', number: 1, other: ['bravo', 2] }, stack)
    const bravo = await wholeNode(site, { name: 'bravo', number: 2, other: ['alpha', 1] }, stack)
    const amira = await anAdministrator(alpha.node, 'amira')
    const [square] = await alpha.node.channelsOf(amira.id)
    const channel = must(square, 'the first channel is there').id
    await alpha.node.post(amira.id, { channel, body: 'before' })
    await until([bravo.node], async () => bravo.heard.includes('before'))

    const captured = await connect(await site.access(4))
    stack.defer(() => captured.close())
    for (const lane of LANES)
      for (let number = 0; number < AHEAD; number += 1)
        captured.publish(`a.3.4.bait${lane}${number}`, 'bait', {
          reply: `a.${lane}.1.ep0c1${number.toString(36)}`,
        })
    await captured.flush()
    await alpha.node.post(amira.id, { channel, body: 'after' })
    await until([bravo.node], async () => bravo.heard.includes('after'))
    t.match(await alpha.log.when('nats.subject-foreign'), { level: 'error' })

    // Who was there heard it live; who comes later finds it in the stream, under another number.
    const late = await wholeNode(site, { name: 'charlie', number: 3, other: ['alpha', 1] }, stack)
    await until([late.node], async () => late.heard.includes('after'))
    t.strictSame(bravo.heard, ['before', 'after'])
  },
)

interface Whole {
  readonly node: EdgeNode
  readonly log: CollectingLog
  /** What was posted, in the order in which it came. */
  readonly heard: readonly string[]
}

interface Who {
  readonly name: string
  readonly number: number
  /** Whom it knows beforehand. */
  readonly other: readonly [name: string, number: number]
}

async function wholeNode(
  site: NatsSite,
  { name, number, other }: Who,
  stack: AsyncDisposableStack,
): Promise<Whole> {
  const [log, store, clock] = [collectingLog(), openMemoryStore(), realClock()]
  const options = await site.optionsFor(number)
  const carrier = stack.use(
    await openNatsCarrier(options, { clock, random: realRandom(), log, store }),
  )
  const role = number === 1 ? 'hub' : 'kit'
  const knows = [anIdentity(other[0], other[1], other[1] === 1 ? 'hub' : 'kit')]
  const node = stack.use(
    await aNode(name, { number, role, knows, store, clock, log, carriers: [carrier] }),
  )
  const heard: string[] = []
  node.subscribe((event) => void (event.kind === 'posted' && heard.push(event.message.body)))
  return { node, log, heard }
}
