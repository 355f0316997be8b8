import { test } from 'tap'
import * as limits from '#base/limits.ts'

test('every limit is a positive whole number', async (t) => {
  for (const [name, limit] of Object.entries(limits)) {
    t.ok(Number.isSafeInteger(limit) && limit > 0, name)
  }
})

test('limits that rest on each other fit', async (t) => {
  t.ok(limits.MESSAGE_BYTES_MAX < limits.ENTRY_BYTES_MAX, 'a message fits in an entry')
  t.ok(limits.MESSAGE_CHARACTERS_MAX * 4 < limits.ENTRY_BYTES_MAX, 'whatever its characters')
  t.ok(limits.MESSAGE_BYTES_MAX < limits.ENVELOPE_BYTES_MAX, 'and in an envelope')
  t.ok(limits.CUT_BYTES_MAX < limits.ENVELOPE_BYTES_MAX, 'a cut fits in an envelope')
  t.ok(limits.CUT_CHANGES_MAX < limits.DELTA_CHANGES_MAX, 'a cut may grow')
  t.ok(limits.ENTRY_BYTES_MAX < limits.BODY_BYTES_MAX, 'an entry fits in a body')
})
