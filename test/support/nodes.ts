/** Whole nodes for tests: one organisation, seeded keys, memory stores, and people with the names of house style. */
import type { ChannelId } from '#base/ids.ts'
import { openEdgeNode } from '#app/edge-node.ts'
import type { EdgeNodeOptions } from '#app/edge-node-options.ts'
import type { EdgeNode, PersonDraft } from '#app/node.ts'
import type { Channel, Person } from '#app/types.ts'
import { sha256 } from '#base/hash.ts'
import { bytesFromText } from '#base/bytes.ts'
import { must } from '#base/assert.ts'
import type { Blobs } from '#ports/blobs.ts'
import type { Carrier } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import type { Courier } from '#ports/courier.ts'
import type { Disk } from '#ports/disk.ts'
import type { Previewer } from '#ports/previewer.ts'
import type { Random } from '#ports/random.ts'
import type { PeopleSource } from '#ports/people-source.ts'
import type { Passwords } from '#ports/passwords.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryBlobs } from '#storage/memory-blobs.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import {
  ALL_RIGHTS,
  issueCertificate,
  NO_RIGHTS,
  openIdentity,
  organisationIdOf,
  rootIssuer,
  type Certificate,
  type Identity,
  type NodeRole,
  type Organisation,
} from '#trust/identity.ts'
import { signingPair, SUITE_NACL } from '#trust/keys.ts'
import { openRoster, type Roster } from '#trust/roster.ts'
import { virtualClock } from './clock.ts'
import { collectingLog, type CollectingLog } from './log.ts'
import { seededRandom } from './random.ts'

/** A 32-byte seed that stands for `name`. */
export function seedOf(name: string): Uint8Array {
  return sha256(bytesFromText(name))
}

/** The root of the test organisation. */
export const root = signingPair(SUITE_NACL, seedOf('root'))

/** The test organisation. */
export const organisation: Organisation = {
  id: organisationIdOf(SUITE_NACL, root.publicBytes),
  name: 'Relief',
  suite: SUITE_NACL,
  rootKey: root.publicBytes,
  code: 'rf',
}

/** The secret its members share. */
export const organisationSecret = seedOf('organisation secret')

/** The identity of the node called `name`, with the given number. */
export function anIdentity(
  name: string,
  number: number,
  role: NodeRole = 'kit',
  facts: Partial<Certificate> = {},
): Identity {
  const seed = seedOf(`${name} signing`)
  const certificate = issueCertificate(rootIssuer(SUITE_NACL, root), {
    number,
    name,
    role,
    rights: role === 'hub' ? ALL_RIGHTS : NO_RIGHTS,
    validFrom: 1_790_000_000_000,
    validUntil: 4_102_444_800_000,
    signingKey: signingPair(SUITE_NACL, seed).publicBytes,
    ...facts,
  })
  const authority = { organisation, certificateOf: () => undefined }
  return must(openIdentity(authority, seed, certificate), 'seeded keys fit their certificate')
}

/** A fresh roster that knows these nodes, as if it had seen the first sealing key of each. */
export function rosterOf(nodes: readonly Identity[]): Roster {
  const roster = openRoster(organisation)
  for (const { certificate, certificateBytes } of nodes) {
    roster.introduce(certificateBytes)
    roster.learnLife(certificate.node, 1, lifeOf(certificate.name))
  }
  return roster
}

/** 4 bytes: the life in which a node of this name runs unless a test says otherwise. */
export function lifeOf(name: string): Uint8Array {
  return seedOf(`${name} life`).subarray(0, 4)
}

/** Passwords without the wait: for tests only. */
const quickPasswords: Passwords = {
  hash: async (password) => sha256(bytesFromText(`quick ${password}`)),
  check: async (password, hash) =>
    Buffer.compare(sha256(bytesFromText(`quick ${password}`)), hash) === 0,
}

