/** What is told of a stick while the node works with it, and when nobody waits any longer. */
import { test, type Test } from 'tap'
import type { CourierProgress } from '#app/carrying-types.ts'
import { STUCK_MS, watchProgress } from '#cli/courier-progress.ts'
import { virtualClock } from '../support/clock.ts'

const OURS = { deed: 'export', folder: '/media/stick', bytes: 0, of: undefined } as const

/** A watch of an export to `/media/stick`; the node says what `state.says` is, or nothing. */
function aWatch(t: Test) {
  const clock = virtualClock()
  const state: { says: CourierProgress | null | undefined } = { says: null }
  const lines: string[] = []
  const stuck: string[] = []
  const over = new AbortController()
  const watching = watchProgress(
    async () => {
      if (state.says === undefined) throw new Error('it does not answer')
      return { folders: [], progress: state.says }
    },
    { deed: 'export', folder: '/media/stick' },
    {
      clock,
      terminal: {
        out: () => undefined,
        error: (text: string) => void lines.push(text.trim()),
      },
      over: over.signal,
      onStuck: (waitsFor) => void stuck.push(waitsFor),
    },
  )
  t.teardown(async () => {
    over.abort()
    await clock.advance(1_000)
    await watching
  })
  return { clock, state, lines, stuck }
}

test('it goes on for hours as long as something moves, and says how much', async (t) => {
  const { clock, state, lines, stuck } = aWatch(t)
  for (let megabytes = 1; megabytes <= 60; megabytes += 1) {
    state.says = { ...OURS, bytes: megabytes * 1_000_000, waitsFor: 'stick' }
    await clock.advance(240_000)
  }
  t.strictSame(stuck, [])
  t.match(lines, /export: 60\.0? ?MB/)
})

test('what it waits for is told: the stick, the node, its turn, an answer', async (t) => {
  const { clock, state, lines } = aWatch(t)
  const heard = async (says: typeof state.says): Promise<string> => {
    state.says = says
    await clock.advance(18_000)
    return `${lines.at(-1)}`
  }
  t.match(await heard({ ...OURS, waitsFor: 'stick' }), /waits for the stick to take it, \d+ s/)
  t.match(await heard({ ...OURS, waitsFor: 'node' }), /waits for the node to gather more/)
  const other = { ...OURS, deed: 'import', folder: '/media/other', waitsFor: 'stick' } as const
  t.match(await heard(other), /waits for its turn, behind the import of \/media\/other/)
  t.match(await heard(null), /waits for the node to begin/)
  t.match(await heard(undefined), /waits for the node, which does not answer/)
})

test('what another stick does while ours has its turn to come counts as moving, but not as ours', async (t) => {
  const { clock, state, lines, stuck } = aWatch(t)
  for (let round = 1; round < 20; round += 1) {
    state.says = { ...OURS, folder: '/media/other', bytes: round, waitsFor: 'stick' }
    await clock.advance(STUCK_MS / 2)
  }
  t.strictSame(stuck, [])
  t.ok(lines.every((line) => line.includes('waits for its turn')))
})

test('when nothing moves for ten minutes nobody waits any longer, and hears what for', async (t) => {
  for (const says of [{ ...OURS, bytes: 5, waitsFor: 'stick' } as const, undefined]) {
    const { clock, state, stuck } = aWatch(t)
    state.says = says
    await clock.advance(STUCK_MS - 10_000)
    t.strictSame(stuck, [])
    await clock.advance(20_000)
    t.strictSame(stuck, [
      says === undefined ? 'the node, which does not answer' : 'the stick to take it',
    ])
  }
})
