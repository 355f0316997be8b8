import { test } from 'tap'
import { createTurns } from '#server/turns.ts'

test('so many run at once, the rest wait in order', async (t) => {
  const turns = createTurns(2, 10)
  const gates = [1, 2, 3, 4].map(() => Promise.withResolvers<void>())
  const started: number[] = []
  const work = gates.map((gate, index) =>
    turns(async () => {
      started.push(index)
      await gate.promise
      return index
    }),
  )

  t.strictSame(started, [0, 1])
  gates[1]?.resolve()
  await work[1]
  gates[0]?.resolve()
  await work[0]
  gates[2]?.resolve()
  gates[3]?.resolve()
  t.strictSame(
    await Promise.all(work.map((one) => one ?? Promise.reject(new Error('refused')))),
    [0, 1, 2, 3],
  )
  t.strictSame(started, [0, 1, 2, 3])
})

test('who finds the queue full is told at once', async (t) => {
  const turns = createTurns(1, 1)
  const gate = Promise.withResolvers<void>()
  const first = turns(() => gate.promise)
  const second = turns(() => gate.promise)

  t.equal(
    turns(() => gate.promise),
    undefined,
  )
  gate.resolve()
  await Promise.all([first, second])
})

test('work that fails gives its turn to the next', async (t) => {
  const turns = createTurns(1, 1)
  const first = turns(() => Promise.reject(new Error('no')))
  const second = turns(async () => 'yes')

  await t.rejects(first ?? Promise.resolve(), { message: 'no' })
  t.equal(await second, 'yes')
})
