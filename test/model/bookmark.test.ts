import { test } from 'tap'
import { isPageAddress, readBookmarks } from '#model/bookmark.ts'
import { decodeEntry, encodeEntry } from '#model/entry.ts'
import { EMPTY_LIST } from '#model/list.ts'
import { aPersonId } from '../support/histories.ts'

const amira = aPersonId('amira')
const ONE = 'ybndrfg8ejkmcpqxot1uwisza3'
const good = {
  name: 'Map',
  url: 'https://example.org/map',
  emoji: '',
  place: 0,
  owner: amira,
  createdAt: 1,
}

test('a bookmark is read as it was written, and one that is taken away as nothing', async (t) => {
  const settings = { bookmarks: { [ONE]: good, ybndrfg8ejkmcpqxot1uwisza4: null } }
  const content = { kind: 'settings' as const, settings }
  const entry = { author: amira, claimedAt: 0, placeAt: 0, counter: 1, content }
  const read = decodeEntry(encodeEntry(entry, EMPTY_LIST), EMPTY_LIST).entry.content

  t.strictSame(read, content)
})

test('what is strange is passed over: other addresses than of pages above all', async (t) => {
  for (const strange of [
    { ...good, url: 'javascript:alert(1)' },
    { ...good, url: 'https://' },
    { ...good, url: `https://example.org/${'x'.repeat(1_024)}` },
    { ...good, name: 'x'.repeat(65) },
    { ...good, emoji: 3 },
    { ...good, place: -1 },
    { ...good, place: 0.5 },
    { ...good, owner: 'amira' },
    { ...good, createdAt: '1' },
    'text',
    [],
    undefined,
  ])
    t.equal(readBookmarks({ [ONE]: strange }), undefined, JSON.stringify(strange))
  t.equal(readBookmarks({ '../x': good }), undefined)
  t.equal(readBookmarks(null), undefined)
  t.ok(isPageAddress('HTTP://kit.local/a'))
  t.notOk(isPageAddress('mailto:x@example.org'))
})
