/** Audits from the command line: a real node, a file, and a check without the node. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import { folderOf } from '../support/folder.ts'
import { eventually, freePort, holdfast, holdfastJson, initNode, startNode } from './processes.ts'

suite.setTimeout(120_000)

test('what was done is listed, written to a file by the config, exported, and checked without the node', async (t) => {
  const folder = folderOf(t)
  const config = JSON.stringify({ audit: { file: 'lines.jsonl' } })
  await writeFile(join(folder, 'audit.json'), config)
  const data = join(folder, 'alpha')
  const port = await freePort()
  await initNode(data, { name: 'alpha', role: 'hub', port })
  const here = ['--host', '127.0.0.1', '--port', String(port)]
  const node = await startNode(t, '--data', data, '--config', join(folder, 'audit.json'), ...here)
  await holdfastJson('enrol', 'bo', '--data', data)

  const listed = await holdfast('audit', 'list', '--data', data)
  t.match(listed, { code: 0, out: /person enrolled +done/ })
  const line = await eventually(async () => {
    const text = await readFile(join(folder, 'lines.jsonl'), 'utf8').catch(() => '')
    return text.split('\n').find((each) => each.includes('person enrolled'))
  })
  t.match(JSON.parse(line), { deed: 'person enrolled', result: 'done' })
  const file = join(folder, 'first.audit')
  t.match(await holdfast('audit', 'export', file, '--data', data), { code: 0, out: /bytes in/ })
  t.match(await holdfast('audit', 'export', file, '--data', data), {
    code: 2,
    error: /a file of this name/,
  })
  const later = join(folder, 'later.audit')
  t.equal((await holdfast('audit', 'export', later, '--data', data)).code, 0)
  t.equal((await node.end('SIGTERM')).code, 0)

  const { rootKey } = JSON.parse(await readFile(join(data, 'organisation.json'), 'utf8')) as {
    rootKey: string
  }
  const elsewhere = ['--data', join(folder, 'nowhere'), '--root', rootKey]
  t.match(await holdfast('audit', 'verify', file, later, ...elsewhere), {
    code: 0,
    out: /goes on from the older/,
  })
  t.match(await holdfast('audit', 'verify', later, file, ...elsewhere), {
    code: 1,
    out: /DOES NOT HOLD/,
  })
})
