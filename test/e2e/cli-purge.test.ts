/** `holdfast purge`, `hold` and `retention` with a real process. */
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import { folderOf } from '../support/folder.ts'
import { freePort, holdfast, holdfastJson, initNode, startNode } from './processes.ts'

suite.setTimeout(120_000)

test('a message is held, then purged, and the disk made to drop it; days are set', async (t) => {
  const data = join(folderOf(t), 'alpha')
  await initNode(data, { name: 'alpha', role: 'hub', port: await freePort() })
  await startNode(t, '--data', data)
  await holdfastJson('post', 'town-square', 'burn this', '--data', data)
  const [message] = (await holdfastJson('read', 'town-square', '--data', data)) as {
    readonly id: string
  }[]
  const purge = ['purge', 'town-square', '--message', `${message?.id}`, '--compact', '--data', data]

  await holdfastJson('hold', '--channel', 'town-square', '--data', data)
  t.match(await holdfastJson(...purge), { messages: 0, held: 1 })
  await holdfastJson('hold', '--channel', 'town-square', '--end', '--data', data)
  t.match(await holdfastJson(...purge), { messages: 1, held: 0, compacted: true })

  t.strictSame(await holdfastJson('read', 'town-square', '--data', data), [])
  const told = await holdfast('purge', 'town-square', '--data', data)
  t.match(told.out, /1 messages +purged by hand +gone here/)
  const days = await holdfast('retention', '30', '--data', data)
  t.match(days.out, /all channels: kept for 30 days/)
})
