/** The sample messages are clean text, each another, in several languages. */
import { test } from 'tap'
import { SAMPLE_MESSAGES } from '#codec/sample-messages.ts'

test('no sample message is there twice, is empty or holds what is no text', async (t) => {
  t.equal(new Set(SAMPLE_MESSAGES).size, SAMPLE_MESSAGES.length)
  for (const text of SAMPLE_MESSAGES) {
    t.ok(text.length > 0 && text === text.trim())
    t.notMatch(text, /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffd]/u)
  }
})

test('there are messages in Latin, Cyrillic and Arabic letters', async (t) => {
  for (const script of [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Arabic}/u])
    t.ok(SAMPLE_MESSAGES.filter((text) => script.test(text)).length >= 10)
})
