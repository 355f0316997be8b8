/** `holdfast gaps` and the measures, with real processes: what a node that is off lacks, until it is back. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import type { GapReport } from '#app/gap-types.ts'
import { layoutOf } from '#config/layout.ts'
import { folderOf } from '../support/folder.ts'
import {
  eventually,
  freePort,
  holdfast,
  holdfastJson,
  initNode,
  lookJson,
  startNode,
} from './processes.ts'

suite.setTimeout(120_000)

test('what a node that is off lacks is shown, and nothing once it has come back', async (t) => {
  const folder = folderOf(t)
  const [alpha, bravo] = [join(folder, 'alpha'), join(folder, 'bravo')]
  const port = await freePort()
  await initNode(alpha, { name: 'alpha', role: 'hub', port })
  await startNode(t, '--data', alpha)
  const { url } = (await holdfastJson('invite', '--data', alpha)) as Record<string, string>
  const here = ['--name', 'bravo', '--host', '127.0.0.1', '--port', String(await freePort())]
  await holdfastJson('join', `${url}`, ...here, '--data', bravo)
  const kit = await startNode(t, '--data', bravo)
  await noGaps(alpha)
  await kit.end('SIGTERM')
  await holdfastJson('post', 'town-square', 'Fire', '--lane', 'flash', '--data', alpha)

  const report = (await holdfastJson('gaps', '--data', alpha)) as GapReport
  t.match(report.nodes, [{ node: { name: 'bravo' }, hasLost: false, canGive: 0 }])
  t.ok(report.nodes[0]?.lacks.some(({ lane, changes }) => lane === 'flash' && changes === 1))
  const { out } = await holdfast('gaps', '--data', alpha)
  t.match(out, /^Others have not signed for\n(?: {2}bravo +.*\n)* {2}bravo +flash +1 change in 1 /m)
  t.match(out, /flash +messages of town-square +lacking at bravo 1$/m)
  const token = await readFile(layoutOf(alpha).operatorToken, 'utf8')
  const headers = { authorization: `Bearer ${token.trim()}` }
  const measures = await fetch(`http://127.0.0.1:${port}/metrics`, { headers })
  t.match(await measures.text(), 'holdfast_lacked_changes{node="bravo",lane="flash"} 1\n')

  await startNode(t, '--data', bravo)
  await noGaps(alpha)
  await noGaps(bravo)
  t.match((await holdfast('gaps', '--data', alpha)).out, /^No gaps: /)
  t.match((await holdfast('plan', '--data', alpha)).out, /^No link of this node is billed/)
  t.match((await holdfast('costs', '--data', alpha)).out, /^Nothing was spent yet/)
})

function noGaps(data: string): Promise<boolean> {
  return eventually(async () => {
    const { nodes, lacking } = (await lookJson('gaps', '--data', data)) as GapReport
    return nodes.length + lacking.length === 0 ? true : undefined
  })
}
