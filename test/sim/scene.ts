/** Where faults happen, and for how long. */
import type { Fleet, Member } from './fleet.ts'
import type { Lan } from './lan.ts'
import type { Post } from './post-carrier.ts'
import type { PutBack } from './image.ts'
import type { Life, Timeline } from './timeline.ts'
import { isByHand, type Topology } from './topology.ts'
import type { Marks, Trace } from './trace.ts'

/** What faults befall. */
export interface Stage {
  readonly timeline: Timeline
  readonly trace: Trace
  readonly marks: Marks
  readonly members: readonly Member[]
  readonly topology: Topology
  readonly fleet: Fleet
  readonly lan: Lan
  readonly post: Post
  /** An image of a disk, which can be put back while the node is off. */
  readonly takeImage: (member: Member) => PutBack
}

/** A stage as long as faults last. */
export interface Scene {
  readonly stage: Stage
  readonly phase: Life
  /** How much sooner everything happens than in a run of usual length: a short one is to have as much of it. */
  readonly haste: number
}

/** Does `act` again and again, each time after a wait that is drawn anew. */
export function often(scene: Scene, wait: () => number, act: () => void): void {
  scene.stage.timeline.after(
    Math.round(wait() / scene.haste),
    () => {
      act()
      often(scene, wait, act)
    },
    scene.phase,
  )
}

/** The ends of each cable. */
export function pairs({ topology, members }: Stage): readonly (readonly [Member, Member])[] {
  return topology.cables.flatMap(([a, b]) => {
    if (isByHand(topology, a) || isByHand(topology, b)) return [] // people go that way
    const [first, second] = [members[a], members[b]]
    return first === undefined || second === undefined ? [] : [[first, second] as const]
  })
}

/** Who goes to the post office. */
export function postMembers({ topology, members }: Stage): readonly Member[] {
  return members.filter((member) => topology.post.includes(member.index))
}
