import { test } from 'tap'
import type { Entry } from '#ports/store.ts'
import { bytesOn, checkGrowth, checkIdle, drainMsMax } from './liveness.ts'
import { openTimeline } from './timeline.ts'
import { openVerdict } from './verdict.ts'

test('fat links have a time of their own, thin ones as much more as their bytes take', async (t) => {
  const fat = drainMsMax(aWorld({ bytes: 30_000, bps: undefined }))

  t.equal(drainMsMax(aWorld({ bytes: 90_000, bps: undefined })), fat)
  t.equal(
    drainMsMax(aWorld({ bytes: 30_000, bps: 2_400 })) - fat,
    800_000,
    '2 nodes, 4 times 100 s',
  )
  t.equal(drainMsMax(aWorld({ bytes: 30_000, bps: 4_800 })) - fat, 400_000)
})

test('a parcel in the idle hours breaks promise 10, silence does not', async (t) => {
  const verdict = openVerdict(openTimeline(0))

  checkIdle({ verdict, lastTrafficAt: () => 1_000 }, 1_000)
  t.equal(verdict.failure(), undefined)
  checkIdle({ verdict, lastTrafficAt: () => 61_000 }, 1_000)

  t.match(verdict.failure(), { broken: /promise 10/, found: 'one 60 s after the last' })
})

test('a disk that grows in the idle hours breaks promise 11', async (t) => {
  const verdict = openVerdict(openTimeline(0))
  const member = { name: 'hub', ...holding([['wait/d/1', new Uint8Array(500)]]) }
  const now = bytesOn(member)
  t.equal(now, 508)

  checkGrowth({ verdict }, member, now)
  checkGrowth({ verdict }, member, now + 10_000)
  t.equal(verdict.failure(), undefined)
  checkGrowth({ verdict }, member, now - 300)

  t.match(verdict.failure(), { broken: /promise 11/, where: 'hub', found: '300 bytes more' })
})

/** Two nodes, one with so many bytes of documents and as many of other things. */
function aWorld({ bytes, bps }: { readonly bytes: number; readonly bps: number | undefined }) {
  const entries: readonly Entry[] = [
    ['loose/d/0', new Uint8Array(bytes / 2)],
    ['out/peer/0/d', new Uint8Array(bytes)],
    ['snap/d', new Uint8Array(bytes / 2)],
  ]
  return { members: [holding(entries), holding([])], faults: { slowestBps: () => bps } }
}

function holding(durable: readonly Entry[]) {
  const disk = { open: nobody, flip: nobody, lose: nobody, backUp: nobody }
  return { disk: { ...disk, durable: () => durable } }
}

function nobody(): never {
  throw new Error('nobody opens this disk')
}
