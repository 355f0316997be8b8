/** Blobs come and go at once: none that somebody begins to need is removed. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { openReplica } from '#sync/replica.ts'
import { openBlobUses } from '#sync/blob-uses.ts'
import { openMemoryBlobs } from '#storage/memory-blobs.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { inParts, pattern } from '../contracts/blobs.ts'
import { collectingLog } from '../support/log.ts'

/** Uses over a store whose commits and a disk whose removals wait for the test. */
function aScene() {
  const held = new Map<string, Uint8Array>()
  const kept = openMemoryBlobs(held)
  const gates = { commit: Promise.resolve(), remove: Promise.resolve() }
  const log = collectingLog()
  const replica = openReplica({
    store: openMemoryStore(),
    actor: 'actor' as never,
    log,
    now: () => 0,
    onLoss: () => undefined,
    onMended: async () => undefined,
  })
  const uses = openBlobUses(
    {
      ...kept,
      remove: async (hash) => {
        await gates.remove
        await kept.remove(hash)
      },
    },
    {
      replica: {
        ...replica,
        commit: async (work) => {
          await gates.commit
          return replica.commit(work)
        },
      },
      log,
    },
  )
  const keep = (id: string): Promise<string> =>
    uses.keep(inParts(pattern(100), 50), 100, async (tx, { hash }) => {
      uses.use(tx, { hash, id })
      return hash
    })
  const drop = (hash: string, id: string): Promise<void> =>
    replica.commit(async (tx) => uses.drop(tx, { hash, id }))
  return { uses, keep, drop, held, gates }
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
}

test('what goes with its last use comes back with the next', async (t) => {
  const { keep, drop, held } = aScene()
  const hash = await keep('one')
  await drop(hash, 'one')
  await turns()
  t.equal(held.size, 0)
  await keep('two')
  t.equal(held.size, 1)
})

test('the same bytes that come in while the last use of them goes stay, whenever they come', async (t) => {
  for (const gate of ['commit', 'remove'] as const) {
    const { uses, keep, drop, held, gates } = aScene()
    const hash = await keep('one')
    const wait = Promise.withResolvers<void>()
    gates[gate] = wait.promise
    await drop(hash, 'one')
    await turns()
    const coming = keep('two')
    await turns()
    wait.resolve()
    t.equal(await coming, hash)
    await turns()

    t.equal(held.size, 1, `while its ${gate} waits`)
    t.equal(Buffer.concat(await Array.fromAsync(must(await uses.read(hash), 'it'))).length, 100)
    await drop(hash, 'two')
    await turns()
    t.equal(held.size, 0, 'and goes when nothing needs it')
  }
})
