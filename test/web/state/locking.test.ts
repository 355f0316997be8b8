import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { test } from 'tap'
import * as sealing from '#web/core/sealing.ts'
import { TRIES_FREE, TRY_WAIT_MS } from '#web/core/limits.ts'
import { textShelf } from '#web/core/shelf.ts'
import { DEFAULT_POLICY, policyFrom } from '#web/state/lock-policy.ts'
import { isPin, openLocking, waitAfter, type Passkeys } from '#web/state/locking.ts'
import { ENDED } from '#web/state/sealed-shelf.ts'
import { aTextStore } from '../../support/text-store.ts'

function aDevice() {
  const texts = aTextStore()
  const clock = { now: 1_000 }
  // The real cost of a guess is tried in `sealing.test.ts`.
  const cheap: typeof sealing = {
    ...sealing,
    wrap: async (key, pin) => ({ salt: pin, key: Buffer.from(key).toString('hex') }),
    unwrap: async ({ salt, key }, pin) =>
      salt === pin ? Uint8Array.from(Buffer.from(key, 'hex')) : undefined,
  }
  const authenticator = anAuthenticator()
  const open = () =>
    openLocking({
      shelf: textShelf(texts),
      now: () => clock.now,
      loadSealing: async () => cheap,
      passkeys: authenticator.passkeys,
    })
  const raw = (): string =>
    Array.from({ length: texts.length }, (_, at) => texts.getItem(texts.key(at) ?? '')).join('\n')
  return { open, raw, clock, texts, authenticator }
}

/** One that keeps a secret of each passkey it has made, and gives another value of it for each salt. */
function anAuthenticator() {
  const kept = new Map<string, Uint8Array>()
  const mood: { is: 'willing' | 'cancelled' | 'unfit' | 'another' } = { is: 'willing' }
  const secretOf = (id: Uint8Array, salt: Uint8Array): Uint8Array => {
    const own = kept.get(String(id)) ?? new Uint8Array(32)
    return hmac(sha256, mood.is === 'another' ? own.toReversed() : own, salt)
  }
  const passkeys: Passkeys = {
    isOffered: async () => true,
    make: async (salt) => {
      if (mood.is === 'cancelled' || mood.is === 'unfit') return mood.is
      const id = Uint8Array.of(kept.size + 1)
      kept.set(
        String(id),
        Uint8Array.from({ length: 32 }, (_, at) => at + kept.size),
      )
      return { id, secret: secretOf(id, salt) }
    },
    ask: async (id, salt) =>
      mood.is === 'cancelled' || !kept.has(String(id)) ? undefined : secretOf(id, salt),
  }
  return { passkeys, mood, kept }
}

test('with a lock all that is kept lies sealed, old and new, and opens with the PIN', async (t) => {
  const { open, raw } = aDevice()
  const first = await open()
  await first.shelf.put('outbox:1', { message: 'before the lock' })
  await first.set('471902')
  await first.shelf.put('draft:town', 'after the lock')

  t.notMatch(raw(), /before the lock|after the lock/)
  const again = await open()
  t.equal(again.state.value, 'locked')
  await t.rejects(again.shelf.put('draft:town', 'nothing is kept plain meanwhile'))
  t.strictSame(await again.unlock('471902'), { kind: 'open' })
  t.strictSame(await again.shelf.entries('outbox:'), [['outbox:1', { message: 'before the lock' }]])
  t.equal(await again.shelf.get('draft:town'), 'after the lock')
  again.lock()
  t.match(await again.shelf.get('draft:town'), /^sealed:/)
  await again.unlock('471902')
  await again.remove()
  t.match(raw(), /after the lock/)
  t.equal((await open()).state.value, 'none')
})

test('wrong tries cost waiting, also in a new tab, and in the end all is forgotten', async (t) => {
  const { open, raw, clock } = aDevice()
  const first = await open()
  first.follow({ ...DEFAULT_POLICY, triesMax: TRIES_FREE + 2 })
  await first.shelf.put('outbox:1', 'mine')
  await first.set('471902')
  for (let tries = 1; tries < TRIES_FREE; tries += 1)
    t.match(await first.unlock('000000'), { kind: 'wrong', waitMs: 0 })
  t.match(await first.unlock('000000'), { kind: 'wrong', waitMs: TRY_WAIT_MS, left: 2 })

  const again = await open()
  t.match(await again.unlock('471902'), { kind: 'wrong', left: 2 }, 'too soon: not even tried')
  clock.now += TRY_WAIT_MS
  t.match(await again.unlock('000000'), { kind: 'wrong', left: 1 })
  clock.now += waitAfter(TRIES_FREE + 1)
  t.strictSame(await again.unlock('000000'), { kind: 'wiped' })
  t.notMatch(raw(), /sealed:|mine/)
  t.strictSame([again.state.value, await again.shelf.get(ENDED)], ['none', true])
})

