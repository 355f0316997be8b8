/** A kit with a real data folder and the hubs that can release it: whole nodes, in contact unless parted. */
import { join } from 'node:path'
import type { Test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import type { ReleaseStatus } from '#app/release-types.ts'
import { codeOf, ERRORS } from '#base/errors.ts'
import { must } from '#base/assert.ts'
import type { NodeId, UserId } from '#base/ids.ts'
import { openMemoryNetwork, type MemoryNetwork } from '#carriers/memory.ts'
import { askHubs, type Post } from '#compose/release.ts'
import { makeReleaseSlot } from '#compose/release-slot.ts'
import { sealNewFolder, unlockAlone, type Release } from '#compose/unlocking.ts'
import { createDataFolder } from '#config/data-folder.ts'
import { Config } from '#config/schema.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import type { Store } from '#ports/store.ts'
import { virtualClock, type VirtualClock } from './clock.ts'
import { collectingLog, type CollectingLog } from './log.ts'
import {
  aNode,
  anAdministrator,
  anIdentity,
  organisation,
  organisationSecret,
  seedOf,
} from './nodes.ts'
import { seededRandom } from './random.ts'

/** How folders of these tests open without a person. */
export const USUAL = Config.parse({}).unlock
/** Chance for what tests make themselves. */
export const random = seededRandom(77)

/** One node. */
export interface Place {
  readonly name: string
  readonly node: EdgeNode & AsyncDisposable
  readonly id: NodeId
  readonly admin: UserId
  readonly store: Store
  readonly clock: VirtualClock
  readonly log: CollectingLog
}

/** The kit bravo and its hubs. */
export interface Scene {
  readonly kit: Place
  readonly alpha: Place
  /** The second hub, where there is one. */
  readonly charlie: Place | undefined
  readonly network: MemoryNetwork
  /** The kit's data folder. */
  readonly folder: string
  /** Time passes for all until `check` holds. */
  readonly passUntil: (check: () => Promise<boolean>) => Promise<void>
  readonly pass: (ms: number) => Promise<void>
  /** Makes the slot in the folder and hands the share to the hubs. */
  readonly enable: () => Promise<void>
  readonly status: (place: Place) => Promise<ReleaseStatus>
}

/** What a scene may be told. */
export interface SceneChoice {
  readonly hasTwoHubs?: boolean
  readonly clocks?: Readonly<Record<string, VirtualClock>>
}

/** Opens the nodes; the end of the test closes them. */
export async function aScene(t: Test, choice: SceneChoice = {}): Promise<Scene> {
  const network = openMemoryNetwork({ clock: virtualClock() })
  const names = ['alpha', 'bravo', ...(choice.hasTwoHubs === true ? ['charlie'] : [])]
  const places: Place[] = []
  for (const name of names) {
    const clock = choice.clocks?.[name] ?? virtualClock()
    const place = await openPlace(name, { network, clock, names })
    t.teardown(() => place.node[Symbol.asyncDispose]())
    places.push(place)
  }
  const [alpha, kit, charlie] = places
  const pass = async (ms: number): Promise<void> => {
    for (const { clock } of places) await clock.advance(ms)
  }
  const folder = join(t.testdir(), 'kit')
  await makeFolder(folder)
  const scene: Scene = {
    alpha: must(alpha, 'it was opened'),
    kit: must(kit, 'it was opened'),
    charlie,
    network,
    folder,
    pass,
    passUntil: async (check) => {
      for (let turn = 0; !(await check()); turn += 1) {
        if (turn > 300) throw new Error('it never came about')
        await pass(1_000)
      }
    },
    enable: async () => {
      const key = must(await unlockAlone(folder, USUAL), 'it opens by its key file')
      const share = await makeReleaseSlot(folder, key, random)
      await scene.kit.node.setShare(scene.kit.admin, share)
    },
    status: ({ node, admin }) => node.releaseStatus(admin),
  }
  return scene
}

/** Opens a node on a store; another life is another `life`. */
export async function openPlace(
  name: string,
  facts: {
    readonly network: MemoryNetwork
    readonly clock: VirtualClock
    readonly names?: readonly string[]
    readonly store?: Store
    readonly life?: string
  },
): Promise<Place> {
  const { network, clock, names = ['alpha', 'bravo'], store = openMemoryStore() } = facts
  const identity = identityOf(name)
  const id = identity.certificate.node
  const log = collectingLog()
  const node = await aNode(name, {
    role: identity.certificate.role,
    knows: names.map(identityOf),
    carriers: [network.open(id)],
    clock,
    store,
    log,
    life: seedOf(facts.life ?? `${name} life`).subarray(0, 4),
  })
  const known = await node.personByName(`person-${name}`)
  const { id: admin } = known ?? (await anAdministrator(node, `person-${name}`))
  return { name, node, id, admin, store, clock, log }
}

/** How the kit's folder asks these hubs, in this order, and what went over the wire meanwhile. */
export function asking(
  hubs: readonly Place[],
  reaches: (name: string) => boolean = () => true,
  otherwise?: Post,
): { readonly release: Release; readonly post: Post; readonly wire: Exchange[] } {
  const wire: Exchange[] = []
  const post: Post = async (url, request) => {
    if (otherwise !== undefined) return otherwise(url, request)
    const { hostname } = new URL(url)
    const hub = hubs.find(({ name }) => name === hostname)
    if (hub === undefined || !reaches(hostname)) throw new Error('unreachable')
    const answer = await put(hub, request)
    wire.push({ hub: hostname, request, answer })
    return answer
  }
  const from = hubs.length === 0 ? ['alpha:8065'] : hubs.map(({ name }) => `${name}:8065`)
  const ports = { post, random, log: collectingLog() }
  return { release: askHubs({ suite: organisation.suite, from }, ports), post, wire }
}

/** A question and what was answered. */
export interface Exchange {
  readonly hub: string
  readonly request: Uint8Array
  readonly answer: { readonly status: number; readonly body: Uint8Array }
}

/** Puts a question to a hub, as its door would. */
export async function put(
  { node }: Pick<Place, 'node'>,
  request: Uint8Array,
): Promise<Exchange['answer']> {
  try {
    return { status: 200, body: await node.releaseKit({ request, admit: () => undefined }) }
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined) throw error
    return { status: ERRORS[code].status, body: new Uint8Array() }
  }
}

/** The same store a second time: what a backup holds. */
export async function copyOf(store: Store): Promise<Store> {
  const copy = openMemoryStore()
  const all = await store.list({ from: '', to: '\u{10ffff}' })
  await copy.write(all.map(([key, value]) => ({ key, value })))
  return copy
}

/** Why a hub refused, in its own log, oldest first. */
export function refusals({ log }: Place): readonly unknown[] {
  return log.named('release.refused').map(({ facts }) => facts['reason'])
}

async function makeFolder(path: string): Promise<void> {
  const { name, code, rootKey } = organisation
  const { certificateBytes: certificate } = identityOf('bravo')
  const keys = {
    signing: seedOf('bravo signing'),
    organisation: organisationSecret,
    root: undefined,
  }
  await createDataFolder(
    path,
    { organisation: { name, code, suite: 1, rootKey }, certificate, issuer: undefined },
    { sealed: await sealNewFolder(keys, USUAL, random), config: undefined },
  )
}

function identityOf(name: string): ReturnType<typeof anIdentity> {
  return anIdentity(name, name.charCodeAt(0) - 96, name === 'bravo' ? 'kit' : 'hub')
}
