import { test } from 'tap'
import { HINTS_MAX, openHints } from '#carriers/lan-hints.ts'

test('an address is dialled once at a time, and again when somebody says so after it was given up', async (t) => {
  const dialled: string[] = []
  const ends: (() => void)[] = []
  const hints = openHints(['wss://known'], (url) => {
    dialled.push(url)
    return new Promise((resolve) => void ends.push(resolve))
  })

  for (const url of ['wss://known', 'wss://a', 'wss://a']) hints.take(url)
  t.strictSame(dialled, ['wss://a'])
  ends[0]?.()
  await hints.over()
  hints.take('wss://a')
  t.strictSame(dialled, ['wss://a', 'wss://a'])
  ends[1]?.()
})

test('however many are named, few are dialled', async (t) => {
  let count = 0
  const hints = openHints([], () => {
    count += 1
    return new Promise(() => undefined)
  })

  for (let number = 0; number < 10 * HINTS_MAX; number += 1) hints.take(`wss://${number}`)
  t.equal(count, HINTS_MAX)
})
