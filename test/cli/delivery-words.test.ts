import { test } from 'tap'
import { wayInWords, type Way } from '#cli/delivery-words.ts'
import { when } from '#cli/terminal.ts'

const hub: Way = { destinationName: 'shore', isHub: true, word: 'queued' }

test('a queue is told with what goes before, by which link, and until when', async (t) => {
  t.equal(wayInWords(hub), 'shore (HQ): queued')
  t.equal(
    wayInWords({ ...hub, place: 0, estimateMs: 1_400, link: 'shore' }),
    'shore (HQ): queued, next, leaves in about 1 s',
  )
  t.equal(
    wayInWords({ ...hub, place: 3, bytesAhead: 480, estimateMs: 240_000, link: 'office' }),
    'shore (HQ): queued, 3 before it (about 480 bytes) by office, leaves in about 4 min',
  )
})

test('what nobody can say is not said, and why', async (t) => {
  const since = 1_800_000_000_000

  t.equal(
    wayInWords({ ...hub, place: 0, unknown: 'no link since', linkAt: since }),
    `shore (HQ): queued, next, unknown when: no link since ${when(since)}`,
  )
  t.equal(
    wayInWords({ ...hub, place: 0, unknown: 'no link yet' }),
    'shore (HQ): queued, next, unknown when: no link yet',
  )
  t.equal(
    wayInWords({ ...hub, place: 0, unknown: 'no budget until', linkAt: since }),
    `shore (HQ): queued, next, unknown when: no budget until ${when(since)}`,
  )
  const rule = { rule: 'ops', letters: ['P' as const] }
  t.equal(
    wayInWords({ ...hub, place: 0, unknown: 'rule allows only', rule }),
    'shore (HQ): queued, waits: rule ops allows only P',
  )
})

test('every other word is told as it is', async (t) => {
  const words = ['on this kit', 'left this kit', 'stored', 'read'] as const

  t.strictSame(
    words.map((word) => wayInWords({ ...hub, word, carrier: 'radio' })),
    [
      'shore (HQ): on this kit',
      'shore (HQ): left this kit by radio',
      'shore (HQ): stored there',
      'shore (HQ): read there',
    ],
  )
})
