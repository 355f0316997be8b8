import { test } from 'tap'
import { FRAME_BYTES_MAX, type LanMessage } from '#carriers/lan-message.ts'
import { openTalk, type Talk } from '#carriers/lan-talk.ts'
import { sealFrame, type Session } from '#trust/session.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'
import { flip } from '../support/property.ts'
import { aSessionPair } from '../support/sessions.ts'

const piece = { kind: 'more', lane: 'routine', bytes: new Uint8Array(500) } as const
const custody: LanMessage = { kind: 'custody', lane: 'flash', number: 7 }

test('what one says the other hears, in order', async (t) => {
  const { alpha, bravo } = aTalk()

  alpha.talk.say(custody)
  alpha.talk.say({ ...custody, number: 8 })

  t.strictSame(
    alpha.frames.map((frame) => bravo.talk.hear(frame)),
    [custody, { ...custody, number: 8 }],
  )
})

test('a ping is answered and needs no more attention', async (t) => {
  const { alpha, bravo } = aTalk()

  alpha.talk.probe()
  t.equal(bravo.talk.hear(alpha.frames[0] ?? Buffer.of()), undefined)

  t.equal(bravo.frames.length, 1)
  t.equal(alpha.talk.hear(bravo.frames[0] ?? Buffer.of()), undefined)
  t.equal(alpha.frames.length, 1)
})

test('what came is acknowledged at once, and that makes room for more', async (t) => {
  const { alpha, bravo } = aTalk()
  alpha.talk.say(piece)
  alpha.talk.say(piece)
  t.equal(alpha.talk.allowance().isFlashOnly, true)

  const [ping, first] = alpha.frames.map((frame) => bravo.talk.hear(frame))
  t.equal(ping, undefined, 'the round trip is measured before the first piece')
  t.match(first, { kind: 'more' })
  for (const frame of bravo.frames) t.equal(alpha.talk.hear(frame), undefined)

  t.equal(alpha.talk.allowance().isFlashOnly, false)
})

test('the answer to a ping tells the round trip, and pieces the rate', async (t) => {
  const { alpha, bravo } = aTalk()
  alpha.talk.say(piece)
  for (const frame of alpha.frames) bravo.talk.hear(frame)
  await alpha.clock.advance(600)
  const [pong, got] = bravo.frames
  alpha.talk.hear(pong ?? Buffer.of())
  await alpha.clock.advance(400)
  alpha.talk.hear(got ?? Buffer.of())

  t.equal(alpha.talk.bytesPerMs(), (alpha.frames[1]?.length ?? 0) / 1_000)
  alpha.talk.say(piece)
  t.equal(alpha.frames.length, 3, 'one ping is enough')
})

test('who finds no room is called when time has made some', async (t) => {
  const { alpha, bravo } = aTalk()
  const answer = async (): Promise<void> => {
    await alpha.clock.advance(1_000)
    for (const frame of alpha.frames.splice(0)) bravo.talk.hear(frame)
    for (const frame of bravo.frames.splice(0)) alpha.talk.hear(frame)
  }
  alpha.talk.say(piece)
  await answer()
  while (!alpha.talk.allowance().isFlashOnly) alpha.talk.say(piece)
  alpha.talk.allowance()
  t.equal(alpha.rooms(), 0)

  await alpha.clock.advance(5_000)

  t.equal(alpha.rooms(), 1)
  t.equal(alpha.talk.allowance().isFlashOnly, false)
})

test('a frame that is altered, repeated, left out or sent back is found out', async (t) => {
  const { alpha, bravo } = aTalk()
  alpha.talk.say(custody)
  alpha.talk.say(custody)
  const [first = Buffer.of(), second = Buffer.of()] = alpha.frames

  t.equal(bravo.talk.hear(flip(first, 3)), 'wrong-seal')
  t.equal(bravo.talk.hear(second), 'wrong-seal')
  t.equal(alpha.talk.hear(first), 'wrong-seal')
  t.strictSame(bravo.talk.hear(first), custody)
  t.equal(bravo.talk.hear(first), 'wrong-seal')
})

test('a well sealed frame with nonsense in it, or one that is too long, is malformed', async (t) => {
  const { alpha, bravo, keys } = aTalk()

  t.equal(bravo.talk.hear(sealFrame(keys.alpha, 0, Uint8Array.of(99))), 'malformed')
  t.equal(alpha.talk.hear(new Uint8Array(FRAME_BYTES_MAX + 1)), 'malformed')
})

interface Speaker {
  readonly talk: Talk
  readonly frames: Uint8Array[]
  readonly clock: VirtualClock
  readonly rooms: () => number
}

function aTalk() {
  const keys = aSessionPair()
  return { keys, alpha: aSpeaker(keys.alpha), bravo: aSpeaker(keys.bravo) }
}

function aSpeaker(session: Session): Speaker {
  const frames: Uint8Array[] = []
  let rooms = 0
  const task = {
    saidBytes: 0,
    idleMs: 30_000,
    isAwaiting: () => false,
    onSilent: () => undefined,
    put: (frame: Uint8Array) => void frames.push(frame),
    onRoom: () => {
      rooms += 1
    },
  }
  const over = new AbortController()
  const clock = virtualClock()
  return {
    talk: openTalk(session, task, { clock, signal: over.signal }),
    frames,
    clock,
    rooms: () => rooms,
  }
}