test('the right PIN makes wrong tries forgotten; what was half sealed is finished', async (t) => {
  const { open, raw, texts } = aDevice()
  const first = await open()
  await first.set('471902')
  const lock = (await first.shelf.get('lock')) as object
  await first.unlock('000000')
  await first.unlock('471902')
  t.match(await first.shelf.get('lock'), { tries: 0 })
  await first.shelf.put('lock', { ...lock, isTurning: 'sealed' })
  texts.setItem('holdfast:draft:left', JSON.stringify('left plain by a tab that was ended'))
  t.match(raw(), /left plain/)
  await (await open()).unlock('471902')

  t.notMatch(raw(), /left plain/)
})

test('what the node wants of a lock, and what is long enough', async (t) => {
  t.strictSame(
    policyFrom({
      browser: {
        lock: 'required',
        lockAfterMinutes: 2,
        lockTriesMax: 5,
        endedSessionForgets: 'everything',
        files: 'viewed',
      },
    }),
    {
      isRequired: true,
      afterMs: 120_000,
      triesMax: 5,
      forgetsAll: true,
      viewsOnly: true,
    },
  )
  t.match(policyFrom(undefined), { isRequired: false, triesMax: 10 })
  t.strictSame([isPin('12345'), isPin('123456')], [false, true])
})

test('a passkey opens the lock, too, and keeps doing so under another PIN', async (t) => {
  const { open, raw } = aDevice()
  const first = await open()
  await first.shelf.put('draft:town', 'sealed words')
  t.equal(await first.addPasskey(), 'cancelled', 'without a lock there is nothing to open')
  await first.set('471902')
  t.equal(await first.addPasskey(), 'done')
  await first.set('another one')

  const again = await open()
  t.strictSame([again.state.value, again.hasPasskey.value], ['locked', true])
  t.notMatch(raw(), /sealed words/)
  t.strictSame(await again.unlockByPasskey(), { kind: 'open' })
  t.equal(await again.shelf.get('draft:town'), 'sealed words')
  again.lock()
  t.strictSame(await again.unlock('another one'), { kind: 'open' })
})

test('a ceremony that was called off, or went wrong, leaves everything as it was', async (t) => {
  const { open, raw, authenticator } = aDevice()
  const first = await open()
  await first.set('471902')
  const before = raw()
  for (const is of ['cancelled', 'unfit'] as const) {
    authenticator.mood.is = is
    t.equal(await first.addPasskey(), is)
  }
  t.equal(raw(), before)
  authenticator.mood.is = 'willing'
  await first.addPasskey()
  first.lock()
  const locked = raw()

  for (const is of ['cancelled', 'another'] as const) {
    authenticator.mood.is = is
    t.strictSame(await first.unlockByPasskey(), { kind: 'cancelled' })
  }
  t.strictSame([first.state.value, raw()], ['locked', locked], 'and no PIN is counted')
  t.strictSame(await first.unlock('471902'), { kind: 'open' })
})

test('a passkey that was taken away opens nothing any more; nor does one of a lock before', async (t) => {
  const { open } = aDevice()
  const first = await open()
  await first.set('471902')
  await first.addPasskey()
  await first.removePasskey()
  t.equal(first.hasPasskey.value, false)
  first.lock()
  t.strictSame(await first.unlockByPasskey(), { kind: 'cancelled' })
  await first.unlock('471902')
  await first.addPasskey()
  await first.remove()
  t.equal(first.hasPasskey.value, false)

  await first.set('471902')
  first.lock()

  t.strictSame(await first.unlockByPasskey(), { kind: 'cancelled' })
  t.strictSame([(await open()).hasPasskey.value, first.state.value], [false, 'locked'])
})

test('the right PIN or passkey after wrong tries forgets them; wiping takes the passkey, too', async (t) => {
  const { open, clock } = aDevice()
  const first = await open()
  await first.set('471902')
  await first.addPasskey()
  first.lock()
  for (let tries = 0; tries < TRIES_FREE; tries += 1) await first.unlock('000000')
  t.match(await first.unlock('471902'), { kind: 'wrong' }, 'it has to wait')
  t.strictSame(await first.unlockByPasskey(), { kind: 'open' }, 'an authenticator counts its own')
  t.match(await first.shelf.get('lock'), { tries: 0 })
  clock.now += 1

  await first.wipe()

  t.strictSame([first.hasPasskey.value, await first.shelf.get('lock')], [false, undefined])
})
