/** The items of an entry, whoever wrote it: read under limits, and never more than asked for. */
import { decode } from '@msgpack/msgpack'
import { idFromBytes, type ChannelId, type FileId, type PostId, type UserId } from '#base/ids.ts'
import { ENTRY_BYTES_MAX } from '#base/limits.ts'

/** The items of an entry as they stand there. */
export type Fields = readonly unknown[]

/**
 * The decoder makes room for as many items as a list claims to have before it reads them: without these bounds an
 * entry of 2 KB asks for gigabytes.
 */
const SHAPE_MAX = {
  maxArrayLength: 64,
  maxMapLength: 64,
  maxStrLength: ENTRY_BYTES_MAX,
  maxBinLength: ENTRY_BYTES_MAX,
  maxExtLength: 64,
}
/** The items in `value`; none when it is no list. Never throws. */
export function decodeFields(value: Uint8Array): Fields {
  try {
    const fields = decode(value, SHAPE_MAX)
    return Array.isArray(fields) ? fields : []
  } catch {
    return []
  }
}

/** The text in an item, if it is one and not too long. */
export function textField(field: unknown, charactersMax: number): string | undefined {
  return typeof field === 'string' && field.length <= charactersMax ? field : undefined
}

/** The id in an item, if it is one. */
export function idField<T extends UserId | ChannelId | PostId | FileId>(
  field: unknown,
): T | undefined {
  return field instanceof Uint8Array && field.length === 16 ? idFromBytes<T>(field) : undefined
}
