import { test } from 'tap'
import { LOCKED_POLICY, lockedPage } from '#server/locked-page.ts'

test('the page says whose it is and what happened, and a name cannot be markup', async (t) => {
  const page = lockedPage('<i>', 'Wrong "word"')

  t.match(page, '&#60;i&#62; is locked')
  t.match(page, 'Wrong &#34;word&#34;')
  t.match(LOCKED_POLICY, "form-action 'self'")
  t.notMatch(page, /<script|https?:/)
})
