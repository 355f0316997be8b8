import { test } from 'tap'
import {
  openStrangers,
  STRANGERS_MAX,
  STRANGERS_PER_ADDRESS_MAX,
  type Strangers,
} from '#carriers/lan-strangers.ts'

test('one address cannot take the place of others', async (t) => {
  const strangers = openStrangers()

  const let8 = enter(strangers, STRANGERS_PER_ADDRESS_MAX, () => '10.0.0.1')

  t.ok(let8.every((leave) => leave !== undefined))
  t.equal(strangers.enter('10.0.0.1'), undefined)
  t.not(strangers.enter('10.0.0.2'), undefined)
})

test('all addresses together have a limit', async (t) => {
  const strangers = openStrangers()

  enter(strangers, STRANGERS_MAX, (at) => `10.0.0.${at}`)

  t.equal(strangers.enter('10.0.1.1'), undefined)
})

test('who is known or gone makes room, once', async (t) => {
  const strangers = openStrangers()
  const [leave] = enter(strangers, STRANGERS_PER_ADDRESS_MAX, () => '10.0.0.1')

  leave?.()
  leave?.()

  t.not(strangers.enter('10.0.0.1'), undefined)
  t.equal(strangers.enter('10.0.0.1'), undefined)
})

function enter(strangers: Strangers, count: number, addressOf: (at: number) => string) {
  return Array.from({ length: count }, (_, at) => strangers.enter(addressOf(at)))
}
