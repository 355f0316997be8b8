/** A store with hidden names keeps every promise of a store, and the disk below tells no id. */
import { test } from 'tap'
import { idFromBytes, type ChannelId } from '#base/ids.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { openOpaqueNames } from '#storage/opaque-names.ts'
import { hideNames } from '#storage/opaque-store.ts'
import { put, storeContract, text } from '../contracts/store.ts'

const KEY = new Uint8Array(32).fill(9)

test('a store with hidden names keeps the contract of stores', (t) =>
  storeContract(t, async () => hideNames(openMemoryStore(), openOpaqueNames(KEY))))

test('the store below has the value and not the name', async (t) => {
  const below = openMemoryStore()
  const store = hideNames(below, openOpaqueNames(KEY))
  const channel = idFromBytes<ChannelId>(new Uint8Array(16).fill(1))

  await store.write([put(`view/channel/${channel}`, 'settings')])

  t.equal(await text(store, `view/channel/${channel}`), 'settings')
  const [entry] = await below.list({ from: '', to: '\u{10ffff}' })
  t.match(entry?.[0], /^view\/channel\/~[a-z0-9]{26}$/)
  t.notMatch(entry?.[0], channel)
  const [listed] = await store.list({ from: 'view/channel/', to: 'view/channel0' })
  t.equal(listed?.[0], `view/channel/${channel}`)
})
