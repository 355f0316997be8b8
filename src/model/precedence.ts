/** The four levels of urgency (ACP 121) and their order. Each is a lane of its own through the whole node. */

/** Most urgent first. The index in this list is the lane's number on the wire and in subjects. */
export const LANES = ['flash', 'immediate', 'priority', 'routine'] as const

/** How urgent something is. */
export type Lane = (typeof LANES)[number]

/** Sorts the more urgent first. */
export function compareLanes(a: Lane, b: Lane): number {
  return LANES.indexOf(a) - LANES.indexOf(b)
}

/** The lane's number: 0 flash, 1 immediate, 2 priority, 3 routine. */
export function laneNumber(lane: Lane): number {
  return LANES.indexOf(lane)
}

/** The lane of a number, or undefined for any other number. */
export function laneFromNumber(number: number): Lane | undefined {
  return LANES[number]
}

/** `text` as a lane, or undefined. */
export function parseLane(text: unknown): Lane | undefined {
  return LANES.find((lane) => lane === text)
}
