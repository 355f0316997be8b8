import { test } from 'tap'
import { findingOf, verdictOf } from '#carriers/nats-answer.ts'
import type { LineMessage } from '#carriers/nats-line.ts'

/** An answer as a server gives it. */
function answer(
  text: string,
  headers: Readonly<Record<string, string>> = {},
  status = 0,
): LineMessage {
  return { subject: 'r.1.0', status, header: (name) => headers[name], bytes: Buffer.from(text) }
}

const failed = (description: string): string =>
  `{"error":{"code":503,"err_code":10077,"description":"${description}"},"stream":"a","seq":0}`

test('an acknowledgement tells the number, with or without a space (2.9.10 writes one)', async (t) => {
  t.strictSame(verdictOf(answer('{"stream":"a","seq":7}')), { kind: 'stored', seq: 7 })
  t.strictSame(verdictOf(answer('{"stream":"a", "seq":7}')), { kind: 'stored', seq: 7 })
})

test('a taken subject is told from a full stream, which has the same code', async (t) => {
  t.equal(verdictOf(answer(failed('maximum messages per subject exceeded'))).kind, 'taken')
  t.match(verdictOf(answer(failed('maximum bytes exceeded'))), { kind: 'refused', code: 10_077 })
})

test('no stream, and answers that make no sense, are refusals: nothing counts as stored', async (t) => {
  t.match(verdictOf(answer('', {}, 503)), { kind: 'refused', code: 503 })
  for (const text of ['', '{}', '[]', '{"seq":"7"}', '{"seq":0}', '{"seq":-1}', '{"seq":1.5}'])
    t.equal(verdictOf(answer(text)).kind, 'refused', text)
})

test('a fetched message tells its number, subject and time', async (t) => {
  const headers = {
    'Nats-Sequence': '12',
    'Nats-Subject': 'a.0.7.k3x9q0',
    'Nats-Time-Stamp': '2026-11-21T04:42:01.8Z',
  }

  t.strictSame(findingOf(answer('sealed', headers)), {
    kind: 'found',
    mark: { seq: 12, subject: 'a.0.7.k3x9q0', storedAt: '2026-11-21T04:42:01.8Z' },
    bytes: Buffer.from('sealed'),
  })
})

test('an error whose code is no number has code 0', async (t) => {
  for (const code of ['"7"', '{"toString":0,"valueOf":0}', '[]', 'null'])
    t.match(verdictOf(answer(`{"error":{"code":${code}}}`)), { kind: 'refused', code: 0 })
})

test('a message at a number that no stream reaches is none', async (t) => {
  for (const seq of ['9007199254740992', '1e300', 'Infinity', '1.5', '-1', 'x'])
    t.equal(
      findingOf(answer('', { 'Nats-Sequence': seq, 'Nats-Subject': 'a.0.7.k0' })).kind,
      'nothing',
    )
})

test('nothing there, and nobody there, are two things', async (t) => {
  t.equal(findingOf(answer('', {}, 404)).kind, 'nothing')
  t.equal(findingOf(answer('', {}, 503)).kind, 'nobody')
  t.equal(findingOf(undefined).kind, 'nobody')
})
