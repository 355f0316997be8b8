/** An order to wipe: the answer gets its chance to leave, and then nothing holds it up. */
import { test, type Test } from 'tap'
import type { EdgeNode, NodeEvent } from '#app/node.ts'
import type { NodeStatus } from '#app/types.ts'
import { obeyWipeOrder } from '#compose/wipe-order.ts'
import { virtualClock } from '../support/clock.ts'

test('a node wipes once its answer has left', async (t) => {
  const { clock, order, state, wiped } = aNodeUnderOrders(t)
  state.waiting = 1
  order()
  await clock.whenAsleep(1)
  await clock.advance(1_000)
  t.equal(wiped(), 0)

  state.waiting = 0
  await clock.advance(1_000)

  t.equal(wiped(), 1)
})

test('nobody can hold it up: after some seconds it wipes, heard or not', async (t) => {
  const { clock, order, state, wiped } = aNodeUnderOrders(t)
  state.waiting = 1
  order()
  await clock.whenAsleep(1)

  await clock.advance(11_000)

  t.equal(wiped(), 1)
})

test('with no link up there is nothing to wait for, and a second order changes nothing', async (t) => {
  const { clock, order, state, wiped } = aNodeUnderOrders(t)
  state.isUp = false
  state.waiting = 1
  order()
  order()
  await clock.advance(0)

  t.equal(wiped(), 1)
})

test('an order that was heard before a power cut is obeyed at the start', async (t) => {
  const { clock, wiped } = aNodeUnderOrders(t, { isToBeWiped: true })
  await clock.advance(0)

  t.equal(wiped(), 1)
})

test('what is stopped does not wipe', async (t) => {
  const { clock, order, state, stop, wiped } = aNodeUnderOrders(t)
  state.waiting = 1
  order()
  await clock.whenAsleep(1)
  stop()
  await clock.advance(20_000)

  t.equal(wiped(), 0)
})

function aNodeUnderOrders(t: Test, { isToBeWiped = false } = {}) {
  const clock = virtualClock()
  const state = { isUp: true, waiting: 0 }
  let listener: ((event: NodeEvent) => void) | undefined
  let count = 0
  const node = {
    subscribe: (heard: (event: NodeEvent) => void) => {
      listener = heard
      return () => undefined
    },
    status: async () =>
      ({
        isToBeWiped,
        links: [{ isUp: state.isUp, queued: { flash: state.waiting } }],
      }) as unknown as NodeStatus,
  } as unknown as EdgeNode
  const { stop } = obeyWipeOrder(node, clock, () => {
    count += 1
  })
  t.teardown(stop)
  return {
    clock,
    state,
    stop,
    order: () => listener?.({ kind: 'wipe-ordered' }),
    wiped: () => count,
  }
}
