import { test } from 'tap'
import { realClock } from '#ports/real.ts'
import { aNode } from '../../scripts/fleet/node.ts'
import { build } from '../../scripts/measure/build.ts'
import { measureStart } from '../../scripts/measure/start.ts'

test('a node that was built is started, read by somebody who signed in before, and stopped again', async (t) => {
  const stop = new AbortController().signal
  const carriers = [{ kind: 'lan' }]
  await using node = aNode({ name: 'small', role: 'hub', folder: t.testdir(), carriers, stop })
  const built = await build(node, { messages: 70, people: 2, channels: 1 })
  await node.start()
  await node.stop()

  const { ms, rssMb } = await measureStart(node, built, realClock())

  t.ok(ms > 0 && rssMb > 40, `${ms} ms, ${rssMb} MB`)
})
