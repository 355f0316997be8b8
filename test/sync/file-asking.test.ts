/** Whom nodes ask for files that others between have not: over a chain, in circles, and when nobody has them. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { aFleetWithFiles, bytesAt, noise, postFile, type FileNode } from '../support/file-nodes.ts'

const THIN = { room: { parcelBytes: 600, underWayBytes: 1_800 }, delayMs: 700 }
const HOUR_MS = 3_600_000
/** Without these a chain is left. */
const ACROSS = [
  [0, 2],
  [0, 3],
  [1, 3],
] as const

test('over a chain and in circles, and when nobody there has it', async (t) => {
  const { clock, nodes, cut, heal } = await aFleetWithFiles(t, ['a', 'b', 'c', 'd'], THIN)
  const at = (index: number): FileNode => must(nodes[index], 'it is there')
  const [hub, origin, third, far] = [at(0), at(1), at(2), at(3)]
  for (const [one, other] of ACROSS) cut(one, other)
  const [down, up] = [noise('down', 10_000), noise('up', 10_000)]
  const first = await postFile(hub, down)
  const second = await postFile(origin, up)
  await clock.advance(30_000)
  await far.node().fetchFile(far.person.id, first)
  await clock.advance(120_000)
  t.strictSame(Buffer.from(await bytesAt(far, first)), Buffer.from(down), 'it came over a chain')
  for (const node of nodes) t.strictSame(await leftOf(node), [], `nothing stays at ${node.name}`)

  for (const [one, other] of ACROSS) heal(one, other)
  for (const other of [0, 2, 3]) cut(1, other)
  await clock.advance(30_000)
  await far.node().fetchFile(far.person.id, second)
  const before = countOf(nodes)
  await clock.advance(HOUR_MS)
  const asked = countOf(nodes) - before
  t.ok(asked > 0 && asked < 30, `${asked} parcels to ask two who know each other`)
  await clock.advance(24 * HOUR_MS)
  t.equal(countOf(nodes) - before, asked, 'then nothing moves any more')
  t.ok((await third.keys('wish/')).length > 0, 'it was asked for')
  await far.node().cancelFetch(far.person.id, second)
  await clock.advance(20_000)
  for (const node of nodes) t.strictSame(await leftOf(node), [], `${node.name} asks no more`)

  await far.node().fetchFile(far.person.id, second)
  await clock.advance(120_000)
  heal(1, 2)
  await clock.advance(60_000)
  t.strictSame(Buffer.from(await bytesAt(far, second)), Buffer.from(up), 'who has it has come')
})

/** What a node keeps of what others want, and of what it asked for. */
async function leftOf({ keys }: FileNode): Promise<readonly string[]> {
  const kinds = ['wish/', 'file-ask/', 'piece/']
  return (await Promise.all(kinds.map((kind) => keys(kind)))).flat()
}

function countOf(nodes: readonly FileNode[]): number {
  return nodes.reduce((sum, { sent }) => sum + sent.length, 0)
}
