/**
 * A simulated organisation: real nodes on simulated ports, everything following from one seed. It is founded as a real
 * one is: headquarters first, then each kit joins with a code.
 */
import { openMemoryBlobs } from '#storage/memory-blobs.ts'
import { must } from '#base/assert.ts'
import type { NodeId } from '#base/ids.ts'
import type { NodeEvent } from '#app/node.ts'
import type { Message } from '#app/types.ts'
import { organisationIdOf, type Identity, type Organisation } from '#trust/identity.ts'
import { signingPair, SUITE_NACL, type KeyPair } from '#trust/keys.ts'
import { openBudgets, type Budgets } from './budgets.ts'
import { openBugs } from './bugs.ts'
import { openChance, type Chance } from './chance.ts'
import { openCircles } from './circles.ts'
import { AS_TOLD, openSticks, planSticks, type Sticks } from './couriers.ts'
import { drawClockFault, TRUE_CLOCK } from './clock.ts'
import { openDeliveryChecker, type DeliveryChecker } from './delivery-checker.ts'
import { openDisk } from './disk.ts'
import { openEvidence, type Evidence } from './evidence.ts'
import { openFaults, type Faults } from './faults.ts'
import { openFileBook } from './files.ts'
import { openFleet, type Fleet, type Member } from './fleet.ts'
import { doubtForked, takeImage } from './image.ts'
import { openLan } from './lan.ts'
import { rosterLies } from './lies.ts'
import { markWrites } from './marks.ts'
import type { NetworkWorld } from './network.ts'
import type { SimOptions } from './options.ts'
import { judged } from './people.ts'
import type { Stage } from './scene.ts'
import { openSecrecy, type Secrecy } from './secrecy.ts'
import type { Question, Society } from './society.ts'
import { openPurgeChecker, type PurgeChecker } from './purge-checker.ts'
import type { LinkRoom } from '#ports/carrier.ts'
import { openPost, type Post } from './post-carrier.ts'
import { openBook, type Book, type Said } from './said.ts'
import { openSilence, type Silence } from './silence.ts'
import { openTimeline, type Timeline } from './timeline.ts'
import { drawTopology, POST_ONLY, TWO_STICKS, withFar } from './topology.ts'
import { openMarks, openTrace, type Marks, type Trace } from './trace.ts'
import { openVerdict, type Verdict } from './verdict.ts'
import { isForkedAway, openWatch } from './watch.ts'

/** All of it. */
export interface World extends Stage, Society {
  readonly timeline: Timeline
  readonly trace: Trace
  readonly marks: Marks
  readonly verdict: Verdict
  readonly evidence: Evidence
  readonly book: Book
  readonly chance: Chance
  readonly options: SimOptions
  readonly organisation: Organisation
  readonly root: KeyPair
  readonly secret: Uint8Array
  readonly members: Member[]
  readonly fleet: Fleet
  readonly faults: Faults
  readonly sticks: Sticks
  readonly deliveries: DeliveryChecker
  readonly secrecy: Secrecy
  readonly silence: Silence
  readonly purges: PurgeChecker
  /** True time at which the run began. */
  readonly startedAt: number
  /** True time of the newest parcel on any carrier. */
  readonly lastTrafficAt: () => number
  readonly budgets: Budgets
}

/** True time at which every run begins: 2026-11-02 06:00 UTC. */
export const START_AT = Date.UTC(2026, 10, 2, 6)

/** Most files are several pieces there. */
const THIN_ROOM: LinkRoom = { parcelBytes: 2_000, underWayBytes: 6_000 }

