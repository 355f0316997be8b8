/**
 * Names of keys that tell nothing: each id in a name is replaced by what a keyed permutation makes of it, so a disk
 * shows neither which person, channel or document a value is about, nor that two disks speak of the same.
 *
 * An id is 16 bytes: exactly one block of AES-256, which is such a permutation, and can be undone, since the program
 * reads ids out of the names it lists. 12 bytes (actors, names of envelopes) are filled up to a block with zeros.
 * What stays as it is: the words of the list in `#sync/keys.ts`, numbers and lanes, and places in an order (a padded
 * number, a dot, the id that breaks a tie), because the order of names must stay what it is: times of messages show.
 */
import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto'
import { assert, must } from '#base/assert.ts'
import { bytesFromHex, hexFromBytes } from '#base/bytes.ts'
import { bytesFromId, idFromBytes, parseId, type ShortId } from '#base/ids.ts'
import { KEY_BYTES } from './seal.ts'

/** Turns names into opaque ones and back. */
export interface OpaqueNames {
  readonly hide: (name: string) => string
  readonly show: (opaque: string) => string
  /** A bound of a range: a whole name, the start of one, or one of these and one character more. */
  readonly hideBound: (bound: string) => string
}

const BLOCK_BYTES = 16
const SHORT_BYTES = 12
/** Parts whose other form is remembered; the oldest half is forgotten. */
const REMEMBERED_MAX = 8_192

/** 16 bytes: the spelling of ids, the last character holds 3 bits. */
const ID = /^[ybndrfg8ejkmcpqxot1uwisza345h769]{25}[yrecowah]$/
const SHORT = /^[0-9a-f]{24}$/
const HASH = /^[0-9a-f]{32}$/
/** First character of a hidden part says which form it had; none of them begins a part of its own. */
const MARK = { id: '~', short: '^', hash: '=' } as const
const HIDDEN = /^[~^=][ybndrfg8ejkmcpqxot1uwisza345h769]{26}$/
const PLACE = /^\d{15}\./

/** Names hidden under 32 bytes of key. */
export function openOpaqueNames(key: Uint8Array): OpaqueNames {
  assert(key.length === KEY_BYTES, 'a key at rest is 32 bytes')
  const secret = createSecretKey(key)
  // One block in, one block out: no state is carried from one to the next.
  const forth = createCipheriv('aes-256-ecb', secret, null).setAutoPadding(false)
  const back = createDecipheriv('aes-256-ecb', secret, null).setAutoPadding(false)
  const hidePart = remembering((part) => hidden(part, (block) => forth.update(block)))
  const showPart = remembering((part) => shown(part, (block) => back.update(block)))
  const hide = (name: string): string => eachPart(name, hidePart)
  return {
    hide,
    show: (opaque) => eachPart(opaque, showPart),
    hideBound: (bound) => {
      const last = bound.slice(bound.lastIndexOf('/') + 1)
      // One character after a part that is hidden, such as the 0 which ends all names that begin with it.
      const isLonger = last !== '' && eachPart(last, hidePart) === last
      return isLonger ? hide(bound.slice(0, -1)) + bound.slice(-1) : hide(bound)
    },
  }
}

function eachPart(name: string, turn: (part: string) => string): string {
  return name
    .split('/')
    .map((part) => (PLACE.test(part) ? part : part.split('.').map(turn).join('.')))
    .join('/')
}

type Turn = (block: Uint8Array) => Uint8Array

function hidden(part: string, forth: Turn): string {
  const mark = ID.test(part)
    ? MARK.id
    : SHORT.test(part)
      ? MARK.short
      : HASH.test(part)
        ? MARK.hash
        : undefined
  if (mark === undefined) return part
  const block = new Uint8Array(BLOCK_BYTES)
  block.set(mark === MARK.id ? bytesOfId(part) : bytesFromHex(part))
  return mark + idFromBytes<ShortId>(forth(block))
}

function shown(part: string, back: Turn): string {
  if (!HIDDEN.test(part)) return part
  const block = back(bytesOfId(part.slice(1)))
  if (part.startsWith(MARK.id)) return idFromBytes<ShortId>(block)
  return hexFromBytes(part.startsWith(MARK.short) ? block.subarray(0, SHORT_BYTES) : block)
}

/** The same ids come again and again: most parts are found here. */
function remembering(turn: (part: string) => string): (part: string) => string {
  const known = new Map<string, string>()
  return (part) => {
    if (part.length < SHORT_BYTES * 2) return part
    const found = known.get(part)
    if (found !== undefined) return found
    const made = turn(part)
    if (made === part) return part
    if (known.size >= REMEMBERED_MAX) forgetHalf(known)
    known.set(part, made)
    return made
  }
}

function forgetHalf(known: Map<string, string>): void {
  let left = REMEMBERED_MAX / 2
  for (const part of known.keys()) {
    known.delete(part)
    left -= 1
    if (left === 0) return
  }
}

function bytesOfId(part: string): Uint8Array {
  return bytesFromId(must(parseId(part), 'the part has the form of an id'))
}
