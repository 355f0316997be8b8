import { test } from 'tap'
import { carriedFrom, courierFrom, stickFrom, sumOf, trayFrom } from '#web/core/carrying.ts'

test('sticks, reports and the tray are read as the node tells them', async (t) => {
  t.strictSame(stickFrom({ files: 2, bytes: 9, fresh: 1, isKnown: true, waiting: 3 }), {
    files: 2,
    bytes: 9,
    fresh: 1,
    waiting: 3,
  })
  t.equal(stickFrom({}).waiting, undefined)
  const refused = [{ what: 'file', reason: 'malformed', count: 2 }]
  const one = carriedFrom({ files: 1, bytes: 5, envelopes: 7, refused })
  t.strictSame(sumOf([one, one]), { files: 2, bytes: 10, envelopes: 14, refused: 4 })
  t.strictSame(courierFrom({ folders: ['/media/a'], progress: { bytes: 4, of: 8 } }), {
    folders: ['/media/a'],
    bytes: 4,
    of: 8,
  })
  t.match(courierFrom({ folders: [], progress: null }), { bytes: undefined, of: undefined })
  t.strictSame(trayFrom({ list: [{ name: 'a.courier', bytes: 3 }] }), [
    { name: 'a.courier', bytes: 3 },
  ])
  t.strictSame(trayFrom('nonsense'), [])
})