/** An organisation with no node yet. */
export function openWorld(
  seed: number,
  options: SimOptions,
  print: ((line: string) => void) | undefined,
): World {
  const chance = openChance(`seed ${seed}`)
  const timeline = openTimeline(START_AT)
  const trace = openTrace(timeline, print)
  const marks = openMarks()
  const verdict = openVerdict(timeline)
  // The other suite's signatures are drawn anew each time (ECDSA), so no run with it could be replayed.
  const suite = SUITE_NACL
  const root = signingPair(suite, chance.fork('root').bytes(32))
  const secret = chance.fork('secret').bytes(32)
  const organisation = {
    id: organisationIdOf(suite, root.publicBytes),
    name: 'relief',
    suite,
    rootKey: root.publicBytes,
    code: 'rel',
  }
  const members: Member[] = []
  const book = openBook()
  const files = openFileBook()
  const evidence = openEvidence(organisation, secret)
  const circles = openCircles(() => members[0]?.id)
  const { now } = timeline
  const secrecy = openSecrecy({ organisation, secret, circles, verdict, now })
  const deliveries = openDeliveryChecker({ members, evidence, verdict, marks })
  const isForked = (number: number): boolean => isForkedAway({ book, members }, number)
  const silence = openSilence({ members, verdict, marks, evidence, isForked })
  const purges = openPurgeChecker({ verdict, marks, options })
  const faults = openFaults(chance.fork('faults'), options)
  const drawn = drawTopology(chance.fork('topology'), options.nodes)
  const hasSticks = !options.without.includes('sticks')
  const isTold = options.story !== undefined
  const drawnPlan = planSticks(chance.fork('sticks'), hasSticks ? options.nodes : 0)
  const plan = isTold ? AS_TOLD : drawnPlan
  const { far, isFarForGood: isForGood } = plan
  const told = options.story === 'shelf' ? POST_ONLY : TWO_STICKS
  const near = isTold ? told : drawn
  const topology = far === undefined ? near : withFar(near, { far, isForGood })
  trace.note('world', 'founded', { seed, topology: topology.name, nodes: options.nodes })
  const asked = new Set<Question>()
  const society = { book, files, evidence, circles, timeline, verdict, trace, marks, asked }
  const postRoom = options.story === 'shelf' ? THIN_ROOM : undefined
  const network = openNetwork({
    timeline,
    trace,
    marks,
    chance,
    faults,
    members,
    evidence,
    postRoom,
  })
  const { lan, lastTrafficAt, onTraffic } = network
  const carried = { society, onTraffic, far: plan.far }
  const sticks = openSticks(chance.fork('sticks'), plan, carried)
  const copies = options.planted.includes('renumbered-duplicates') ? 2 : 1
  const budgets = openBudgets(chance.fork('budgets'), options.also.includes('budgets'), {
    verdict,
    marks,
  })
  const watch = openWatch({ members, book, evidence, secrecy, verdict, marks, now, copies })
  const imageGround = { members, book, evidence, secrecy, silence, deliveries, watch }
  const post: Post = { ...network.post, ...noticed(network.post, watch.onPostStarted) }

  const fleet = openFleet({
    timeline,
    trace,
    marks,
    verdict,
    organisationSecret: secret,
    rosterFor: (member, roster) =>
      rosterLies(roster, {
        planted: options.planted,
        now: timeline.now,
        isCaptured: () => member.capturedAt !== undefined,
      }),
    mayAnybodyHaveForked: () => members.some(({ mayHaveForked }) => mayHaveForked),
    onForked: (node) => doubtForked(imageGround, node),
    isSomebodyCaptured: () => members.some(({ capturedAt }) => capturedAt !== undefined),
    openCarriers: (member, boot, store) => {
      const { life, roster } = boot
      const hasCable = topology.cables.some((ends) => ends.includes(member.index))
      const carriers = [
        ...(hasCable ? [lan.open({ identity: member.identity, roster }, life)] : []),
        ...(topology.post.includes(member.index) ? [post.open(member.id, life, store)] : []),
      ]
      const byHand = sticks.open(member, boot, store)
      const all = [...carriers, ...(byHand === undefined ? [] : [byHand.carrier])]
      return {
        carriers: all.map((carrier) => {
          const billed = budgets.carrier(member, carrier)
          return member.bugs.carrier(watch.carrier(member, boot, billed))
        }),
        ...(byHand && { courier: byHand.courier }),
      }
    },
    onLost: (member) => {
      lan.lost(member.id)
      post.lost(member.id)
      sticks.lost(member)
      for (const said of book.all()) if (said.home === member.index) said.isBusy = false
    },
    onEvent: (member, event) => watchEvent({ ...society, deliveries }, member, event),
  })
  return {
    ...society,
    chance,
    options,
    organisation,
    root,
    secret,
    members,
    topology,
    fleet,
    lan,
    post,
    faults,
    sticks,
    budgets,
    deliveries,
    secrecy,
    silence,
    purges,
    startedAt: START_AT,
    takeImage: (member) => takeImage(imageGround, member),
    lastTrafficAt,
  }
}

/** A post office of which somebody hears when it was started again or made anew. */
function noticed(post: Post, onStarted: () => void): Pick<Post, 'failPower' | 'wipe'> {
  return {
    failPower: (downMs, unsyncedMs) => {
      onStarted()
      post.failPower(downMs, unsyncedMs)
    },
    wipe: () => {
      onStarted()
      post.wipe()
    },
  }
}

