/** When a node fetches what lies on the shelf of a post office: what it wants, as long as more comes, and as the budget allows. */
import { test, type Test } from 'tap'
import { actorOf } from '#base/ids.ts'
import type { Span } from '#base/spans.ts'
import { encodeGiven } from '#codec/given.ts'
import { encodeWishes } from '#codec/wish.ts'
import type { PeerId, Shelf } from '#ports/carrier.ts'
import { askedOf } from '#sync/file-asked.ts'
import { takeGiven } from '#sync/file-lying.ts'
import { takeWishes } from '#sync/file-wishes.ts'
import { lyingAt, noteFound } from '#sync/file-words.ts'
import { grant } from '#sync/spending.ts'
import { virtualClock } from '../support/clock.ts'
import { aHandCarrier, unreachable } from '../support/hand-carrier.ts'
import { anIdentity, lifeOf } from '../support/nodes.ts'
import { aSync, found } from '../support/sync.ts'
import { aTerms, type TermsChoice } from '../support/terms.ts'

const POST: PeerId = 'post:office'
const NAME = '0123456789abcdef'
const MINUTE_MS = 60_000
const bravo = anIdentity('bravo', 2)
const chad = anIdentity('chad', 3)

test('what lies there and somebody wants is fetched as long as more comes, and nobody is asked', async (t) => {
  const rig = await aRig(t, ['more', 'more', 'end'])
  rig.carrier.begin(POST)
  await rig.want()
  await rig.lies()
  await rig.clock.advance(MINUTE_MS)

  t.strictSame(rig.fetched, [NAME, NAME, NAME])
  t.equal(rig.log.events.filter(({ event }) => event === 'file.not-there').length, 1)
  const { read } = rig.context.replica
  const [told] = [...(await lyingAt(read, POST)).values()]
  t.match(told, [{ record: { spans: [] } }], 'not thought to lie there')
  t.ok((await askedOf(read, POST)).has(NAME), 'so somebody is asked')
})

test('whoever says again and again what is not so is believed later and later, until it is', async (t) => {
  const rig = await aRig(t, ['end', 'end', 'end', 'end', 'more', 'end', 'end'])
  rig.carrier.begin(POST)
  await rig.want()
  const times: number[] = []
  for (let minutes = 0; minutes < 40; minutes += 1) {
    const before = rig.fetched.length
    await rig.lies()
    await rig.clock.advance(MINUTE_MS)
    if (rig.fetched.length > before) times.push(minutes)
  }
  t.strictSame(
    times,
    [0, 2, 6, 14, 30, 32, 36],
    'twice as late each time; once more was there, soon',
  )
})

test('whoever says again and again what is not so keeps nobody from asking others for it', async (t) => {
  const rig = await aRig(t, ['end', 'end', 'end'])
  rig.carrier.begin(POST)
  await rig.want()
  for (let times = 0; times < 100; times += 1) {
    // oxlint-disable-next-line no-await-in-loop -- again and again
    await rig.lies()
    // oxlint-disable-next-line no-await-in-loop -- again and again
    await rig.clock.advance(MINUTE_MS / 20)
  }
  const asked = (await askedOf(rig.context.replica.read, POST)).get(NAME)
  t.match(asked, { isOff: undefined, spans: [[0, 900]] })
})

test('where nobody answers for now nothing is lost; where nobody does for long it is asked for', async (t) => {
  const away = Array.from({ length: 3 }, () => 'away' as const)
  const rig = await aRig(t, ['away', 'more', ...away, 'more'])
  const lost = () => rig.log.events.filter(({ event }) => event === 'file.not-there').length
  rig.carrier.begin(POST)
  await rig.want()
  await rig.lies()
  await rig.clock.advance(MINUTE_MS / 2)
  t.equal(rig.fetched.length, 1, 'not again at once')

  await rig.clock.advance(MINUTE_MS)
  t.equal(rig.fetched.length, 3)
  t.equal(lost(), 0)
  await rig.clock.advance(2 * MINUTE_MS)
  t.equal(rig.fetched.length, 5)
  t.equal(lost(), 1)
})

test('what is asked for anew is read from its beginning, once', async (t) => {
  const rig = await aRig(t, ['more', 'more', 'end', 'more', 'end'])
  rig.carrier.begin(POST)
  await rig.want()
  await rig.lies()
  await rig.clock.advance(MINUTE_MS)
  t.strictSame(rig.begun, [NAME])

  await rig.want([], 2)
  await rig.clock.advance(2 * MINUTE_MS)
  await rig.want([[0, 900]], 3)
  await rig.lies()
  await rig.clock.advance(MINUTE_MS)

  t.equal(rig.fetched.length, 5)
  t.strictSame(rig.begun, [NAME, NAME])
})

