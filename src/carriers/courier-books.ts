/**
 * What this node knows of sticks: which files of each it has written or taken. By them it knows a stick again, so a stick
 * needs no name of its own: it is the one all of whose known files are still there. A stick from which something is gone is
 * another one, and gets everything; two copies of one stick are one until they differ.
 */
import { bytesFromText, hexFromBytes, textFromBytes } from '#base/bytes.ts'
import { COURIER_STICKS_MAX } from '#base/limits.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { Random } from '#ports/random.ts'
import type { Store, Write } from '#ports/store.ts'

/** A stick, as this node calls it. */
export type StickId = string

/** How much of a file is taken. */
export interface Taken {
  /** Length of the file when we saw it last, in bytes. */
  readonly size: number
  /** All envelopes before this one, counted from 0, are settled. */
  readonly upTo: number
  /** So are these, which stand behind it. */
  readonly beyond: readonly number[]
  /** There is nothing more in it for this node. */
  readonly isDone: boolean
}

/** A stick that is known, or new, and what is known of its files by their ids. */
export interface StickBook {
  readonly stick: StickId
  readonly files: ReadonlyMap<string, Taken>
}

/** The books of one node. */
export interface Books {
  /** The stick on which these files lie; a new one when nothing of it is known. */
  readonly recognise: (sizes: ReadonlyMap<string, number>) => Promise<StickBook>
  /** Notes that a stick is in use, and names those that are now one too many, with what takes them out. */
  readonly use: (stick: StickId) => Promise<readonly Leaving[]>
  /** What notes how much of a file is taken. */
  readonly write: (stick: StickId, file: string, taken: Taken) => Write
}

/** A stick that makes room for another. */
export interface Leaving {
  readonly stick: StickId
  readonly writes: readonly Write[]
}

const STICK_BYTES = 8
const NOTHING: Taken = { size: 0, upTo: 0, beyond: [], isDone: false }

/** Opens the books, whose keys begin with `keyPrefix`. */
export function openBooks(
  { store, random }: { readonly store: Store; readonly random: Random },
  keyPrefix: string,
): Books {
  const stickKey = (stick: StickId): string => `${keyPrefix}stick/${stick}`
  const filePrefix = (stick: StickId): string => `${keyPrefix}file/${stick}/`
  const under = (prefix: string): ReturnType<Store['list']> =>
    store.list({ from: prefix, to: `${prefix.slice(0, -1)}0` })

  const sticks = async (): Promise<readonly { stick: StickId; turn: number }[]> =>
    (await under(`${keyPrefix}stick/`)).map(([place, value]) => ({
      stick: place.slice(place.lastIndexOf('/') + 1),
      turn: Number(textFromBytes(value)),
    }))
  const bookOf = async (stick: StickId): Promise<StickBook> => {
    const rows = await under(filePrefix(stick))
    const files = rows.map(
      ([place, value]) => [place.slice(place.lastIndexOf('/') + 1), takenFrom(value)] as const,
    )
    return { stick, files: new Map(files) }
  }

  return {
    recognise: async (sizes) => {
      const books = await Promise.all((await sticks()).map(({ stick }) => bookOf(stick)))
      const isThere = ([file, { size }]: readonly [string, Taken]): boolean =>
        (sizes.get(file) ?? -1) >= size
      const fitting = books.filter(({ files }) => [...files].every(isThere))
      // One that nothing was ever put on or taken from serves as a new one.
      const [best] = fitting.toSorted(
        (a, b) => b.files.size - a.files.size || (a.stick < b.stick ? -1 : 1),
      )
      return best ?? { stick: hexFromBytes(random.bytes(STICK_BYTES)), files: new Map() }
    },
    use: async (stick) => {
      const others = (await sticks()).filter((one) => one.stick !== stick)
      const turn = 1 + Math.max(0, ...others.map((one) => one.turn))
      await store.write([{ key: stickKey(stick), value: bytesFromText(String(turn)) }])
      const oldest = others.toSorted((a, b) => a.turn - b.turn)
      const leaving = oldest.slice(0, Math.max(0, others.length + 1 - COURIER_STICKS_MAX))
      return Promise.all(
        leaving.map(async (one) => {
          const places = (await under(filePrefix(one.stick))).map(([place]) => place)
          const writes = [...places, stickKey(one.stick)].map((key) => ({ key, value: undefined }))
          return { stick: one.stick, writes }
        }),
      )
    },
    write: (stick, file, taken) => ({
      key: filePrefix(stick) + file,
      value: bytesFromText(JSON.stringify(taken)),
    }),
  }
}

/** How the node calls the peer that a stick is. */
export function peerOf(stick: StickId): PeerId {
  return `post:${stick}`
}

/** `taken`, and this envelope too. */
export function withSettled(taken: Taken, index: number): Taken {
  const settled = new Set([...taken.beyond, index])
  let { upTo } = taken
  while (settled.delete(upTo)) upTo += 1
  return {
    ...taken,
    upTo,
    beyond: [...settled].filter((one) => one > upTo).toSorted((a, b) => a - b),
  }
}

/** Whether an envelope of a file is settled. */
export function isSettled({ upTo, beyond }: Taken, index: number): boolean {
  return index < upTo || beyond.includes(index)
}

/** What was written; nothing taken when it cannot be read, so all is read again. */
function takenFrom(bytes: Uint8Array): Taken {
  try {
    return { ...NOTHING, ...(JSON.parse(textFromBytes(bytes)) as Partial<Taken>) }
  } catch {
    return NOTHING
  }
}
