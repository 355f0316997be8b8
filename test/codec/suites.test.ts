/** What several nodes wrote travels in either suite: keys and signatures have other lengths in each. */
import { test } from 'tap'
import { decodeDelta } from '#codec/delta.ts'
import { openEnvelope } from '#codec/envelope.ts'
import { SUITES } from '#trust/keys.ts'
import { aHistory } from '../../scripts/fuzzing/history.ts'

for (const suite of SUITES) {
  test(`changes of three nodes are sealed, opened and read in suite ${suite.name}`, async (t) => {
    const { envelopes, bodies, actors, roster, keyring } = aHistory(suite)
    const [sender] = actors
    for (const [index, bytes] of envelopes.entries()) {
      const opened = openEnvelope(bytes, roster, keyring)
      t.ok(opened.ok, `envelope ${index} opens`)
      const body = bodies[index]
      if (!opened.ok || body === undefined || sender === undefined) continue
      const read = decodeDelta(opened.body, { scope: body.scopeName, sender, roster })
      t.ok(read.ok, `delta ${index} is read`)
      if (!read.ok) continue
      for (const { actor, attestation } of read.delta.runs)
        t.equal(attestation?.length, actor === sender ? undefined : suite.signatureBytes)
    }
  })
}
