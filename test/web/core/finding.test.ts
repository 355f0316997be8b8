import { test } from 'tap'
import { findIn } from '#web/core/finding.ts'
import { EMPTY, withNewest } from '#web/core/timeline.ts'
import { aPage, aPost } from '../../support/posts.ts'

test('every word must be there, whatever its case and accents; newest first', async (t) => {
  const timeline = withNewest(
    EMPTY,
    aPage([
      aPost('a', 1, { message: 'Água para o campo' }),
      aPost('b', 2, { message: 'agua, campo norte' }),
      aPost('c', 3, { message: 'campo' }),
    ]),
  )
  const found = (term: string) => findIn([timeline], term).map(({ id }) => id)

  t.strictSame([found('AGUA campo'), found('  '), found('x')], [['b', 'a'], [], []])
})
