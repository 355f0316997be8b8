/** Who gives way where nodes say too much of files. */
import { test } from 'tap'
import { crowdedOut } from '#sync/file-crowd.ts'
import { anIdentity } from '../support/nodes.ts'

const bravo = anIdentity('bravo', 2).certificate.node
const chad = anIdentity('chad', 3).certificate.node

test('of whoever has said most the oldest gives way, until all have as much', async (t) => {
  const one = { node: chad, heardMs: 1 }
  const many = [7, 5, 9, 3].map((heardMs) => ({ node: bravo, heardMs }))
  const times = (most: number) =>
    crowdedOut([one, ...many], most).map(({ node, heardMs }) => (node === chad ? -1 : heardMs))

  t.strictSame(times(5), [])
  t.strictSame(times(4), [3])
  t.strictSame(times(2), [3, 5, 7])
  t.equal(times(0).length, 5)
})
