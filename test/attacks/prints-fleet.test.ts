/** A fork in a fleet: traffic ends, and in the end every word is true. */
import { test } from 'tap'
import { openMemoryStore } from '#storage/memory-store.ts'
import { standings } from '#sync/delivery.ts'
import { stolenDisk } from '../support/adversary.ts'
import { aFleet } from '../support/fleet.ts'
import { seedOf } from '../support/nodes.ts'
import { bodies, found, say, shown } from '../support/sync.ts'

test('after a fork traffic ends, no tick is false and none is missing', async (t) => {
  for (const names of [
    ['alpha', 'bravo', 'charlie', 'dave'],
    ['alpha', 'hub', 'charlie', 'dave'],
  ]) {
    let store = openMemoryStore()
    let lives = 0
    let isOver = false
    const onRebirth = (): void => {
      isOver = true
    }
    const fleet = await aFleet(t, names, { alpha: { store, onRebirth } })
    const relay = names[1] ?? ''
    await found(fleet.node('alpha'))
    await say(fleet.node('alpha'), 'one')
    await fleet.settle()
    await fleet.clock.advance(60_000)
    const image = await stolenDisk(store)
    fleet.isolate('dave')
    fleet.isolate('charlie')
    const ids = (a: string, b: string) => [fleet.node(a).id, fleet.node(b).id] as const
    fleet.network.heal(...ids('alpha', 'charlie'))
    fleet.network.cut(...ids('alpha', relay))
    for (const text of ['lost 2', 'lost 3']) await say(fleet.node('alpha'), text)
    await fleet.clock.advance(60_000)
    await fleet.close('alpha')
    store = image
    const open = async () => {
      const life = lives === 0 ? {} : { life: seedOf(`life ${lives}`).subarray(0, 4) }
      await fleet.open('alpha', { store, onRebirth, ...life })
    }
    fleet.network.cut(...ids('alpha', 'charlie'))
    await open()
    fleet.network.heal(...ids('alpha', relay))
    await say(fleet.node('alpha'), 'since 2')
    await fleet.clock.advance(30_000)
    t.ok((await bodies(fleet.node(relay))).includes('since 2'))
    // now a chain: alpha - relay - charlie, dave
    fleet.network.heal(...ids(relay, 'charlie'))
    fleet.network.heal(...ids(relay, 'dave'))
    fleet.network.heal(...ids('charlie', 'dave'))
    let falses = 0
    for (let minutes = 0; minutes < 240; minutes += 1) {
      await fleet.clock.advance(30_000)
      if (isOver) {
        isOver = false
        lives += 1
        await fleet.close('alpha')
        await open()
      }
      falses += await falseTicks()
    }
    async function falseTicks(): Promise<number> {
      let count = 0
      for (const message of await shown(fleet.node('alpha')))
        for (const way of await standings(fleet.node('alpha').context, message, [])) {
          const other = names.find((name) => fleet.node(name).id === way.destination)
          if (other === undefined) continue
          const theirs = (await bodies(fleet.node(other))).includes(message.body)
          if (way.word === 'stored' && !theirs) count += 1
        }
      return count
    }
    t.equal(falses, 0, 'no false tick')
    for (const message of await shown(fleet.node('alpha')))
      for (const way of await standings(fleet.node('alpha').context, message, []))
        t.equal(
          way.word,
          'stored',
          `${message.body} at ${names.find((name) => fleet.node(name).id === way.destination)}`,
        )
    for (const name of names) await fleet.close(name)
  }
})
