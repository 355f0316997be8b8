/** How a simulated organisation begins: headquarters is set up, then each kit joins it with a code, as real ones do. */
import { must } from '#base/assert.ts'
import type { EdgeNode } from '#app/node.ts'
import { CERTIFICATE_MS } from '#base/limits.ts'
import { ALL_RIGHTS, issueCertificate, openIdentity, rootIssuer } from '#trust/identity.ts'
import { parseJoinCode } from '#trust/join-code.ts'
import { makeJoinRequest, NO_COMMITMENT, readJoinAnswer } from '#trust/joining.ts'
import { sign, signingPair, type KeyPair } from '#trust/keys.ts'
import { SEALING_SEED_BYTES, sealingPair, type SealingPair } from '#trust/sealing-key.ts'
import type { Member } from './fleet.ts'
import { settle } from './settle.ts'
import { addMember, type World } from './world.ts'

/** Founds the organisation; resolves when headquarters is open and every kit has its papers. Kits are still off. */
export async function foundOrganisation(world: World): Promise<void> {
  const hub = addHub(world)
  world.fleet.switchOn(hub)
  await insist(world, hub, () => settle(hub, world.chance.fork('settle hub')))
  for (let index = 1; index < world.options.nodes; index += 1) await admit(world, hub, index)
}

/** Asks a node, and again after the power went before it had answered. */
async function insist<T>(
  world: World,
  member: Member,
  ask: (node: EdgeNode) => Promise<T>,
): Promise<T> {
  for (;;) {
    const node = await opened(world, member)
    const { boot } = member
    const asked: { answer?: { readonly value: T }; problem?: unknown } = {}
    ask(node).then(
      (value) => void (asked.answer = { value }),
      (error: unknown) => void (asked.problem = error),
    )
    while (member.boot === boot && Object.keys(asked).length === 0) await pause(world)
    if (asked.answer !== undefined) return asked.answer.value
    if (asked.problem !== undefined) throw asked.problem
  }
}

/** Resolves once `member` is on and open. */
async function opened(world: World, member: Member): Promise<EdgeNode> {
  for (;;) {
    const node = member.boot?.node
    if (node !== undefined) return node
    await pause(world)
  }
}

function pause(world: World): Promise<void> {
  return new Promise((resolve) => void world.timeline.after(50, resolve))
}

function addHub(world: World): Member {
  const { organisation, root, timeline } = world
  const keys = keysOf(world, 0)
  const now = timeline.now()
  const certificate = issueCertificate(rootIssuer(organisation.suite, root), {
    number: 1,
    name: 'hub',
    role: 'hub',
    rights: ALL_RIGHTS,
    validFrom: now,
    validUntil: now + CERTIFICATE_MS,
    signingKey: keys.signing.publicBytes,
  })
  const identity = must(
    openIdentity({ organisation, certificateOf: () => undefined }, keys.seed, certificate),
    'the hub has its own keys',
  )
  return addMember(world, { name: 'hub', identity, root, acquaintances: [] })
}

async function admit(world: World, hub: Member, index: number): Promise<Member> {
  const name = `kit-${index}`
  const { suite } = world.organisation
  const keys = keysOf(world, index)
  const administrator = must(hub.people[0], 'the hub has an administrator')
  const { code: text } = await insist(world, hub, (node) => node.makeJoinCode(administrator))
  const code = must(parseJoinCode(text), 'a code of ours can be read')
  const request = makeJoinRequest({
    code,
    name,
    role: 'kit',
    suite,
    signingKey: keys.signing.publicBytes,
    number: 0,
    answerKey: keys.answering.publicBytes,
    commitment: NO_COMMITMENT,
    block: new Uint8Array(0),
    sign: (message) => sign(keys.signing.privateKey, message),
    nonce: world.chance.fork(`nonce ${index}`).bytes(16),
  })
  const reply = await insist(world, hub, (node) => node.admitNode({ request }))
  const read = readJoinAnswer(reply, {
    code,
    requestBytes: request,
    suite,
    signingKey: keys.signing.publicBytes,
    answerPair: keys.answering,
  })
  const { answer } = must(read.ok ? read : undefined, 'the hub answers a good request')
  const authority = {
    organisation: answer.organisation,
    certificateOf: () => answer.issuer,
  }
  const papers = openIdentity(authority, keys.seed, answer.certificateBytes)
  const identity = must(papers, 'the certificate is for our keys')
  const acquaintances = [answer.issuerCertificateBytes]
  return addMember(world, { name, identity, root: undefined, acquaintances })
}

interface Keys {
  readonly seed: Uint8Array
  readonly signing: KeyPair
  /** The answer to a join request is sealed for it. */
  readonly answering: SealingPair
}

function keysOf({ chance, organisation: { suite } }: World, index: number): Keys {
  const own = chance.fork(`keys ${index}`)
  const seed = own.bytes(32)
  return {
    seed,
    signing: signingPair(suite, seed),
    answering: sealingPair(suite, own.bytes(SEALING_SEED_BYTES)),
  }
}
