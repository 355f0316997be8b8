import { test } from 'tap'
import { realClock } from '#ports/real.ts'
import type { Node } from '../../scripts/fleet/node.ts'
import { openLosses, type Losses } from '../../scripts/trial/losses.ts'
import { pauseBy } from '../../scripts/trial/pause.ts'
import type { Posted } from '../../scripts/trial/posting.ts'
import { aStandIn } from './a-stand-in.ts'

function posted(id: string, kit: number, life = 0): readonly [string, Posted] {
  return [id, { id, kit, life, channel: 'ops', author: 'amira', text: id, root: '' }]
}

function aNode(name: string): Node {
  return aStandIn(name, () => [200, {}])
}

interface Scene {
  readonly losses: Losses
  readonly messages: Map<string, Posted>
  readonly bravo: Node
  readonly charlie: Node
}

/** A hub that shows message 2, and two kits; bravo has written 1 and was backed up then. */
function aScene(...atCharlie: readonly string[]): Scene {
  const [hub, bravo, charlie] = [aNode('alpha'), aNode('bravo'), aNode('charlie')]
  const shown = new Map([
    [hub, ['2']],
    [bravo, ['1']],
    [charlie, atCharlie],
  ])
  const messages = new Map([posted('1', 0)])
  const pause = pauseBy(realClock(), new AbortController().signal)
  const all = [hub, bravo, charlie]
  const losses = openLosses({
    all,
    kits: [bravo, charlie],
    posted: messages,
    shownBy: async (node) => new Set(shown.get(node)),
    pause,
  })
  losses.copying(bravo)
  for (const message of [posted('2', 0), posted('3', 0), posted('4', 1)]) messages.set(...message)
  return { losses, messages, bravo, charlie }
}

test('what only the lost disk had since its backup is gone, and nothing else', async (t) => {
  const { losses, bravo } = aScene()

  await losses.diskLost(bravo)

  t.strictSame([...losses.gone], ['3'])
  t.strictSame([losses.lives(0), losses.lives(1)], [1, 0])
})

test('what another kit had is gone once the disk of that one is lost, too', async (t) => {
  const { losses, bravo, charlie } = aScene('3')
  losses.copying(charlie)

  await losses.diskLost(bravo)
  t.equal(losses.gone.size, 0)

  await losses.diskLost(charlie)
  t.strictSame([...losses.gone], ['3'])
})

test('what is written in the new life is not gone', async (t) => {
  const { losses, messages, bravo, charlie } = aScene()
  losses.copying(charlie)
  await losses.diskLost(bravo)
  messages.set(...posted('5', 0, losses.lives(0)))

  await losses.diskLost(charlie)

  t.notOk(losses.gone.has('5'))
})

test('a backup that was never made cannot be put back', async (t) => {
  const { losses, charlie } = aScene()

  await t.rejects(losses.diskLost(charlie), /backup/)
})
