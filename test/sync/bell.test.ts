import { test } from 'tap'
import { openBell } from '#sync/bell.ts'

test('a bell rung while nobody waits is heard by the next who does, once', async (t) => {
  const bell = openBell()
  const heard: string[] = []

  bell.ring()
  bell.ring()
  await bell.rung()
  const second = bell.rung().then(() => heard.push('second'))
  await Promise.resolve()

  t.strictSame(heard, [])
  bell.ring()
  await second
  t.strictSame(heard, ['second'])
})

test('a bell wakes who waits', async (t) => {
  const bell = openBell()
  const rung = bell.rung()

  bell.ring()

  await t.resolves(rung)
})
