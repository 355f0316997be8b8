import { test } from 'tap'
import { codeOf, EdgeError, ERRORS } from '#base/errors.ts'

test('an error says its code, the facts and what to do', async (t) => {
  const cause = new Error('ENOSPC')
  const error = new EdgeError('STORE_FULL', { free: 0 }, { cause })

  t.equal(error.code, 'STORE_FULL')
  t.strictSame(error.facts, { free: 0 })
  t.equal(error.cause, cause)
  t.match(error.message, /^STORE_FULL \{"free":0\}: Free disk space/)
})

test('only an EdgeError has a code', async (t) => {
  t.equal(codeOf(new EdgeError('NOT_FOUND', {})), 'NOT_FOUND')
  t.equal(codeOf(Object.assign(new Error('no'), { code: 'NOT_FOUND' })), undefined)
  t.equal(codeOf(undefined), undefined)
})

test('every remedy is a sentence and every status an HTTP error', async (t) => {
  for (const [code, { status, remedy }] of Object.entries(ERRORS)) {
    t.match(remedy, /^[A-Z].*\.$/, code)
    t.ok(status >= 400 && status < 600, code)
  }
})
