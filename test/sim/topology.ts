/** Who can reach whom, when nothing is cut: cables between nodes, and which nodes reach the post office. */
import type { Chance } from './chance.ts'

/** Nodes by index; 0 is headquarters. All of them are connected, though not directly. */
export interface Topology {
  readonly name: string
  readonly cables: readonly (readonly [number, number])[]
  readonly post: readonly number[]
  /** A kit that nothing but sticks reaches while there are faults. */
  readonly far?: number | undefined
  /** Kits that nothing but sticks reaches ever: somebody goes to and fro between them and headquarters. */
  readonly byHand?: readonly number[]
}

/** The nodes that `from` reaches over nodes of `inside` alone, itself included. */
export function reachOf(
  { cables, post }: Topology,
  from: number,
  inside: ReadonlySet<number>,
): ReadonlySet<number> {
  const reached = new Set([from])
  const meets = (a: number, b: number): boolean =>
    (post.includes(a) && post.includes(b)) ||
    cables.some((ends) => ends.includes(a) && ends.includes(b))
  for (const a of reached)
    for (const b of inside) if (!reached.has(b) && meets(a, b)) reached.add(b)
  return reached
}

/** Headquarters, a kit with a radio to it, and two that have nothing but sticks. */
export const TWO_STICKS: Topology = {
  name: 'two sticks',
  cables: [
    [0, 1],
    [0, 2],
    [0, 3],
  ],
  post: [],
  byHand: [2, 3],
}

/** Headquarters and three kits that meet at the post office and nowhere else. */
export const POST_ONLY: Topology = { name: 'post only', cables: [], post: [0, 1, 2, 3] }

/** Whether nothing but sticks reaches a node ever. */
export function isByHand({ byHand = [] }: Topology, index: number): boolean {
  return byHand.includes(index)
}

/** The same fleet with one kit that only sticks reach. They are a way, too: people take them to headquarters and back. */
export function withFar(
  drawn: Topology,
  { far, isForGood }: { readonly far: number; readonly isForGood: boolean },
): Topology {
  const others = drawn.cables.filter((ends) => !ends.includes(far))
  const post = drawn.post.filter((index) => index !== far)
  const count = new Set([0, ...drawn.cables.flat(), ...drawn.post]).size
  const near = new Set(Array.from({ length: count }, (_, index) => index))
  near.delete(far)
  const isWhole = reachOf({ ...drawn, cables: others, post }, 0, near).size === near.size
  if (!isForGood || !isWhole) return { ...drawn, far }
  return { ...drawn, cables: [...others, [0, far]], post, far, byHand: [far] }
}

/** Draws the shape of a fleet of `count` nodes. */
export function drawTopology(chance: Chance, count: number): Topology {
  const all = Array.from({ length: count }, (_, index) => index)
  const kits = all.slice(1)
  const star = kits.map((kit) => [0, kit] as const)
  const chain = kits.map((kit) => [kit - 1, kit] as const)
  const name = chance.pick(['star', 'chain', 'mesh', 'post', 'post and star', 'post and chain'])
  switch (name) {
    case 'star':
      return { name, cables: star, post: [] }
    case 'chain':
      return { name, cables: chain, post: [] }
    case 'mesh':
      return {
        name,
        cables: kits.flatMap((b) => all.slice(0, b).map((a) => [a, b] as const)),
        post: [],
      }
    case 'post and star':
      return { name, cables: star, post: all }
    case 'post and chain':
      // Headquarters and the first kit meet at the post office; the others are behind that kit.
      return { name, cables: chain.slice(1), post: all.slice(0, 2) }
    default:
      return { name, cables: [], post: all }
  }
}
