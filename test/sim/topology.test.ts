import { test } from 'tap'
import { reachOf } from './topology.ts'

test('a node reaches others over cables and the post office, never through somebody outside', async (t) => {
  const chain = { name: 'chain', cables: [[0, 1] as const, [1, 2] as const], post: [0, 3] }

  t.strictSame(reachOf(chain, 2, new Set([0, 1, 2, 3])), new Set([2, 1, 0, 3]))
  t.strictSame(reachOf(chain, 2, new Set([0, 2, 3])), new Set([2]))
  t.strictSame(reachOf(chain, 3, new Set([0, 2, 3])), new Set([3, 0]))
})
