/** The texts in many scripts are clean, each another, and the ones that envelopes in the field were made with. */
import { createHash } from 'node:crypto'
import { test } from 'tap'
import { SCRIPT_TEXT } from '#codec/script-text.ts'

const LINES = SCRIPT_TEXT.split('\n')

test('each line is another message, and holds what is text', async (t) => {
  t.equal(new Set(LINES).size, LINES.length)
  for (const text of LINES) {
    t.ok(text.length > 0 && text === text.trim())
    // Persian joins no letters across U+200C, and that is no mark of direction.
    t.notMatch(text, /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffd]/u)
    t.equal(text, text.normalize('NFC'))
  }
})

test('the scripts that need the most bytes have messages', async (t) => {
  const scripts = ['Arab', 'Beng', 'Cyrl', 'Deva', 'Ethi', 'Hani', 'Khmr', 'Mymr', 'Taml']
  for (const script of scripts)
    t.ok(LINES.filter((text) => new RegExp(`\\p{Script=${script}}`, 'u').test(text)).length >= 4)
})

test('the texts are those that envelopes in the field were made with', async (t) => {
  t.equal(
    createHash('sha256').update(SCRIPT_TEXT).digest('hex'),
    '734e55ceb169332013a5707df6481ad0e0807e625681fb1c5b6e024c88595b25',
  )
})
