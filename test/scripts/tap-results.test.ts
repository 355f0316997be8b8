import { Readable } from 'node:stream'
import { test } from 'tap'
import { readTapResults } from '../../scripts/lib/tap-results.ts'

const OUTPUT = `TAP version 14
# Subtest: test/one.test.ts
    # Subtest: seeds
        not ok 1 - seed 42 broke something # todo test/sim/known-red.txt
        ok 2 - every seed was run
        1..2
    ok 1 - seeds
    # Subtest: wrong
        not ok 1 - should be equal
        1..1
    not ok 2 - wrong
    1..2
not ok 1 - test/one.test.ts # time=1500ms
1..1
`

test('what is known to be red in a test that passes is named, and fails nothing', async (t) => {
  const results = await readTapResults(Readable.from([Buffer.from(OUTPUT)]), () => undefined)

  t.match(results, [
    {
      file: 'test/one.test.ts',
      passed: 1,
      failed: 1,
      failures: [/wrong > should be equal/],
      known: ['seed 42 broke something'],
    },
  ])
})