/** What a test may choose about a node; everything else is filled in. */
export interface NodeChoice {
  readonly number?: number
  readonly role?: NodeRole
  readonly store?: Store
  readonly blobs?: Blobs
  readonly clock?: Clock
  readonly log?: CollectingLog
  readonly carriers?: readonly Carrier[]
  readonly courier?: Courier
  readonly image?: () => AsyncIterable<Uint8Array>
  readonly disk?: Disk
  readonly previewer?: Previewer
  /** Where the organisation keeps its people. */
  readonly peopleSource?: PeopleSource
  readonly life?: Uint8Array
  /** Chance that does not follow from the name: for a node that is opened again. */
  readonly random?: Random
  /** Nodes it knows beforehand. */
  readonly knows?: readonly Identity[]
  /** In which channels it tells others what was read; all unless given. */
  readonly tellsRead?: (channel: ChannelId) => boolean
  /** Called when it has to begin a new life. */
  readonly onRebirth?: () => void
  /** Who it is, when not `anIdentity` of its name. */
  readonly identity?: Identity
  /** The root is in a file somewhere else: a hub works by its own rights. */
  readonly isRootAway?: boolean
  readonly options?: Partial<EdgeNodeOptions>
}

/** A running node called `name`. Dispose it at the end of the test. */
export function aNode(name: string, choice: NodeChoice = {}): Promise<EdgeNode & AsyncDisposable> {
  const number = choice.number ?? name.charCodeAt(0) - 96
  return openEdgeNode(
    {
      identity: choice.identity ?? anIdentity(name, number, choice.role),
      organisationSecret,
      root: choice.role === 'hub' && choice.isRootAway !== true ? root : undefined,
      life: choice.life ?? lifeOf(name),
      roster: rosterOf(choice.knows ?? []),
      version: '0.0.0',
      ...choice.options,
    },
    {
      ...diskOf(choice),
      clock: choice.clock ?? virtualClock(),
      random: choice.random ?? seededRandom(number),
      log: choice.log ?? collectingLog(),
      passwords: quickPasswords,
      carriers: choice.carriers ?? [],
      ...(choice.courier && { courier: choice.courier }),
      peopleSource: choice.peopleSource,
    },
  )
}

function diskOf(choice: NodeChoice) {
  const { store = openMemoryStore(), blobs = openMemoryBlobs(), disk, image, previewer } = choice
  return {
    store,
    blobs,
    ...(disk && { disk }),
    ...(image && { image }),
    ...(previewer && { previewer }),
  }
}

/** Enrols the first administrator of a node. */
export function anAdministrator(node: EdgeNode, username: string): Promise<Person> {
  return node.setUp({
    username,
    displayName: username,
    password: `${username}-password`,
    isAdministrator: true,
  })
}

/** Resolves once `check` holds; looks again after every event of any of `nodes`. */
export async function until(
  nodes: readonly EdgeNode[],
  check: () => Promise<boolean>,
): Promise<void> {
  let change = Promise.withResolvers<void>()
  const stops = nodes.map((node) => node.subscribe(() => change.resolve()))
  try {
    for (;;) {
      change = Promise.withResolvers()
      if (await check()) return
      await change.promise
    }
  } finally {
    for (const stop of stops) stop()
  }
}

/** A node that amira administers, with bo enrolled and the first channel there. Dispose `node` at the end. */
export async function aWorkspace(name: string, choice: NodeChoice = {}): Promise<Workspace> {
  const node = await aNode(name, choice)
  const amira = await anAdministrator(node, 'amira')
  const bo = await node.enrolPerson(amira.id, aPerson('bo'))
  const [square] = await node.channelsOf(amira.id)
  return { node, amira, bo, square: must(square, 'the first channel is there') }
}

/** A node in use. */
export interface Workspace {
  readonly node: EdgeNode & AsyncDisposable
  readonly amira: Person
  readonly bo: Person
  readonly square: Channel
}

/** A person to enrol. */
export function aPerson(username: string): PersonDraft {
  return {
    username,
    displayName: username,
    password: `${username}-password`,
    isAdministrator: false,
  }
}
