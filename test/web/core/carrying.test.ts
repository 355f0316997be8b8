import { test } from 'tap'
import {
  carriedFrom,
  courierFrom,
  lostFrom,
  stickFrom,
  sumOf,
  trayFrom,
} from '#web/core/carrying.ts'

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

test('what is lost is what lies nowhere, or damaged, by name where the reader may know it', async (t) => {
  const map = { what: 'file', file: 'map.png', bytes: 9, isShared: true, place: 'nowhere' }
  const channel = { id: 'c', kind: 'public', name: 'Water' }
  const told = [
    { ...map, channel },
    { ...map, place: 'here' },
    { ...map, place: 'unknown' },
    { ...map, place: 'damaged' },
    { what: 'picture', isShared: false, place: 'nowhere' },
  ]
  t.strictSame(lostFrom(told), [
    {
      name: 'map.png',
      bytes: 9,
      channelId: 'c',
      channelName: 'Water',
      isShared: true,
      isDamaged: false,
    },
    { name: 'map.png', bytes: 9, channelId: '', channelName: '', isShared: true, isDamaged: true },
    {
      name: '',
      bytes: undefined,
      channelId: '',
      channelName: '',
      isShared: false,
      isDamaged: false,
    },
  ])
  t.strictSame(lostFrom('nonsense'), [])
})
