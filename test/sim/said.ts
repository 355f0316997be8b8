/**
 * What people were promised, kept apart from the nodes: every message somebody tried to write, what they were told,
 * and what therefore must be found everywhere in the end. What was under way when the power went may or may not be.
 */
import type { ChannelId, FileId, Instant, PostId, UserId } from '#base/ids.ts'
import type { Message } from '#app/types.ts'
import type { Lane } from '#model/precedence.ts'

/** `asked`: nobody was told anything yet. `saved`: shown as saved. `refused`: told that it was not. */
export type Fate = 'asked' | 'saved' | 'refused'

/** One message as its author knows it. */
export interface Said {
  /** Stands in the body as `<<number>>`, on whichever disk and in whichever parcel it lies. */
  readonly number: number
  /** Index of the node it was written on. */
  readonly home: number
  readonly author: UserId
  readonly channel: ChannelId
  readonly lane: Lane
  readonly root: PostId | undefined
  readonly pendingId: string
  readonly firstBody: string
  /** A file of the message. */
  readonly file?: FileId | undefined
  /** True time of the first try. */
  readonly at: Instant
  fate: Fate
  /** Attempts that nobody has answered; one that the power cut off stays for ever. */
  underWay: number
  id: PostId | undefined
  /** What it was called before its node wrote it again, or lost it. */
  readonly earlierIds: Set<PostId>
  /** What must be found: the last text shown as saved. */
  body: string
  /** What may be found instead: texts whose edit nobody has answered. */
  readonly maybe: Set<string>
  deletion: 'none' | Fate
  /** `asked`: it may be gone. `ordered`: it must be. */
  purge: 'none' | 'asked' | 'ordered'
  /** By `person emoji`. */
  readonly reactions: Map<string, 'set' | 'unset' | 'unsure'>
  /** What was said of the items of its checklist, by their words; `unsure` also where people may have said different things. */
  readonly ticks: Map<string, ItemWord>
  /** Somebody is changing it; a second change waits. */
  isBusy: boolean
  /** Its node was put back to a time before it: a client that sends it again is not known to have sent it. */
  isForgotten: boolean
  /** A disk was put back and took with it what nobody else had of its changes, or its id: only its number is certain. */
  isUnsure: boolean
}

/** The word on an item, and who had one. */
export interface ItemWord {
  readonly state: 'set' | 'unset' | 'unsure'
  readonly people: ReadonlySet<UserId>
}

/** All messages of a run. */
export interface Book {
  readonly all: () => readonly Said[]
  readonly write: (
    facts: Pick<
      Said,
      'home' | 'author' | 'channel' | 'lane' | 'root' | 'pendingId' | 'at' | 'file'
    > & {
      readonly text: string
    },
  ) => Said
  readonly byId: (id: PostId) => Said | undefined
  /** Which one a node shows. */
  readonly shownAs: (message: Pick<Message, 'id' | 'body'>) => Said | undefined
  /** Notes what a node answered; gives what is wrong with the answer, if anything. */
  readonly saved: (said: Said, id: PostId) => string | undefined
}

/** An empty book. */
export function openBook(): Book {
  const all: Said[] = []
  const byId = new Map<PostId, Said>()
  return {
    all: () => all,
    byId: (id) => byId.get(id),
    write: ({ text, ...facts }) => {
      const number = all.length
      const firstBody = `${text} ${markerOf(number)}`
      const said: Said = {
        ...facts,
        number,
        firstBody,
        fate: 'asked',
        underWay: 0,
        id: undefined,
        earlierIds: new Set(),
        body: firstBody,
        maybe: new Set(),
        deletion: 'none',
        purge: 'none',
        reactions: new Map(),
        ticks: new Map(),
        isBusy: false,
        isForgotten: false,
        isUnsure: false,
      }
      all.push(said)
      return said
    },
    shownAs: ({ id, body }) => {
      const [number] = numbersIn(Buffer.from(body))
      return number === undefined ? byId.get(id) : all[number]
    },
    saved: (said, id) => {
      const taken = byId.get(id)
      if (said.isUnsure) {
        said.fate = 'saved'
        // Of two with one id the one that others have keeps it.
        const isTaken = taken !== undefined && taken !== said && taken.fate === 'saved'
        said.id = isTaken ? undefined : id
        if (isTaken) taken.isUnsure = true
        else {
          if (taken !== undefined && taken !== said) taken.id = undefined
          byId.set(id, said)
        }
        return undefined
      }
      if (said.id !== undefined && said.id !== id)
        return `message ${said.number} is ${said.id} and ${id}`
      const other = byId.get(id)
      if (other !== undefined && other !== said)
        return `messages ${other.number} and ${said.number} are both ${id}`
      said.fate = 'saved'
      said.id = id
      byId.set(id, said)
      return undefined
    },
  }
}

/** What stands in the body of a message and nowhere else. */
export function markerOf(number: number): string {
  return `<<${number}>>`
}

/** The numbers of all messages whose bodies lie in `bytes`. */
export function numbersIn(bytes: Uint8Array): readonly number[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const found: number[] = []
  for (let at = buffer.indexOf('<<'); at >= 0; at = buffer.indexOf('<<', at + 2)) {
    const number = /^<<(\d+)>>/.exec(buffer.toString('latin1', at, at + 12))?.[1]
    if (number !== undefined) found.push(Number(number))
  }
  return found
}
