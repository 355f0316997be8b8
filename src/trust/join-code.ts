/**
 * Join codes: 80 random bits that a person reads aloud, types or scans to let one new node into the organisation.
 * Written as 16 characters of z-base-32 in four groups, since that alphabet was made for being read aloud and has
 * room for the usual mistakes: 0, l, 2 and v are not in it and are taken for o, 1, z and u.
 */
import { assert } from '#base/assert.ts'
import { bytesFromText, concatBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { bytesFromId, idFromBytes, isId, type NodeId } from '#base/ids.ts'

/** Random bytes of a join code. */
export const JOIN_CODE_BYTES = 10

/** Wrong tries with a code before it is taken back: people mistype, nobody guesses 79 bits. */
export const JOIN_CODE_TRIES_MAX = 16

/** What the QR code of a new node's screen or paper says. */
export interface JoinInvitation {
  /** `host:port` of a node that answers; IPv6 addresses stand in square brackets. */
  readonly at: string
  /** 10 bytes. */
  readonly code: Uint8Array
}

const LAST = JOIN_CODE_BYTES - 1
const CHARACTERS = 16
/** Characters of an id (26) that a code of 16 does not fill; their bits are all zero. */
const PADDING = 'y'.repeat(10)
const LOOK_ALIKES: Readonly<Record<string, string>> = { 0: 'o', l: '1', 2: 'z', v: 'u' }
const CONTEXT = bytesFromText('holdfast join code 1\0')
/** Name, IPv4 address or bracketed IPv6 address, then a port. */
const PLACE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\]):(\d{1,5})$/
const PORT_MAX = 65_535

/**
 * A fresh code of 10 random bytes. Its last bit says whether digits are to be compared (`join-compare.ts`): both ends have
 * it from the code, so nobody between them can leave the comparing out.
 */
export function newJoinCode(random: Uint8Array, isToBeCompared: boolean): Uint8Array {
  assert(random.length === JOIN_CODE_BYTES, 'a join code is 10 bytes')
  const code = Uint8Array.from(random)
  code[LAST] = ((code[LAST] ?? 0) & 0xfe) | (isToBeCompared ? 1 : 0)
  return code
}

/** Whether both ends show digits that people compare. */
export function isCompared(code: Uint8Array): boolean {
  return ((code[LAST] ?? 0) & 1) === 1
}

/** The code as people see it, for example `ybnd-rfg8-ejkm-cpqx`. */
export function formatJoinCode(code: Uint8Array): string {
  assert(code.length === JOIN_CODE_BYTES, 'a join code is 10 bytes')
  const text = idFromBytes<NodeId>(concatBytes(code, new Uint8Array(6))).slice(0, CHARACTERS)
  return text.replace(/.{4}(?=.)/g, '$&-')
}

/** The 10 bytes of what a person typed, or undefined. Case, spaces, dashes, dots and look-alikes do not matter. */
export function parseJoinCode(text: string): Uint8Array | undefined {
  const typed = text
    .toLowerCase()
    .replace(/[\s\p{Dash_Punctuation}._]/gu, '')
    .replace(/[0l2v]/g, (character) => LOOK_ALIKES[character] ?? character)
  const padded = typed + PADDING
  if (typed.length !== CHARACTERS || !isId(padded)) return undefined
  return bytesFromId(padded as NodeId).slice(0, JOIN_CODE_BYTES)
}

/**
 * 32 bytes that stand for the code. Enough to answer whoever has the code, so it is kept as safe as the code
 * itself; its first 4 bytes travel in the clear and say which code is meant.
 */
export function joinCodeHash(code: Uint8Array): Uint8Array {
  assert(code.length === JOIN_CODE_BYTES, 'a join code is 10 bytes')
  return sha256(CONTEXT, code)
}

/** The text of the QR code: `holdfast://join?at=<host:port>&code=<code>`. `at` must have the form `host:port`. */
export function joinUrl(invitation: JoinInvitation): string {
  assert(isPlace(invitation.at), 'an invitation names host:port')
  return `holdfast://join?at=${invitation.at}&code=${formatJoinCode(invitation.code)}`
}

/** What a scanned or pasted text invites to, or undefined when it is no such invitation. */
export function parseJoinUrl(text: string): JoinInvitation | undefined {
  if (!URL.canParse(text.trim())) return undefined
  const url = new URL(text.trim())
  if (url.protocol !== 'holdfast:' || url.hostname !== 'join') return undefined
  const at = url.searchParams.get('at') ?? ''
  const code = parseJoinCode(url.searchParams.get('code') ?? '')
  return code === undefined || !isPlace(at) ? undefined : { at, code }
}

function isPlace(text: string): boolean {
  const port = Number(PLACE.exec(text)?.[1])
  return port >= 1 && port <= PORT_MAX
}
