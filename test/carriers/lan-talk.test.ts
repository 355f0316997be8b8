import { test } from 'tap'
import { FRAME_BYTES_MAX, PIECE_BYTES_MAX, type LanMessage } from '#carriers/lan-message.ts'
import { openTalk, type Talk } from '#carriers/lan-talk.ts'
import { sealFrame, type Session } from '#trust/session.ts'
import { virtualClock } from '../support/clock.ts'
import { flip } from '../support/property.ts'
import { aSessionPair } from '../support/sessions.ts'

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

test('a large piece is acknowledged at once, and that makes room for more', async (t) => {
  const { alpha, bravo } = aTalk()
  const piece = { kind: 'more', lane: 'routine', bytes: new Uint8Array(PIECE_BYTES_MAX) } as const
  alpha.talk.say(piece)
  alpha.talk.say(piece)
  t.equal(alpha.talk.allowance().isFlashOnly, true)

  t.match(bravo.talk.hear(alpha.frames[0] ?? Buffer.of()), { kind: 'more' })
  t.equal(alpha.talk.hear(bravo.frames[0] ?? Buffer.of()), undefined)

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
  readonly frames: readonly Uint8Array[]
}

function aTalk() {
  const keys = aSessionPair()
  return { keys, alpha: aSpeaker(keys.alpha), bravo: aSpeaker(keys.bravo) }
}

function aSpeaker(session: Session): Speaker {
  const frames: Uint8Array[] = []
  const task = {
    idleMs: 30_000,
    isAwaiting: () => false,
    onSilent: () => undefined,
    put: (frame: Uint8Array) => void frames.push(frame),
  }
  const over = new AbortController()
  return { talk: openTalk(session, task, { clock: virtualClock(), signal: over.signal }), frames }
}
