import { encode } from 'dns-packet'
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import type { OrganisationId } from '#base/ids.ts'
import { announcement, commonIn, readPacket, saidIn, tagOf } from '#carriers/dns-sd.ts'
import { ASK_EVERY_MS, INTERFACES_EVERY_MS, keepNeighbours } from '#carriers/neighbours.ts'
import type { Network, Networks, Sender } from '#ports/multicast.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'
import { collectingLog } from '../support/log.ts'

const ORGANISATION = tagOf('relief' as OrganisationId)
const PORT = 5_353

test('two nodes of one organisation find each other, whoever came first', async (t) => {
  const air = openAir(t)
  const alpha = air.join('alpha', '10.0.0.1')
  await air.clock.advance(5_000)
  const bravo = air.join('bravo', '10.0.0.2')
  await air.clock.advance(5_000)

  t.strictSame([...alpha.found], ['10.0.0.2:8065'])
  t.strictSame([...bravo.found], ['10.0.0.1:8065'])
})

test('another organisation is nobody, and nobody is sent where a packet did not come from', async (t) => {
  const air = openAir(t)
  const alpha = air.join('alpha', '10.0.0.1')
  air.join('zulu', '10.0.0.3', { tag: tagOf('others' as OrganisationId) })
  await air.clock.advance(5_000)
  const far = { name: 'far', address: '203.0.113.9', port: 443, isCommon: false }
  air.say(announcement({ ...far, tag: ORGANISATION }), { address: '10.0.0.66', port: PORT })

  t.strictSame([...alpha.found], ['10.0.0.66:443'])
})

test('an address of IPv6 is told where the door answers on it, and nowhere else', async (t) => {
  const air = openAir(t)
  air.join('alpha', '10.0.0.1')
  await air.clock.advance(5_000)
  t.strictSame(sixesIn(air.last()), [])
  air.join('bravo', '10.0.0.2', { isOnIpv6: true })
  await air.clock.advance(1_500)
  t.strictSame(sixesIn(air.last()), ['fd00::7'])
})

function sixesIn(packet: Uint8Array): readonly string[] {
  const { answers = [] } = must(readPacket(packet), 'it is one')
  return answers.flatMap((one) => (one.type === 'AAAA' ? [one.data] : []))
}

test('one of them has holdfast.local, and where two have it the same one gives way', async (t) => {
  const air = openAir(t)
  air.join('alpha', '10.0.0.9')
  await air.clock.advance(5_000)
  air.join('bravo', '10.0.0.2')
  await air.clock.advance(5_000)
  t.strictSame(await air.holders(), ['10.0.0.9'])

  const stronger = { name: 'rival', address: '10.0.0.200', port: 1, tag: '', isCommon: true }
  air.say(announcement(stronger), { address: '10.0.0.200', port: PORT })
  await air.clock.advance(5_000)
  t.strictSame(await air.holders(), [])
})

test('nothing is said or heard on an interface that was not named', async (t) => {
  const air = openAir(t)
  const quiet = air.join('quiet', '10.0.0.5', { announceOn: [], lookOn: [] })
  const looking = air.join('looking', '10.0.0.6', { announceOn: [] })
  await air.clock.advance(ASK_EVERY_MS * 2)

  t.strictSame(quiet.sent(), 0)
  t.ok(looking.sent() >= 2 && looking.sent() <= 4, 'questions only')
  t.strictSame([...looking.found], [])
})

test('an interface that comes later is used, one that goes is left, and who stops says goodbye', async (t) => {
  const air = openAir(t)
  const alpha = air.join('alpha', '10.0.0.1')
  const late = air.join('late', '10.0.0.2', { present: false })
  await air.clock.advance(5_000)
  t.strictSame([...alpha.found], [])

  late.appear()
  await air.clock.advance(INTERFACES_EVERY_MS + 5_000)
  t.strictSame([...alpha.found], ['10.0.0.2:8065'])
  await late.stop()
  const goodbye = readPacket(air.last())
  t.strictSame(goodbye && saidIn(goodbye), [])
})

test('a question from another port is answered to whoever asked, and hostile packets to nobody', async (t) => {
  const air = openAir(t)
  air.join('alpha', '10.0.0.1')
  await air.clock.advance(5_000)
  const asked = encode({ type: 'query', id: 5, questions: [{ name: 'alpha.local', type: 'A' }] })
  air.say(asked, { address: '10.0.0.50', port: 40_000 })
  t.match(air.lastTo(), { address: '10.0.0.50', port: 40_000 })

  const before = air.count()
  for (const junk of [Uint8Array.of(), Buffer.alloc(9_000, 255), Buffer.alloc(40, 192)])
    air.say(junk, { address: '10.0.0.66', port: PORT })
  t.equal(air.count(), before)
})

interface Joining {
  readonly tag?: string
  readonly announceOn?: readonly string[]
  readonly lookOn?: readonly string[]
  readonly present?: boolean
  readonly isOnIpv6?: boolean
}

/** One network, on which everybody hears everybody else. */
function openAir(t: Test) {
  const clock: VirtualClock = virtualClock()
  const ears = new Set<(packet: Uint8Array, from: Sender) => void>()
  const said: { readonly packet: Uint8Array; readonly to: Sender | undefined }[] = []
  const stops: (() => Promise<void>)[] = []
  t.teardown(() => Promise.all(stops.map((stop) => stop())))
  const say = (packet: Uint8Array, from: Sender): void => {
    for (const ear of ears) ear(packet, from)
  }
  const join = (name: string, address: string, joining: Joining = {}) => {
    const { tag = ORGANISATION, announceOn = ['wlan0'], lookOn = ['wlan0'] } = joining
    const { isOnIpv6 = false } = joining
    const place = { name: 'wlan0', address, address6: 'fd00::7' }
    const own: Network[] = joining.present === false ? [] : [place]
    const found = new Set<string>()
    let count = 0
    const networks: Networks = {
      port: PORT,
      present: () => own,
      open: async (network, hear) => {
        ears.add(hear)
        return {
          ...network,
          send: (packet, to) => {
            count += 1
            said.push({ packet, to })
            if (to === undefined) say(packet, { address, port: PORT })
          },
          [Symbol.asyncDispose]: async () => void ears.delete(hear),
        }
      },
    }
    const stop = new AbortController()
    const done = keepNeighbours(
      { name, port: 8_065, tag, announceOn, lookOn, isOnIpv6, onFound: (at) => void found.add(at) },
      { clock, log: collectingLog(), networks },
      stop.signal,
    )
    const end = async (): Promise<void> => {
      stop.abort()
      await done
    }
    stops.push(end)
    return {
      found,
      sent: () => count,
      appear: () => void own.push(place),
      stop: end,
    }
  }
  return {
    clock,
    join,
    say,
    last: () => said.at(-1)?.packet ?? Uint8Array.of(),
    lastTo: () => said.at(-1)?.to,
    count: () => said.length,
    /** Who answers for holdfast.local. */
    holders: async () => {
      const before = said.length
      const asked = encode({ type: 'query', questions: [{ name: 'holdfast.local', type: 'A' }] })
      await clock.advance(5_000)
      say(asked, { address: '10.0.0.50', port: PORT })
      const answers = said.slice(before).map(({ packet }) => readPacket(packet))
      return [...new Set(answers.flatMap((one) => (one === undefined ? [] : commonIn(one))))]
    },
  }
}
