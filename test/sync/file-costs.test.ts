/** Who is asked for a file a little later, because it costs less elsewhere. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import type { PeerId } from '#ports/carrier.ts'
import { lookAtCosts } from '#sync/file-costs.ts'
import { openLinks } from '#sync/links.ts'
import type { Terms } from '#tariff/terms.ts'
import { virtualClock } from '../support/clock.ts'
import { aFleetWithFiles, fileAt, noise, postFile } from '../support/file-nodes.ts'
import { aTerms } from '../support/terms.ts'

const office: PeerId = 'post:office'
const other: PeerId = 'post:other'

test('a billed link that is the only one there is asked for a file at once', async (t) => {
  const { clock, nodes } = await aFleetWithFiles(t, ['hub', 'kit'], { isMetered: true })
  const [hub, kit] = [must(nodes[0], 'hub'), must(nodes[1], 'kit')]
  const file = await postFile(hub, noise('map', 60_000))
  await clock.advance(60_000)
  t.match(await fileAt(kit, file), { isHere: false, have: 0 })

  await kit.node().fetchFile(kit.person.id, file)
  await clock.advance(10_000)

  t.match(await fileAt(kit, file), { isHere: true })
})

test('where something cheaper is there, was a moment ago, or may yet be found, a costlier one waits', async (t) => {
  const { clock, links, isCheaperThere } = aDesk()
  t.equal(isCheaperThere('satellite'), true, 'the LAN had no time yet')
  t.equal(isCheaperThere('lan'), false, 'nothing costs less')
  await clock.advance(20_000)
  t.equal(isCheaperThere('satellite'), false)

  links.turned({ carrier: 'mobile', peer: office }, true)
  t.equal(isCheaperThere('satellite'), true, 'each megabyte costs less there')
  t.equal(isCheaperThere('satellite', office), true)
  t.equal(isCheaperThere('satellite', other), false, 'but not to that one')
  t.equal(isCheaperThere('mobile'), false)
  links.turned({ carrier: 'mobile', peer: office }, false)
  t.equal(isCheaperThere('satellite'), true, 'it may come back at once')
  await clock.advance(20_000)
  t.equal(isCheaperThere('satellite'), false)

  links.turned({ carrier: 'satellite', peer: office }, true)
  t.equal(isCheaperThere('call'), true, 'a full minute of a call brings less for more')
  t.equal(isCheaperThere('radio'), true, 'what is metered without a price costs more than any')
  links.turned({ carrier: 'stick', peer: other }, true)
  t.equal(isCheaperThere('satellite'), false, 'a stick only carries the question')
})

function aDesk() {
  const clock = virtualClock()
  const links = openLinks(clock)
  const files = { isCheaperThere: (_carrier: string, _peer?: PeerId): boolean => false }
  const call = { shape: 'minutes', pricePerMinute: 1, stepMs: 20_000, leastMs: 60_000 } as const
  const line = { peer: office, open: () => undefined, close: () => undefined }
  lookAtCosts({ files, now: clock.now }, links, [
    { name: 'lan' },
    { name: 'stick', onQuiet: () => undefined },
    { name: 'mobile', terms: byMegabyte(0.01), line },
    { name: 'satellite', terms: byMegabyte(6), line, isMetered: true },
    { name: 'call', terms: aTerms({ profile: { tariff: call, downBps: 2_400 } }), line },
    { name: 'radio', isMetered: true },
  ])
  return {
    clock,
    links,
    isCheaperThere: (carrier: string, peer?: PeerId) => files.isCheaperThere(carrier, peer),
  }
}

function byMegabyte(pricePerMegabyte: number): Terms {
  const tariff = { shape: 'bytes', pricePerMegabyte, stepBytes: 1, leastBytes: 0 } as const
  return aTerms({ profile: { tariff } })
}
