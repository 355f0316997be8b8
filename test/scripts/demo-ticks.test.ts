import { test } from 'tap'
import { realClock } from '#ports/real.ts'
import type { Node } from '../../scripts/fleet/node.ts'
import { pauseBy } from '../../scripts/trial/pause.ts'
import type { Posted } from '../../scripts/trial/posting.ts'
import { openTicks, type Ticks } from '../../scripts/trial/ticks.ts'
import { aStandIn } from './a-stand-in.ts'

const MESSAGE: Posted = {
  id: 'm1',
  kit: 0,
  channel: 'ops',
  author: 'amira',
  text: 'Water is here',
  root: '',
  life: 0,
}

/** A kit that says one word after the other about the message at alpha, then the last one for ever. */
function aKitThatSays(...words: readonly string[]): Node {
  let at = 0
  return aStandIn('bravo', () => {
    const word = words[Math.min(at++, words.length - 1)]
    return [200, [{ message: 'm1', deliveries: [{ destinationName: 'alpha', word }] }]]
  })
}

async function watch(kit: Node, hub: Node, isEnough: (ticks: Ticks) => boolean): Promise<Ticks> {
  const end = new AbortController()
  const clock = realClock()
  const ticks = openTicks({
    kits: [kit],
    all: [hub, kit],
    posted: new Map([['m1', MESSAGE]]),
    gone: new Set(),
    share: 1,
    chance: () => 0,
    pause: pauseBy(clock, new AbortController().signal),
  })
  const running = ticks.run(end.signal)
  while (!isEnough(ticks)) await clock.sleep(20, new AbortController().signal)
  end.abort()
  await running
  return ticks
}

test('a true word is checked and counted', async (t) => {
  const hub = aStandIn('alpha', () => [200, {}])

  const ticks = await watch(
    aKitThatSays('queued', 'stored'),
    hub,
    (now) => now.unsettled() === 0 && now.checked() > 0,
  )

  t.match([ticks.checked(), ticks.falseCount(), ticks.backCount()], [1, 0, 0])
})

test('a word for a node that does not have the message is false', async (t) => {
  const hub = aStandIn('alpha', () => [404, {}])

  const ticks = await watch(aKitThatSays('stored'), hub, (now) => now.checked() > 0)

  t.equal(ticks.falseCount(), 1)
  t.match(ticks.examples(), ['bravo: stored at alpha, which lacks m1'])
})

test('a node that is down is asked again when it is up', async (t) => {
  let asked = 0
  const hub = aStandIn('alpha', () => [asked++ === 0 ? 0 : 404, {}])

  const ticks = await watch(aKitThatSays('stored'), hub, (now) => now.checked() > 0)

  t.equal(ticks.falseCount(), 1)
})

test('what a killed node has on its disk is checked again', async (t) => {
  let hasIt = true
  const hub = aStandIn('alpha', () => [hasIt ? 200 : 404, {}])

  const ticks = await watch(aKitThatSays('stored'), hub, (now) => {
    if (now.checked() === 1 && hasIt) {
      hasIt = false
      now.killed('alpha')
    }
    return now.checked() > 1
  })

  t.equal(ticks.falseCount(), 1)
})

test('a word that a backup made untrue is not false, unless it is untrue in the end', async (t) => {
  for (const comesAgain of [true, false]) {
    let hasIt = true
    const hub = aStandIn('alpha', () => [hasIt ? 200 : 404, {}])

    const ticks = await watch(aKitThatSays('stored'), hub, (now) => {
      if (now.checked() === 1 && hasIt && now.undone() === 0) {
        hasIt = false
        now.restored('alpha')
      }
      if (now.undone() > 0 && comesAgain) hasIt = true
      return now.undone() > 0 && (!comesAgain || now.checked() > 1)
    })

    t.match([ticks.undone(), ticks.falseCount()], [1, comesAgain ? 0 : 1])
  }
})

test('a kit that was put back may say less than before', async (t) => {
  const hub = aStandIn('alpha', () => [200, {}])
  let isBack = false

  const ticks = await watch(aKitThatSays('stored', 'queued', 'stored'), hub, (now) => {
    if (now.checked() === 1 && !isBack) {
      isBack = true
      now.restored('bravo')
    }
    return now.checked() > 1
  })

  t.match([ticks.backCount(), ticks.falseCount()], [0, 0])
})

test('a word that goes back from stored is found', async (t) => {
  const hub = aStandIn('alpha', () => [200, {}])

  const ticks = await watch(aKitThatSays('read', 'queued'), hub, (now) => now.backCount() > 0)

  t.match(ticks.examples(), ['bravo: m1 went back from read to queued at alpha'])
})

test('a word is taken back once when its node was put back, not twice', async (t) => {
  const hub = aStandIn('alpha', () => [200, {}])
  for (const [words, backCount] of [
    [['stored', 'stored', 'queued', 'stored'], 0],
    [['stored', 'stored', 'queued', 'stored', 'queued'], 1],
  ] as const) {
    let wasPutBack = false
    let asked = 0
    const kit = aKitThatSays(...words)
    const counting: Node = {
      ...kit,
      ask: async (question) => {
        asked += 1
        return kit.ask(question)
      },
    }

    const ticks = await watch(counting, hub, (now) => {
      if (asked === 1 && !wasPutBack) {
        wasPutBack = true
        now.restored('alpha')
      }
      return asked > words.length + 1
    })

    t.match([ticks.backCount(), ticks.falseCount()], [backCount, 0])
  }
})