test('a clock that is set back makes nobody wait longer', async (t) => {
  const rig = await aRig(t, ['end', 'end'])
  rig.carrier.begin(POST)
  await rig.want()
  await rig.lies()
  await rig.clock.advance(MINUTE_MS / 2)
  await rig.lies()
  await rig.clock.advance(1_000)
  t.equal(rig.fetched.length, 1)

  rig.clock.setWall(rig.clock.now() - 1_000 * MINUTE_MS)
  rig.context.ring()
  await rig.clock.advance(3 * MINUTE_MS)

  t.equal(rig.fetched.length, 2)
})

test('what nobody wants stays where it lies', async (t) => {
  const rig = await aRig(t, [])
  rig.carrier.begin(POST)
  await rig.lies()
  await rig.clock.advance(MINUTE_MS)
  t.strictSame(rig.fetched, [])
})

test('a contact that ends ends the fetching, and the next one goes on', async (t) => {
  const rig = await aRig(t, [])
  rig.carrier.begin(POST)
  await rig.want()
  await rig.lies()
  await rig.clock.advance(MINUTE_MS)
  t.strictSame(rig.fetched, [NAME], 'it is under way')

  rig.carrier.end(POST)
  await rig.clock.advance(MINUTE_MS)
  rig.carrier.begin(POST)
  await rig.clock.advance(MINUTE_MS)

  t.strictSame(rig.fetched, [NAME, NAME])
})

test('where nothing is left of the budget it waits for the next window, or for what an operator grants', async (t) => {
  const rig = await aRig(t, ['more', 'end'], { budget: { bytesMax: 1 } })
  const { context, clock } = rig
  rig.carrier.begin(POST)
  await rig.want()
  await rig.lies()
  await clock.advance(MINUTE_MS)
  const before = [...rig.fetched]
  const paused = [...context.shut.values()]

  const extra = { bytes: 100_000, ms: 0, micros: 0 }
  await context.replica.commit((tx) => grant(tx, context, { carrier: rig.metered, extra }))
  context.ring()
  await clock.advance(MINUTE_MS)

  t.strictSame(before, [])
  t.match(paused, [{ why: 'no budget until' }])
  t.strictSame(rig.fetched, [NAME, NAME])
})

/** A node at a post office with a shelf, which a kit asked for a file; `outcomes` is what comes of each fetch, and then nothing does. */
async function aRig(
  t: Test,
  outcomes: readonly ('more' | 'end' | 'away')[],
  choice: TermsChoice = {},
) {
  const clock = virtualClock()
  const fetched: string[] = []
  const begun: string[] = []
  const left = [...outcomes]
  const shelf: Shelf = {
    again: (file) => void begun.push(file),
    fetch: async (_, file, signal) => {
      fetched.push(file)
      const outcome = left.shift()
      // A piece of bravo's came.
      const by = bravo.certificate.node
      if (outcome === 'more')
        await context.replica.commit((tx) => noteFound(tx, { peer: POST, name: NAME, by }))
      if (outcome !== undefined) return outcome
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(unreachable(POST)))
      })
    },
  }
  const hand = aHandCarrier(() => 'departed', { name: 'thin' })
  const terms = aTerms(choice)
  const carrier = { ...hand, shelf, terms }
  const alpha = await aSync('alpha', { clock, carriers: [carrier], knows: [bravo, chad] })
  t.teardown(() => alpha[Symbol.asyncDispose]())
  await found(alpha)
  const { context, log } = alpha
  return {
    context,
    log,
    clock,
    carrier,
    fetched,
    begun,
    metered: { name: 'thin', terms },
    want: async (spans: readonly Span[] = [[0, 900]], number = 1) => {
      const { node } = chad.certificate
      const wish = { name: NAME, bytes: 900, isAsked: true, hops: 0, through: [], pieceBytes: 0 }
      const body = encodeWishes({ number, wishes: [{ ...wish, spans }] })
      const said = { body, actor: actorOf(node, lifeOf('chad')), node, from: node }
      await context.replica.commit((tx) => takeWishes(tx, context, said))
    },
    lies: async () => {
      const body = encodeGiven([{ name: NAME, spans: [[0, 900]] }])
      const said = { body, node: bravo.certificate.node, from: POST }
      await context.replica.commit((tx) => takeGiven(tx, context, said))
    },
  }
}
