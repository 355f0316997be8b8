import { test } from 'tap'
import { openStands } from '#carriers/nats-stand.ts'
import { parcel } from '../support/carrier-side.ts'
import { virtualClock } from '../support/clock.ts'

const address = { workspace: 'a', nodeNumber: 1, epoch: 'k3x9q' }
const piece = parcel('', { file: '00000000000000a1', number: 7 })

test('a piece goes to its own stream, and while that is away among all else', async (t) => {
  const clock = virtualClock()
  const stands = openStands(address, clock)
  const apart = { stream: 'a-f', subject: 'a-f.AAAAAA.1.k3x9q37', isPiece: true }
  const among = { stream: 'a', subject: 'a.3.1.k3x9q7', isPiece: false }
  t.strictSame(stands.of(piece), apart)

  stands.filesAway()
  t.strictSame(stands.of(piece), among)
  await clock.advance(599_000)
  t.strictSame(stands.of(piece), among)
  await clock.advance(1_000)
  t.strictSame(stands.of(piece), apart)
})

test('whatever is no piece stands where it always does', async (t) => {
  const stands = openStands(address, virtualClock())
  const usual = stands.of(parcel('', { number: 7 }))
  stands.filesAway()
  t.strictSame(stands.of(parcel('', { number: 7 })), usual)
  t.strictSame(usual, { stream: 'a', subject: 'a.3.1.k3x9q7', isPiece: false })
})
