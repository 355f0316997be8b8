import { test } from 'tap'
import { openReadGate } from '#storage/read-gate.ts'

test('readers are side by side; a keeper waits for them and holds back the next', async (t) => {
  const gate = openReadGate()
  const seen: string[] = []
  const [first, keeping] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const reader = (name: string, until?: Promise<void>): Promise<unknown> =>
    gate.read(async () => {
      seen.push(`${name} in`)
      await until
      seen.push(`${name} out`)
    })

  const work = [
    reader('amira', first.promise),
    reader('bo'),
    gate.keep(async () => {
      seen.push('keeper in')
      await keeping.promise
      seen.push('keeper out')
    }),
    reader('chen'),
  ]
  await new Promise(setImmediate)
  t.strictSame(seen, ['amira in', 'bo in', 'bo out'])
  first.resolve()
  await new Promise(setImmediate)
  keeping.resolve()
  await Promise.all(work)

  t.strictSame(seen.slice(3), ['amira out', 'keeper in', 'keeper out', 'chen in', 'chen out'])
})

test('a keeper or a reader that fails keeps nobody out', async (t) => {
  const gate = openReadGate()

  await t.rejects(
    gate.keep(() => Promise.reject(new Error('keeper'))),
    { message: 'keeper' },
  )
  await t.rejects(
    gate.read(() => Promise.reject(new Error('reader'))),
    { message: 'reader' },
  )
  await gate.keep(() => Promise.resolve())
  t.equal(await gate.read(() => Promise.resolve('in')), 'in')
})
