/** Every deed that an audit has a word for is written by what does it. */
import { test, type Test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import { must } from '#base/assert.ts'
import type { UserId } from '#base/ids.ts'
import { auditedLog } from '#bridges/audited-log.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import { unlockByRelease } from '#compose/unlocking.ts'
import type { AuditRecord } from '#model/audit-record.ts'
import { REASONS, type Deed } from '#model/audit-words.ts'
import { channelDocument, DIRECTORY, KEYS } from '#model/document-id.ts'
import { AUDIT_TALLY_MS_MAX } from '#base/limits.ts'
import type { Content } from '#model/entry.ts'
import { postIdOf } from '#model/log.ts'
import { stepOf, trailFrom } from '#model/trail.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { readAudit } from '#sync/audit-reading.ts'
import { audit } from '#sync/audit.ts'
import { writeHere } from '#sync/author.ts'
import { orderPurge } from '#sync/purge-orders.ts'
import { rotate, ensureEpoch } from '#sync/epochs.ts'
import { noteHas } from '#sync/ledger.ts'
import { turnOver } from '#sync/rotation.ts'
import { auditScope } from '#trust/epoch.ts'
import { issueCertificate, NO_RIGHTS, openIdentity, rootIssuer } from '#trust/identity.ts'
import { signingPair, SUITE_NACL } from '#trust/keys.ts'
import { anInsider, stolenDisk, type Insider } from '../support/adversary.ts'
import { aPasskey, codeAt } from '../support/accounts.ts'
import { aTeam, twoNodes } from '../support/app.ts'
import { virtualClock } from '../support/clock.ts'
import { aKit } from '../support/couriers.ts'
import { aFolder } from '../support/folders.ts'
import { aHandCarrier } from '../support/hand-carrier.ts'
import { aJoiner } from '../support/joiners.ts'
import { aLanDoor, fetched } from '../support/lan-door.ts'
import { aLanNode, type LanChoice } from '../support/lan.ts'
import {
  aNode,
  anAdministrator,
  anIdentity,
  organisation,
  root,
  rosterOf,
  seedOf,
  until,
  type NodeChoice,
} from '../support/nodes.ts'
import { seededRandom } from '../support/random.ts'
import { asking, aScene } from '../support/release.ts'
import {
  arrive,
  aSync,
  envelopeOf,
  found,
  ops as anOps,
  routine,
  say,
  type SyncNode,
} from '../support/sync.ts'
import { aLetter, aRule } from '../support/pace.ts'
import { aTerms } from '../support/terms.ts'

const YEAR_MS = 365 * 86_400_000
const [hub, kit, mallory] = [
  anIdentity('alpha', 1, 'hub'),
  anIdentity('bravo', 2),
  anIdentity('mallory', 9),
]

type Records = readonly AuditRecord[]

/** What is done in each scene, and the audit of the node that did it or met it. */
const SCENES = {
  people,
  accounts,
  vouching,
  administration,
  nodes,
  insider,
  attacks,
  lan,
  door,
  release,
  lives,
  keys,
  courier,
  purging,
  money,
  letters,
}

/** In which scene each deed is done, and how it ends there. */
const DONE_IN: Readonly<Record<Deed, readonly [keyof typeof SCENES, AuditRecord['result']]>> = {
  'audit begun': ['people', 'done'],
  'audit continued': ['keys', 'done'],
  'person enrolled': ['people', 'done'],
  'signed in': ['people', 'done'],
  'operator signed in': ['people', 'done'],
  'sign-in refused': ['people', 'refused'],
  'signed out': ['people', 'done'],
  'request refused': ['door', 'refused'],
  'entry without effect': ['insider', 'found'],
  'member added': ['people', 'done'],
  'member removed': ['people', 'done'],
  'channel created': ['people', 'done'],
  'message deleted by another': ['people', 'done'],
  'node invited': ['administration', 'done'],
  'node admitted': ['administration', 'done'],
  'node renewed': ['nodes', 'done'],
  'node revoked': ['nodes', 'done'],
  'join refused': ['administration', 'refused'],
  'epoch made': ['keys', 'done'],
  'secret burned': ['keys', 'done'],
  'wipe ordered': ['nodes', 'done'],
  'wipe done': ['nodes', 'found'],
  'envelope refused': ['insider', 'refused'],
  'not vouched for': ['insider', 'found'],
  'rule broken': ['insider', 'found'],
  'fork found': ['attacks', 'found'],
  'clone noticed': ['lives', 'found'],
  'restore noticed': ['lives', 'found'],
  'peer refused': ['lan', 'refused'],
  'drill held': ['nodes', 'done'],
  'certificate expired': ['lan', 'refused'],
  'policy changed': ['administration', 'done'],
  'store locked': ['administration', 'done'],
  'store unlocked': ['administration', 'done'],
  'envelope parked': ['insider', 'found'],
  'config loaded': ['administration', 'done'],
  'action refused': ['people', 'refused'],
  'audit exported': ['people', 'done'],
  'release given': ['release', 'done'],
  'release refused': ['release', 'refused'],
  'release held': ['release', 'done'],
  'release allowed': ['release', 'done'],
  'want refused': ['attacks', 'refused'],
  'fork unproved': ['insider', 'refused'],
  'claim doubted': ['attacks', 'found'],
  'budget alarm': ['money', 'found'],
  'budget raised': ['money', 'done'],
  'letter changed': ['letters', 'found'],
  'letter set': ['letters', 'done'],
  'link drilled': ['letters', 'done'],
  'administrator appointed': ['accounts', 'done'],
  'administrator dismissed': ['accounts', 'done'],
  'courier exported': ['courier', 'done'],
  'courier imported': ['courier', 'done'],
  'allowance overridden': ['people', 'done'],
  'password changed': ['accounts', 'done'],
  'session ended': ['accounts', 'done'],
  'person deactivated': ['accounts', 'done'],
  'person activated': ['accounts', 'done'],
  'person vouched for': ['vouching', 'done'],
  'access token made': ['accounts', 'done'],
  'access token ended': ['accounts', 'done'],
  'bot made': ['accounts', 'done'],
  'second factor set': ['accounts', 'done'],
  'second factor removed': ['accounts', 'done'],
  'passkey added': ['accounts', 'done'],
  'passkey removed': ['accounts', 'done'],
  'backup made': ['people', 'done'],
  'purge ordered': ['purging', 'done'],
  'messages purged': ['purging', 'done'],
  'purge held': ['purging', 'found'],
  'hold set': ['purging', 'done'],
  'hold ended': ['purging', 'done'],
  'retention set': ['purging', 'done'],
}

for (const [name, run] of Object.entries(SCENES))
  test(`what is done in the scene of ${name} stands in the audit`, async (t) => {
    const wanted = Object.entries(DONE_IN).filter(([, [scene]]) => scene === name)

    const records = await run(t)

    const isThere = ([deed, [, result]]: (typeof wanted)[number]): boolean =>
      records.some((one) => one.deed === deed && one.result === result)
    t.ok(wanted.length > 0)
    t.strictSame(
      wanted.filter((one) => !isThere(one)).map(([deed]) => deed),
      [],
    )
  })

test('what opened the store, what was tried before, and what was set to another value are told apart', async (t) => {
  const records = await administration(t)

  const told = records.map(({ deed, result, count, facts, by }) => ({
    deed,
    result,
    count,
    reason: REASONS[facts.reason ?? 0],
    isByPerson: by !== undefined,
  }))
  t.match(
    told.filter(({ deed }) => deed === 'store unlocked'),
    [
      { result: 'done', count: 1, reason: 'key file' },
      { result: 'refused', count: 3, reason: 'wrong password' },
      { result: 'done', count: 1, reason: 'passphrase' },
    ],
  )
  t.match(
    told.filter(({ deed }) => deed === 'store locked'),
    [
      { isByPerson: true, reason: 'other' },
      { isByPerson: false, reason: 'nobody was there' },
    ],
  )
  t.equal(told.filter(({ deed }) => deed === 'policy changed').length, 1)
  const [first, second] = records.filter(({ deed }) => deed === 'config loaded')
  t.not(first?.facts.name, second?.facts.name)
})

async function* noImage(): AsyncGenerator<Uint8Array> {}

async function people(t: Test): Promise<Records> {
  const allowance = { flash: 0, immediate: 0, withinMs: 3_600_000 }
  const { node, amira, bo, ops } = await aTeam(t, { image: noImage, options: { allowance } })
  await node.storeImage(amira.id)
  const { token } = await node.signIn('bo', 'bo-password')
  await node.signOut(token)
  await node.openSession('amira')
  await node.signIn('bo', 'wrong').catch(() => undefined)
  const message = await node.post(bo.id, { channel: ops.id, body: 'hello' })
  await node.deletePost(amira.id, message.id)
  const draft = { channel: ops.id, body: 'fire', lane: 'flash', overrideReason: 'fire' } as const
  await node.post(bo.id, draft)
  await node.removeMember(amira.id, ops.id, bo.id)
  await node.audit(bo.id, { limit: 1 }).catch(() => undefined)
  await node.exportAudit(amira.id)
  return auditOf(node, amira.id)
}

async function purging(t: Test): Promise<Records> {
  const { node, amira, bo, ops } = await aTeam(t, { role: 'hub' })
  const message = await node.post(bo.id, { channel: ops.id, body: 'hello' })
  await node.setRetention(amira.id, { channel: ops.id, days: 30 })
  await node.hold(amira.id, { channel: ops.id, isHeld: true })
  await node.hold(amira.id, { channel: ops.id, isHeld: false })
  await node.purge(amira.id, { channel: ops.id, messages: [message.id] })
  return [...(await auditOf(node, amira.id)), ...(await heldElsewhere())]
}

/** The audit of a node that has heard of a hold before the order came. */
async function heldElsewhere(): Promise<Records> {
  const knows = [hub, kit]
  await using alpha = await aSync('alpha', { role: 'hub', knows })
  await using bravo = await aSync('bravo', { knows })
  await found(alpha)
  const { id } = await say(alpha, 'hello')
  for (const document of [KEYS, DIRECTORY, routine])
    await arrive(bravo, await envelopeOf(alpha, document))
  const draft = { wish: { messages: new Set([id]) }, reason: 'by hand', by: undefined } as const
  await alpha.context.replica.commit(async (tx) => {
    await orderPurge(tx, alpha.context, { channel: anOps, ...draft })
    const part = { about: 'channel hold', channel: anOps, isHeld: true } as const
    const entry = { author: undefined, claimedAt: 0, content: { kind: 'policy' as const, part } }
    await writeHere(tx, alpha.context, { document: DIRECTORY, entry })
  })
  for (const document of [DIRECTORY, channelDocument(anOps)])
    await arrive(bravo, await envelopeOf(alpha, document))
  return readAudit(bravo.context.replica.read, { limit: 100, after: 0 })
}

async function accounts(t: Test): Promise<Records> {
  const { node, amira, bo, clock } = await aTeam(t)
  const [person, present, wanted] = [bo.id, 'bo-password', 'bo-new-password']
  await node.changePassword(bo.id, { person, present, wanted })
  await node.signIn('bo', wanted)
  await node.endSessions(amira.id, bo.id)
  const { secret } = await node.newSecondFactor(bo.id, bo.id)
  await node.activateSecondFactor(bo.id, bo.id, codeAt(secret, clock.now()))
  await node.removeSecondFactor(amira.id, bo.id)
  await node.addPasskey(bo.id, aPasskey('one'))
  await node.removePasskey(bo.id, 'one')
  const bot = await node.makeBot(amira.id, { username: 'alarms', displayName: '', description: '' })
  const { id } = await node.makeAccessToken(amira.id, bot.id, 'for alarms')
  await node.setAccessToken(amira.id, id, 'gone')
  await node.setActive(amira.id, bo.id, false)
  await node.setActive(amira.id, bo.id, true)
  await node.setAdministrator(amira.id, bo.id, true)
  await node.setAdministrator(bo.id, bo.id, false)
  return auditOf(node, amira.id)
}

/** Somebody enrolled on a kit, whom headquarters confirms. */
async function vouching(t: Test): Promise<Records> {
  const { alpha, bravo, meet } = await twoNodes(t)
  const amira = await anAdministrator(alpha, 'amira')
  const bo = await anAdministrator(bravo, 'bo')
  meet()
  await until([alpha], async () => (await alpha.people([bo.id])).length === 1)
  await alpha.vouchFor(amira.id, bo.id)
  return auditOf(alpha, amira.id)
}

async function administration(t: Test): Promise<Records> {
  const { node, amira } = await aTeam(t, { role: 'hub' })
  const { code } = await node.makeJoinCode(amira.id)
  await node.admitNode({ request: Uint8Array.of(1) }).catch(() => undefined)
  await node.admitNode({ request: aJoiner('bravo', code).request })
  await node.noteStart({ by: 'key file', wrongTries: 0, policy: seedOf('one policy') })
  await node.noteLock(amira.id)
  await node.noteStart({ by: 'passphrase', wrongTries: 3, policy: seedOf('another') })
  await node.noteLock(undefined)
  return auditOf(node, amira.id)
}

/** A hub that renews its kit, thinks it through, shuts it out and has it wiped. */
async function nodes(t: Test): Promise<Records> {
  const network = openMemoryNetwork({ clock: virtualClock() })
  const clocks = [virtualClock(), virtualClock()] as const
  const alpha = await aNode('alpha', {
    role: 'hub',
    knows: [kit],
    clock: clocks[0],
    carriers: [network.open(hub.certificate.node)],
  })
  t.teardown(() => alpha[Symbol.asyncDispose]())
  const bravo = await aNode('bravo', {
    knows: [hub],
    clock: clocks[1],
    carriers: [network.open(kit.certificate.node)],
  })
  t.teardown(() => bravo[Symbol.asyncDispose]())
  const { node } = kit.certificate
  const { id } = await anAdministrator(alpha, 'amira')
  await until([alpha], async () => (await alpha.nodes(id)).length === 2)
  const { validFrom, validUntil } = kit.certificate
  clocks[0].setWall(validFrom + (validUntil - validFrom) * 0.8)
  await alpha.renewCertificates()
  clocks[0].setWall(clocks[1].now())
  await alpha.captureReport(id, node)
  await alpha.revokeNode(id, { node })
  await alpha.wipeNode(id, node)
  await until([alpha], async () => (await alpha.captureReport(id, node)).hasWiped)
  const records = await auditOf(alpha, id)
  t.equal(records.filter(({ deed }) => deed === 'drill held').length, 1, 'what is real is no drill')
  for (const name of ['drill held', 'node revoked', 'wipe ordered'])
    t.match(
      records.find((one) => one.deed === name),
      { by: id, subjects: [{ kind: 'node', id: node }] },
    )
  return records
}

function thief(life: string): Insider {
  return anInsider(mallory, { knows: [hub, kit], life })
}

function post(body: string): Content {
  return { kind: 'post', body, root: undefined }
}

/** A member that keeps no rule. */
async function insider(t: Test): Promise<Records> {
  const alpha = await aHub(t)
  const [author, entry, vouched, fork] = [thief('a'), thief('b'), thief('c'), thief('d')]
  const person = author.person
  const strange = must(alpha.context.directory().people()[0], 'amira is there').id
  await arrive(alpha, Uint8Array.of(255))
  author.write(routine, { author: strange, content: post('amira said so') })
  entry.write(routine, {
    author: person,
    content: { kind: 'edit', target: postIdOf(routine, alpha.actor, 1), body: 'edited' },
  })
  const written = vouched.write(routine, { author: person, content: post('x') })
  const branch = { steps: [stepOf(written.hash)], signature: new Uint8Array(64) }
  fork.write(KEYS, {
    content: {
      kind: 'fork',
      document: routine,
      actor: alpha.actor,
      seq: 1,
      before: trailFrom(written.previous),
      branches: [branch, branch],
    },
  })
  const lie = { attestations: new Map([[written.actor, new Uint8Array(64)]]) }
  await say(alpha, 'hello')
  await arrive(alpha, author.envelope(routine))
  await arrive(alpha, entry.envelope(routine))
  await arrive(alpha, vouched.envelope(routine, { signature: 'none', ...lie }))
  await arrive(alpha, fork.envelope(KEYS))
  const key = await alpha.context.replica.commit(async (tx) => {
    const epoch = await ensureEpoch(tx, alpha.context, alpha.id)
    return epoch && alpha.context.keyring.keyOf(auditScope(alpha.id), epoch.id)
  })
  const sealed = thief('e').seal(auditScope(alpha.id), Uint8Array.of(1), {
    key: must(key, 'a key'),
  })
  await arrive(alpha, sealed)
  return auditAt(alpha)
}

/** A node that writes in two places at once, and one that asks again and again. */
async function attacks(t: Test): Promise<Records> {
  const alpha = await aHub(t)
  const bravo = await opened(t, 'bravo', {})
  const twin = await opened(t, 'bravo', {})
  await say(bravo, 'one thing')
  await say(twin, 'another')
  for (const one of [bravo, twin]) await arrive(alpha, await envelopeOf(one, routine))
  const { context } = alpha
  context.peers.add('post:office')
  const member = anInsider(mallory, { knows: [hub, kit] })
  const lie = [{ document: DIRECTORY, clock: { [alpha.actor]: 1_000 }, read: {} }]
  await arrive(alpha, member.note({ kind: 'have', isWhole: false, items: lie }))
  for (let times = 0; times < 2; times += 1) {
    await context.replica.commit(async (tx) => {
      const clock = (await tx.log(DIRECTORY)).clock()
      await noteHas(tx, 'post:office', { document: DIRECTORY, clock })
    })
    const items = [{ document: DIRECTORY, clock: {}, read: {} }]
    const want = member.note({ kind: 'want', isWhole: false, items })
    await arrive(alpha, want, { from: 'post:office' })
  }
  return auditAt(alpha)
}

/** A budget that is spent, and raised. */
async function money(t: Test): Promise<Records> {
  const clock = virtualClock()
  const terms = aTerms({ budget: { bytesMax: 500 } })
  const thin = { ...aHandCarrier(() => 'departed', { name: 'thin' }), terms }
  const node = await aNode('alpha', { role: 'hub', clock, carriers: [thin], knows: [kit] })
  t.teardown(() => node[Symbol.asyncDispose]())
  const amira = await anAdministrator(node, 'amira')
  thin.begin('post:office')
  await clock.advance(0)
  await node.raiseBudget(amira.id, 'thin', { bytes: 2_000, reason: 'Evacuation' })
  await clock.advance(2 * AUDIT_TALLY_MS_MAX)
  return auditOf(node, amira.id)
}

/** A letter that is set by hand, a link that dies, and a drill. */
async function letters(t: Test): Promise<Records> {
  const clock = virtualClock()
  const [p, a] = ['p', 'a'].map((name) => aHandCarrier(() => 'departed', { name }))
  const pace = { rules: [aRule([aLetter('P'), aLetter('A')])], drillEveryMs: undefined }
  const carriers = [p, a].filter((one) => one !== undefined)
  const options = { pace }
  const node = await aNode('alpha', { role: 'hub', clock, carriers, knows: [kit], options })
  t.teardown(() => node[Symbol.asyncDispose]())
  const amira = await anAdministrator(node, 'amira')
  a?.begin('post:office')
  await clock.advance(6 * 60_000)
  await node.drill(amira.id, { letter: 'A' })
  await node.setLetter(amira.id, 'all', { letter: 'A', reason: 'jammed' })
  await clock.advance(1_000)
  return auditOf(node, amira.id)
}

/** A stick that goes round. */
async function courier(t: Test): Promise<Records> {
  const [alpha, bravo] = [
    await aKit(t, 'alpha', { role: 'hub', knows: [hub, kit] }),
    await aKit(t, 'bravo', { knows: [hub, kit] }),
  ]
  const stick = await aFolder(t)
  await bravo.say('by hand')
  await bravo.exportTo(stick)
  await alpha.importFrom(stick)
  await alpha.exportTo(stick)
  return [
    ...(await alpha.records('courier imported')),
    ...(await alpha.records('courier exported')),
  ]
}

/** Peers that get no session. */
async function lan(t: Test): Promise<Records> {
  const alpha = await aHub(t)
  const watch: LanChoice['watch'] = (log) => {
    const watched = auditedLog(log)
    watched.tell({ noteFound: alpha.context.audit.count })
    return watched
  }
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
  const roster = rosterOf([hub, kit])
  roster.revoke(kit.certificate.node, 0)
  for (const peer of [kit, must(old, 'keys fit')]) {
    await using here = await aLanNode(hub, { options: { roster }, watch })
    await using there = await aLanNode(peer, { dial: [here.address] })
    await here.log.when('lan.session-end')
    t.strictSame(there.side.contacts, [])
  }
  return auditAt(alpha)
}

/** A page of another site. */
async function door(t: Test): Promise<Records> {
  const { url, node, people: known } = await aLanDoor(t)
  const { token } = await node.openSession('bo')
  const headers = { cookie: `MMAUTHTOKEN=${token}` }
  await fetched(`${url}/api/v4/posts`, { method: 'POST', headers, body: '{}' })
  return auditOf(node, known.amira.id)
}

/** A locked kit that asks headquarters, which holds it back for a while. */
async function release(t: Test): Promise<Records> {
  const scene = await aScene(t)
  const { alpha, kit: place, folder } = scene
  await scene.enable()
  const ask = () => unlockByRelease(folder, asking([alpha]).release)
  await scene.passUntil(async () => (await scene.status(alpha)).kits.length > 0)
  t.ok(await ask())
  await alpha.node.holdRelease(alpha.admin, place.id, true)
  t.notOk(await ask())
  await alpha.node.holdRelease(alpha.admin, place.id, false)
  return auditOf(alpha.node, alpha.admin)
}

function load({ context }: SyncNode): Promise<void> {
  return context.replica.commit((tx) => audit(tx, context, { deed: 'config loaded' }))
}

/** A disk that was put back, and one of which there is a copy that writes, too. */
async function lives(t: Test): Promise<Records> {
  const store = openMemoryStore()
  const all: AuditRecord[] = []
  const run = async (life: string, work: (node: SyncNode) => Promise<unknown>): Promise<void> => {
    await using node = await aSync('alpha', { store, life: seedOf(life).subarray(0, 4) })
    await work(node)
    all.splice(0, all.length, ...(await auditAt(node)))
  }
  await run('first', load)
  await run('second', load)
  await run('second', async (node) => {
    await found(node)
    const copy = await stolenDisk(store)
    await say(node, 'by the owner')
    await envelopeOf(node, routine)
    const life = seedOf('second').subarray(0, 4)
    await using twin = await aSync('alpha', { store: copy, life, random: seededRandom(5) })
    await say(twin, 'by the copy')
    await arrive(node, await envelopeOf(twin, routine))
    t.equal(node.context.run.isOver, true)
  })
  await run('third', load)
  await run('third', load)

  const noticed = all.filter(({ deed: one }) => one.endsWith(' noticed'))
  t.strictSame(
    noticed.map(({ deed: one, facts }) => [one, REASONS[facts.reason ?? 0]]),
    [
      ['clone noticed', 'copied elsewhere'],
      ['restore noticed', 'put back'],
    ],
    'each once: what was not sent before is written again in the new life',
  )
  return all
}

/** Secrets that are made and burned. */
async function keys(t: Test): Promise<Records> {
  const clock = virtualClock()
  const alpha = await opened(t, 'alpha', { role: 'hub', clock })
  const { context } = alpha
  const rounds = 3
  for (let round = 0; round < rounds; round += 1)
    await context.replica.commit((tx) => rotate(tx, context, organisation.id))
  await clock.advance(YEAR_MS)
  const policy = { rotateAfterMs: undefined, burnAfterMs: 1 }
  await context.replica.commit((tx) => turnOver(tx, context, policy))
  const records = await auditAt(alpha)
  t.match(
    records.find(({ deed }) => deed === 'secret burned'),
    { count: rounds - 1, subjects: [{ kind: 'organisation' }], facts: { number: rounds - 1 } },
  )
  return records
}

async function aHub(t: Test): Promise<SyncNode> {
  const alpha = await opened(t, 'alpha', { role: 'hub', knows: [kit, mallory] })
  await found(alpha)
  return alpha
}

async function opened(t: Test, name: string, choice: NodeChoice): Promise<SyncNode> {
  const node = await aSync(name, choice)
  t.teardown(() => node[Symbol.asyncDispose]())
  return node
}

function auditOf(node: EdgeNode, administrator: UserId): Promise<Records> {
  return node.audit(administrator, { limit: 1_000, after: 0 })
}

async function auditAt({ context }: SyncNode): Promise<Records> {
  await context.replica.commit(async () => undefined) // what was counted before is on disk then
  return readAudit(context.replica.read, { limit: 1_000, after: 0 })
}
