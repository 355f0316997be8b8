import { test } from 'tap'
import { EdgeError, ERRORS, type ErrorCode } from '#base/errors.ts'
import { wireErrorFrom } from '#server/errors.ts'

/** Clients look for this one by Mattermost's own name. */
const NAMED: Readonly<Partial<Record<ErrorCode, string>>> = {
  CODE_WANTED: 'mfa.validate_token.authenticate.app_error',
}

test('every code has the fields and the status that clients read', async (t) => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const wire = wireErrorFrom(new EdgeError(code, { what: 'thing' }), 'r1')

    t.match(wire, {
      id: NAMED[code] ?? `holdfast.${code.toLowerCase()}.app_error`,
      message: ERRORS[code].remedy,
      detailed_error: 'what=thing',
      request_id: 'r1',
      status_code: ERRORS[code].status,
    })
  }
})

test('the message says what is wrong before what to do', async (t) => {
  const facts = { field: 'name', found: 'nothing', wanted: 'a name' }

  t.equal(
    wireErrorFrom(new EdgeError('INPUT_INVALID', facts), '').message,
    'name: found nothing, wanted a name. Correct the named field and send again.',
  )
})

test('an error of the program tells nothing of itself', async (t) => {
  const wire = wireErrorFrom(new TypeError('the secret is 42'), 'r2')

  t.equal(wire.status_code, 500)
  t.notMatch(JSON.stringify(wire), /secret|TypeError/)
})

test('what the HTTP layer refuses is the fault of the request', async (t) => {
  const tooLarge = Object.assign(new Error('x'), { statusCode: 413, code: 'FST_TOO_LARGE' })
  const malformed = Object.assign(new Error('x'), { statusCode: 400, code: 'FST_BAD' })

  t.equal(wireErrorFrom(tooLarge, '').status_code, 413)
  t.match(wireErrorFrom(malformed, ''), { status_code: 400, detailed_error: /FST_BAD/ })
})
