/** Whether everybody has everything: what was promised, against what each node shows. Pure. */

/** A message as a node shows it. */
export interface Seen {
  readonly id: string
  readonly author: string
  readonly text: string
  readonly root: string
}

/** What one node shows: the messages of each channel, by its id, in order. */
export interface View {
  readonly node: string
  readonly channels: ReadonlyMap<string, readonly Seen[]>
}

/** What a kit promised to keep. */
export interface Promised extends Seen {
  readonly channel: string
}

/** What is wrong; all zero when nothing is. */
export interface Verdict {
  /** Promised messages that some node does not show, or shows otherwise than they were written. */
  readonly lost: number
  /** Messages that some node shows more than once, or that nobody was promised. */
  readonly doubled: number
  /** Messages that stand elsewhere on a kit than at the hub. */
  readonly orderDiffers: number
  /** Messages of which nothing was promised any more, and that no node shows. */
  readonly vanished: number
  /** The first of each kind, in words, without their text. */
  readonly examples: readonly string[]
}

const EXAMPLES_MAX = 12

/**
 * Compares every view with what was promised, and with the first view. Messages that are `gone` may be on no node; what
 * one node shows, all have to show.
 */
export function compare(
  promised: ReadonlyMap<string, Promised>,
  views: readonly View[],
  gone: ReadonlySet<string> = new Set(),
): Verdict {
  const vanished = unseen(gone, views)
  const lost = new Set<string>()
  const doubled = new Set<string>()
  const moved = new Set<string>()
  const examples: string[] = []
  const note = (found: Set<string>, id: string, line: string): void => {
    if (examples.length < EXAMPLES_MAX && !found.has(id)) examples.push(line)
    found.add(id)
  }
  for (const { node, channels } of views) {
    const shown = new Map<string, number>()
    for (const [channel, messages] of channels) {
      for (const seen of messages) {
        const count = (shown.get(seen.id) ?? 0) + 1
        shown.set(seen.id, count)
        const wanted = promised.get(seen.id)
        const excess = excessOf(wanted, count)
        if (excess !== undefined) note(doubled, seen.id, `${node} shows ${seen.id}${excess}`)
        else if (wanted !== undefined && !isSame(wanted, seen, channel))
          note(lost, seen.id, `${node} shows ${seen.id} otherwise than it was written`)
      }
    }
    for (const id of promised.keys())
      if (!shown.has(id) && !vanished.has(id)) note(lost, id, `${node} does not show ${id}`)
  }
  for (const { id, line } of displacedIn(views)) note(moved, id, line)
  const counts = { lost: lost.size, doubled: doubled.size, orderDiffers: moved.size }
  return { ...counts, vanished: vanished.size, examples }
}

/** What is too much about a message that is shown for the `count`th time. */
function excessOf(wanted: Promised | undefined, count: number): string | undefined {
  if (wanted === undefined) return ', which no client was promised'
  return count > 1 ? ` ${count} times` : undefined
}

/** Those of these messages that no node shows. */
function unseen(ids: ReadonlySet<string>, views: readonly View[]): ReadonlySet<string> {
  const left = new Set(ids)
  for (const { channels } of views)
    for (const messages of channels.values()) for (const { id } of messages) left.delete(id)
  return left
}

function isSame(wanted: Promised, seen: Seen, channel: string): boolean {
  return (
    wanted.channel === channel &&
    wanted.author === seen.author &&
    wanted.text === seen.text &&
    wanted.root === seen.root
  )
}

/** Messages that stand elsewhere than in the first view. */
function displacedIn([first, ...others]: readonly View[]): readonly Line[] {
  if (first === undefined) return []
  return others.flatMap(({ node, channels }) =>
    displaced(first.channels, channels).map((id) => ({
      id,
      line: `${node} shows ${id} in another place than ${first.node}`,
    })),
  )
}

interface Line {
  readonly id: string
  readonly line: string
}

/** Messages both have, but not in the same place among those both have. */
function displaced(first: View['channels'], second: View['channels']): readonly string[] {
  return [...first].flatMap(([channel, messages]) => {
    const theirs = second.get(channel) ?? []
    const [ours, others] = [new Set(messages.map(idOf)), new Set(theirs.map(idOf))]
    const left = messages.map(idOf).filter((id) => others.has(id))
    const right = theirs.map(idOf).filter((id) => ours.has(id))
    return left.filter((id, at) => right[at] !== id)
  })
}

function idOf({ id }: Seen): string {
  return id
}