/** Adds a node that has its identity; it is off. */
export function addMember(world: World, facts: NewMember): Member {
  const { timeline, chance, marks, options, members, evidence, secrecy, silence, faults } = world
  const index = members.length
  const own = chance.fork(`member ${index}`)
  const drawn = drawClockFault(own.fork('clock'), timeline.now())
  const heldBlobs = new Map<string, Uint8Array>()
  const member: Member = {
    ...facts,
    index,
    id: facts.identity.certificate.node,
    life: own.fork('life').bytes(4),
    clock: options.without.includes('clocks') ? TRUE_CLOCK : drawn,
    chance: own.fork('random'),
    bugs: openBugs(options.planted, timeline),
    people: [],
    boot: undefined,
    isDamaged: false,
    isDoubtful: false,
    mayHaveForked: false,
    capturedAt: undefined,
    isShutOut: false,
    blobs: openMemoryBlobs(heldBlobs),
    heldBlobs,
    disk: openDisk({
      timeline,
      chance: own.fork('disk'),
      faults: faults.disk(index),
      marks,
      cutPower: () => {
        world.fleet.cutPower(member)
        faults.bringBack(world, member)
      },
      onSynced: (writes) => {
        evidence.onSynced(index, writes)
        secrecy.onSynced(member.id, writes)
        silence.onSynced(member, writes)
        world.purges.onSynced(member, writes)
        markWrites(marks, writes)
      },
    }),
  }
  members.push(member)
  evidence.onMember(facts.identity.certificateBytes)
  secrecy.onMember(member.id, facts.identity.certificateBytes)
  return member
}

/** What is known of a node before it stands in the world. */
export interface NewMember {
  readonly name: string
  readonly identity: Identity
  readonly root: KeyPair | undefined
  readonly acquaintances: readonly Uint8Array[]
}

interface Surroundings {
  readonly timeline: Timeline
  readonly trace: Trace
  readonly marks: Marks
  readonly chance: Chance
  readonly faults: Faults
  readonly members: readonly Member[]
  readonly evidence: Evidence
  /** What lines to the post office are said to be good for; anything unless given. */
  readonly postRoom: LinkRoom | undefined
}

interface Network extends Pick<World, 'lan' | 'post' | 'lastTrafficAt'> {
  readonly onTraffic: () => void
}

function openNetwork(around: Surroundings): Network {
  const { timeline, trace, marks, chance, faults, members, evidence } = around
  const memberOf = (node: NodeId): Member =>
    must(
      members.find((member) => member.id === node),
      'only members send',
    )
  let lastTrafficAt = timeline.now()
  const onTraffic = (): void => void (lastTrafficAt = timeline.now())
  const network = (name: string): NetworkWorld => ({
    timeline,
    trace,
    marks,
    chance: chance.fork(name),
    faults: faults.network,
    nameOf: (node) => memberOf(node).name,
    onTraffic,
    onAnswered: (from, answer) => evidence.onAnswered(memberOf(from).index, answer.bytes),
  })
  return {
    lan: openLan(network('lan')),
    post: openPost(network('post'), around.postRoom),
    lastTrafficAt: () => lastTrafficAt,
    onTraffic,
  }
}

/** What is taken out of a list that forked may come back, and is told again then, as is what had been deleted before. */
function forgetWithdrawn({ boot }: Member, { id, deletedAt }: Message): void {
  if (deletedAt === 0 || boot?.toldDeleted.has(id) === true) boot?.told.delete(id)
  else boot?.toldDeleted.add(id)
}

/** What an event says must be on the disk already, and no message is new twice in one life. */
function watchEvent(
  world: Society & { readonly deliveries: DeliveryChecker },
  member: Member,
  event: NodeEvent,
): void {
  const { book, evidence, verdict, trace } = world
  trace.note(member.name, `event ${event.kind}`)
  if (member.capturedAt !== undefined) return
  if (event.kind === 'delivery-changed') {
    for (const id of event.messages) {
      const said = book.byId(id)
      if (said !== undefined) checkWord(world, member, said)
    }
  }
  if (event.kind === 'deleted') forgetWithdrawn(member, event.message)
  if (event.kind !== 'posted') return
  const where = member.name
  const { id, body } = event.message
  const told = member.boot?.told
  if (told?.has(id) === true) {
    const broken = 'promise 3: once only' as const
    verdict.fail({
      broken,
      where,
      wanted: 'one event for a new message',
      found: `a second for ${id}`,
    })
  }
  told?.add(id)
  const number = Number(/<<(\d+)>>/.exec(body)?.[1] ?? -1)
  if (number < 0 || evidence.isOnDisk(member.index, number)) return
  const broken = 'promise 1: no lost promise' as const
  verdict.fail({
    broken,
    where,
    wanted: 'events after the disk',
    found: `message ${number} before`,
  })
}

/** Asks `member` how a message stands, and judges the answer. */
export function checkWord(
  world: Society & { readonly deliveries: DeliveryChecker },
  member: Member,
  said: Said,
): void {
  const { boot } = member
  if (boot === undefined || member.capturedAt !== undefined) return
  const what = 'asks how a message stands'
  void judged(world, { member, boot, what }, world.deliveries.check(member, said))
}
