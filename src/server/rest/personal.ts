/** What lets somebody in is changed by people, not by a token that a program keeps and that may have been copied. */
import { EdgeError } from '#base/errors.ts'
import type { Call } from '#server/route.ts'

/** Refuses a session of an access token. @throws EdgeError NOT_ALLOWED */
export function insistOnPerson(call: Call): void {
  if (call.session.by !== 'access token') return
  throw new EdgeError('NOT_ALLOWED', {
    found: 'an access token',
    wanted: 'somebody who has signed in',
  })
}
