import { test } from 'tap'
import { codeOfFailure } from '../contracts/store.ts'
import { aTeam } from '../support/app.ts'

async function* anImage(): AsyncGenerator<Uint8Array> {
  yield Uint8Array.of(0)
}

test('administrators take the store as it lies on the disk', async (t) => {
  const { node, amira, bo } = await aTeam(t, { image: anImage })

  t.equal(await codeOfFailure(node.storeImage(bo.id)), 'NOT_ALLOWED')

  const parts = await Array.fromAsync(await node.storeImage(amira.id))
  t.strictSame(parts, [Uint8Array.of(0)])
  t.match(await node.lastBackup(amira.id), { by: amira.id, at: Number })
  t.equal(await codeOfFailure(node.lastBackup(bo.id)), 'NOT_ALLOWED')
})

test('where there is no disk there is nothing to back up', async (t) => {
  const { node, amira } = await aTeam(t)

  t.equal(await codeOfFailure(node.storeImage(amira.id)), 'NOT_FOUND')
})
