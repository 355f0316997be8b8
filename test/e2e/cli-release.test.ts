/** A kit that starts only when headquarters releases it, with real processes, folders and doors. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import { folderOf } from '../support/folder.ts'
import {
  eventually,
  found,
  freePort,
  holdfast,
  holdfastJson,
  initNode,
  look,
  startNode,
} from './processes.ts'

suite.setTimeout(120_000)

test('a stolen kit opens while headquarters does not know, and never again once it does', async (t) => {
  const folder = folderOf(t)
  const [hub, kit] = [join(folder, 'hub'), join(folder, 'kit')]
  const [hubPort, kitPort] = [await freePort(), await freePort()]
  await initNode(hub, { name: 'hub', role: 'hub', port: hubPort })
  await startNode(t, '--data', hub)
  const { code } = (await holdfastJson('invite', '--data', hub)) as { readonly code: string }
  const words = ['--name', 'kit', '--host', '127.0.0.1', '--port', String(kitPort)]
  await holdfastJson('join', `127.0.0.1:${hubPort}`, code, ...words, '--data', kit)
  const first = await startNode(t, '--data', kit)

  const unnamed = await holdfast('release', 'enable', '--data', kit)
  t.match(unnamed, { code: 2, error: /^CONFIG_INVALID: .*unlock\.release\.from/ })
  const configFile = join(kit, 'config.json')
  const config = JSON.parse(await readFile(configFile, 'utf8')) as object
  const unlock = { release: { from: ['127.0.0.1:1', `127.0.0.1:${hubPort}`] } }
  await writeFile(configFile, JSON.stringify({ ...config, unlock }))

  t.match(await holdfastJson('release', 'enable', '--only', '--data', kit), {
    ways: ['release'],
    isWhole: true,
    hubs: [{ name: 'hub', hasConfirmed: true }],
  })
  t.match(await holdfastJson('release', 'status', '--data', hub), {
    kits: [{ name: 'kit', answer: 'given' }],
  })
  await holdfastJson('post', 'town-square', 'Behind two halves', '--data', kit)
  await first.end('SIGTERM')

  const again = await startNode(t, '--data', kit)
  t.match(again.started, { event: 'locked', waitsForHeadquarters: true })
  t.ok(
    await eventually(async () => {
      const { code: ended } = await look('status', '--data', kit)
      return ended === 0 ? true : undefined
    }),
    'headquarters opened it',
  )
  t.ok(await found(kit, 'Behind two halves'))
  await again.end('SIGTERM')

  await holdfastJson('release', 'hold', 'kit', '--data', hub)
  const held = await startNode(t, '--data', kit)
  const page = await (await fetch(String(held.started['url']))).text()
  t.match(page, 'waits for headquarters')
  await eventually(async () => (await statusOf(hub)).includes('not released: held') || undefined)
  t.match(await holdfast('status', '--data', kit), { code: 1, error: /^LOCKED: / })
  await holdfastJson('release', 'allow', 'kit', '--data', hub)
  await eventually(async () => {
    const { code: ended } = await look('status', '--data', kit)
    return ended === 0 ? true : undefined
  })
  await held.end('SIGTERM')

  await holdfastJson('revoke', 'kit', '--reason', 'stolen', '--data', hub)
  const stolen = await startNode(t, '--data', kit)
  t.match(stolen.started, { event: 'locked' })
  const { error } = await asked(stolen.end)
  t.match(error, 'release.awaited')
  t.notMatch(error, 'node.started')
  t.match(await statusOf(hub), 'not released: revoked')
})

async function statusOf(data: string): Promise<string> {
  return (await look('release', 'status', '--data', data)).out
}

/** Lets it ask a few times; each command takes a moment. */
async function asked(
  end: (signal: NodeJS.Signals) => Promise<{ readonly error: string }>,
): Promise<{ readonly error: string }> {
  for (let turn = 0; turn < 4; turn += 1) await holdfast('--version')
  return end('SIGTERM')
}
