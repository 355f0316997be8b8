import { test } from 'tap'
import { newPersonId, type NodeId } from '#base/ids.ts'
import { directChannelId, newChannelId } from '#model/channel-id.ts'
import { anOrganisation } from '../support/organisation.ts'
import { openCircles } from './circles.ts'

const relief = anOrganisation()
const nodeOf = (name: string): NodeId => relief.node(name).certificate.node
const hub = nodeOf('hub')
const alpha = nodeOf('alpha')
const bravo = nodeOf('bravo')
const charlie = nodeOf('charlie')
const amira = newPersonId(alpha, new Uint8Array(8).fill(1))
const bo = newPersonId(bravo, new Uint8Array(8).fill(2))
const closed = newChannelId(alpha, 'private', new Uint8Array(8).fill(3))

test('headquarters and the founder hold a private channel, others once somebody is brought in', async (t) => {
  const circles = openCircles(() => hub)

  const before = [hub, alpha, bravo].map((node) => circles.mayHold(node, closed))
  circles.mayCome(closed, [bo])

  t.strictSame(before, [true, true, false])
  t.equal(circles.mayHold(bravo, closed), true)
  t.equal(circles.mayHold(charlie, closed), false)
})

test('a channel whose making nobody answered may be for whoever it was made for', async (t) => {
  const circles = openCircles(() => hub)

  const found = circles.mayFound(alpha, [bo])
  const unsure = circles.mayHold(bravo, closed)
  found(undefined)

  t.equal(unsure, true)
  t.equal(circles.mayHold(bravo, closed), false, 'it was refused')
})

test('a direct channel is for the two whose it is, a public one for everybody', async (t) => {
  const circles = openCircles(() => hub)
  const direct = directChannelId(amira, bo)
  const open = newChannelId(alpha, 'public', new Uint8Array(8))

  circles.mayCome(direct, [amira, bo])

  t.strictSame(
    [alpha, bravo, charlie].map((node) => circles.mayHold(node, direct)),
    [true, true, false],
  )
  t.equal(circles.mayHold(charlie, open), true)
})
