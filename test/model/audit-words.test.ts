/** The closed lists: a number means the same for ever. */
import { test } from 'tap'
import {
  actionNumber,
  AUDIT_FACTS,
  DEEDS,
  reasonNumber,
  REASONS,
  REFUSABLE,
} from '#model/audit-words.ts'

test('numbers of deeds, reasons, actions and facts stay what they are', async (t) => {
  t.equal(DEEDS.indexOf('audit begun'), 0)
  t.equal(DEEDS.indexOf('sign-in refused'), 5)
  t.equal(DEEDS.indexOf('node revoked'), 16)
  t.equal(DEEDS.indexOf('envelope refused'), 22)
  t.equal(DEEDS.indexOf('fork found'), 25)
  t.equal(DEEDS.indexOf('config loaded'), 35)
  t.equal(REASONS.indexOf('not authentic'), 6)
  t.equal(REASONS.indexOf('revoked'), 8)
  t.equal(REFUSABLE.indexOf('read audit'), 11)
  t.equal(AUDIT_FACTS.indexOf('withinMs'), 9)
  for (const list of [DEEDS, REASONS, REFUSABLE, AUDIT_FACTS])
    t.equal(new Set(list).size, list.length, 'no name is there twice')
})

test('a reason or action that is not in the list is noted as other', async (t) => {
  t.equal(reasonNumber('wrong-proof'), REASONS.indexOf('wrong proof'))
  t.equal(reasonNumber('something new'), 0)
  t.equal(actionNumber('invite node'), REFUSABLE.indexOf('invite node'))
  t.equal(actionNumber('something new'), 0)
})
