import { test } from 'tap'
import { readSettings } from '#model/settings.ts'

test('what is a setting is read, and everything else passed over', async (t) => {
  const found = { name: 'ops', purpose: 7, header: 'x'.repeat(1_025), isArchived: true, colour: 1 }

  t.strictSame(readSettings(found), { name: 'ops', isArchived: true })
  for (const strange of [undefined, null, 3, 'name', [], Uint8Array.of(1)])
    t.strictSame(readSettings(strange), {})
})
