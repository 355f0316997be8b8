/**
 * Attacks on the session between two nodes on one network. Replay, reflection, a man in the middle, forged custody and
 * strangers by the hundred stand in `test/trust/session.test.ts` and `test/carriers/lan*.test.ts`.
 */
import { once } from 'node:events'
import { test } from 'tap'
import { WebSocket } from 'ws'
import { must } from '#base/assert.ts'
import { auditedLog } from '#bridges/audited-log.ts'
import { LAN_PEER_PATH } from '#carriers/lan.ts'
import type { Log } from '#ports/log.ts'
import { openIdentity, rootIssuer, issueCertificate, NO_RIGHTS } from '#trust/identity.ts'
import { SUITE_FIPS, SUITE_NACL, signingPair } from '#trust/keys.ts'
import { openRoster } from '#trust/roster.ts'
import { beginSession, readHello, type SessionParty } from '#trust/session.ts'
import { aLanNode } from '../support/lan.ts'
import { flipped, unnamed } from '../support/adversary.ts'
import { anIdentity, organisation, root, rosterOf, seedOf } from '../support/nodes.ts'
import { seededRandom } from '../support/random.ts'
import { aSync, type SyncNode } from '../support/sync.ts'

const alpha = anIdentity('alpha', 1, 'hub')
const bravo = anIdentity('bravo', 2)

test('a revoked node gets no session, whoever dials, and that is named', async (t) => {
  const roster = rosterOf([alpha, bravo])
  roster.revoke(bravo.certificate.node, 0)
  await using node = await aSync('alpha')
  await using hub = await aLanNode(alpha, { options: { roster }, watch: into(node) })
  await using lost = await aLanNode(bravo, { dial: [hub.address] })

  const ended = await hub.log.when('lan.session-end')

  t.match(ended.facts, { reason: 'revoked' })
  t.strictSame(await unnamed({ ...node, log: hub.log }, 'revokedPeer'), [])
  t.strictSame([...hub.side.contacts, ...lost.side.contacts], [])
})

test('a node whose certificate is long over gets none either', async (t) => {
  const seed = seedOf('old signing')
  const certificate = issueCertificate(rootIssuer(SUITE_NACL, root), {
    number: 7,
    name: 'old',
    role: 'kit',
    rights: NO_RIGHTS,
    validFrom: 1_500_000_000_000,
    validUntil: 1_600_000_000_000,
    signingKey: signingPair(SUITE_NACL, seed).publicBytes,
  })
  const old = openIdentity({ organisation, certificateOf: () => undefined }, seed, certificate)
  await using node = await aSync('alpha')
  await using hub = await aLanNode(alpha, { watch: into(node) })
  await using kit = await aLanNode(must(old, 'keys fit'), { dial: [hub.address] })

  const ended = await hub.log.when('lan.session-end')

  t.match(ended.facts, { reason: 'expired' })
  t.strictSame(await unnamed({ ...node, log: hub.log }, 'expiredPeer'), [])
  t.strictSame([...hub.side.contacts, ...kit.side.contacts], [])
})

test('a hello that names the other suite of algorithms, or has any byte changed, is refused before any key is agreed', async (t) => {
  const hello = begin(bravo).hello
  const mine = begin(alpha)
  // What follows the certificate is a fresh key and chance: the proof covers them.
  for (let at = 0; at < hello.length - 48; at += 1)
    t.equal(readHello(mine, flipped(hello, at)).ok, false, `byte ${at}`)
  t.equal(readHello(mine, hello).ok, true)
  const foreign = openRoster({ suite: SUITE_FIPS, rootKey: organisation.rootKey })
  t.equal(foreign.introduce(bravo.certificateBytes), undefined)
})

test('whoever is not a member, or speaks otherwise, is sent away by name', async (t) => {
  await using node = await aSync('alpha')
  await using hub = await aLanNode(alpha, { watch: into(node) })
  const { hello } = begin(bravo)
  for (const at of [0, 40]) {
    const socket = new WebSocket(`${hub.address}${LAN_PEER_PATH}`)
    socket.on('open', () => socket.send(flipped(hello, at)))
    await once(socket, 'close')
  }

  t.strictSame(await unnamed({ ...node, log: hub.log }, 'strangeHello', 'falseHello'), [])
})

/** What carriers find goes into the audit of a node, as `compose.ts` has it. */
function into({ context }: SyncNode): (log: Log) => Log {
  return (log) => {
    const watched = auditedLog(log)
    watched.tell({ noteFound: context.audit.count })
    return watched
  }
}

function begin(identity: typeof alpha) {
  const party: SessionParty = {
    identity,
    authority: rosterOf([alpha, bravo]).authority,
    objectionTo: () => undefined,
  }
  return beginSession(party, 'initiator', seededRandom(identity.certificate.number).bytes(48))
}
