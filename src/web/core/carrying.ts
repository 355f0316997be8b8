/** Sticks and backups as the node tells of them. */
import { fields, list, number, text } from './wire.ts'

/** A stick in a folder of the node's machine. */
export interface Stick {
  readonly files: number
  readonly bytes: number
  /** Files that the node has not taken. */
  readonly fresh: number
  /** Changes that are not on it; undefined for a stick that would get everything. */
  readonly waiting: number | undefined
}

/** What came of an export or an import. */
export interface Carried {
  readonly files: number
  readonly bytes: number
  readonly envelopes: number
  readonly refused: number
}

/** What the node is doing with a stick now, and where sticks are. */
export interface Courier {
  readonly folders: readonly string[]
  readonly bytes: number | undefined
  readonly of: number | undefined
}

/** A file that waits to be carried away. */
export interface TrayFile {
  readonly name: string
  readonly bytes: number
}

/** Bytes that the node needs and has nowhere, or only damaged. */
export interface LostFile {
  /** Empty where it has none, or for a channel that the reader is not in. */
  readonly name: string
  readonly bytes: number | undefined
  readonly channelId: string
  readonly channelName: string
  /** Other nodes may have it. */
  readonly isShared: boolean
  /** It is here, and not what it was. */
  readonly isDamaged: boolean
}

/** Of what lies beside the store, what is lost or damaged. */
export function lostFrom(value: unknown): readonly LostFile[] {
  return list(value)
    .map(fields)
    .filter(({ place }) => place === 'nowhere' || place === 'damaged')
    .map(({ file, bytes, channel, isShared, place }) => ({
      name: text(file),
      bytes: typeof bytes === 'number' ? bytes : undefined,
      channelId: text(fields(channel).id),
      channelName: text(fields(channel).name),
      isShared: isShared === true,
      isDamaged: place === 'damaged',
    }))
}

/** The status of a stick. */
export function stickFrom(value: unknown): Stick {
  const { files, bytes, fresh, waiting } = fields(value)
  return {
    files: number(files),
    bytes: number(bytes),
    fresh: number(fresh),
    waiting: typeof waiting === 'number' ? waiting : undefined,
  }
}

/** The report of an export or import. */
export function carriedFrom(value: unknown): Carried {
  const { files, bytes, envelopes, refused } = fields(value)
  return {
    files: number(files),
    bytes: number(bytes),
    envelopes: number(envelopes),
    refused: list(refused).reduce<number>((sum, one) => sum + number(fields(one).count), 0),
  }
}

/** The sum of several reports. */
export function sumOf(all: readonly Carried[]): Carried {
  const none: Carried = { files: 0, bytes: 0, envelopes: 0, refused: 0 }
  return all.reduce(
    (sum, one) => ({
      files: sum.files + one.files,
      bytes: sum.bytes + one.bytes,
      envelopes: sum.envelopes + one.envelopes,
      refused: sum.refused + one.refused,
    }),
    none,
  )
}

/** What the node is doing with a stick. */
export function courierFrom(value: unknown): Courier {
  const { folders, progress } = fields(value)
  const { bytes, of } = fields(progress)
  return {
    folders: list(folders).map(text),
    bytes: typeof bytes === 'number' ? bytes : undefined,
    of: typeof of === 'number' ? of : undefined,
  }
}

/** The files on the tray. */
export function trayFrom(value: unknown): readonly TrayFile[] {
  return list(fields(value).list)
    .map(fields)
    .map((one) => ({ name: text(one.name), bytes: number(one.bytes) }))
}
