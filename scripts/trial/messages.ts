/**
 * What is posted: messages from a file, in its order, given to authors, kits, channels and lanes.
 *
 * The file is JSON Lines with `text` and, if wanted, `author`, `channel`, `ts`, `replyTo` and `id`; anything else is
 * passed over. The order of the file is the order of posting, so `ts` is only checked for being a text or a number.
 */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { bytesFromText } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import { sha256 } from '#base/hash.ts'
import type { Lane } from '#model/precedence.ts'

/** One line of an input file. */
export interface InputMessage {
  readonly id: string
  readonly text: string
  readonly author: string | undefined
  readonly channel: string | undefined
  readonly replyTo: string | undefined
}

/** A message as it is to be posted. */
export interface PlannedMessage {
  /** Place in the plan. */
  readonly number: number
  readonly text: string
  /** Places in the lists of the plan. */
  readonly author: number
  readonly channel: number
  readonly lane: Lane
  /** Number of the earlier message that it answers. */
  readonly replyTo: number | undefined
}

/** Everything that is to be posted, by whom, and where. */
export interface Plan {
  readonly authors: readonly string[]
  readonly channels: readonly string[]
  readonly messages: readonly PlannedMessage[]
}

/** People who get an account; more authors than that share them. */
const AUTHORS_MAX = 20
const CHANNELS_MAX = 8
/** Authors and channels of a file that names none. */
const USUAL_AUTHORS = ['amira', 'bo', 'chen', 'diego', 'esi', 'farid', 'grace', 'hana']
const USUAL_CHANNELS = ['operations', 'logistics', 'medical']
/** Names that every organisation has already. */
const RESERVED = /^(?:admin(?:-.*)?|town-square)$/
/** Out of a hundred messages, how many go by each lane; the rest is routine. */
const SHARES: readonly (readonly [Lane, number])[] = [
  ['flash', 5],
  ['immediate', 7],
  ['priority', 10],
]

const scalar = z.union([z.string(), z.number()]).transform(String)
const Line = z.object({
  text: z.string(),
  id: scalar.optional(),
  author: scalar.optional(),
  channel: scalar.optional(),
  ts: scalar.optional(),
  replyTo: scalar.nullish(),
})

/** Reads at most `count` messages. @throws EdgeError INPUT_INVALID with file and line */
export async function readMessages(file: string, count: number): Promise<readonly InputMessage[]> {
  const content = await readFile(file, 'utf8').catch((cause: unknown) => {
    const found = cause instanceof Error ? cause.message : String(cause)
    throw new EdgeError('INPUT_INVALID', { file, found, wanted: 'a file' }, { cause })
  })
  const found: InputMessage[] = []
  for (const [index, line] of content.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue
    const number = index + 1
    const { id = `line ${number}`, text, author, channel, replyTo } = parse(line, file, number)
    found.push({ id, text, author, channel, replyTo: replyTo ?? undefined })
    if (found.length >= count) break
  }
  return found
}

function parse(line: string, file: string, number: number): z.output<typeof Line> {
  try {
    return Line.parse(JSON.parse(line))
  } catch (cause) {
    const wanted = 'a JSON object with a text'
    const facts = { file, line: number, found: line.slice(0, 60), wanted }
    throw new EdgeError('INPUT_INVALID', facts, { cause })
  }
}

/** Gives each of `count` messages an author, a channel and a lane; a short input is posted again from its start. */
export function planMessages(
  input: readonly InputMessage[],
  count: number,
  chance: () => number,
): Plan {
  const authors = some(input, AUTHORS_MAX, ({ author }) => author, USUAL_AUTHORS)
  const channels = some(input, CHANNELS_MAX, ({ channel }) => channel, USUAL_CHANNELS)
  const messages: PlannedMessage[] = []
  let numbers = new Map<string, number>()
  for (let number = 0; number < count && input.length > 0; number += 1) {
    const at = number % input.length
    if (at === 0) numbers = new Map()
    const one = input[at]
    if (one === undefined) break
    const replyTo = one.replyTo === undefined ? undefined : numbers.get(one.replyTo)
    numbers.set(one.id, number)
    const root = replyTo === undefined ? undefined : messages[replyTo]
    const channel = root?.channel ?? placeOf(one.channel, channels, Math.floor(chance() * 1e6))
    const author = placeOf(one.author, authors, Math.floor(chance() * 1e6))
    messages.push({ number, text: one.text, author, channel, lane: laneBy(chance()), replyTo })
  }
  return { authors, channels, messages }
}

/** The first different names, as usernames and channel names may be; `usual` when there are none. */
function some(
  input: readonly InputMessage[],
  max: number,
  nameOf: (message: InputMessage) => string | undefined,
  usual: readonly string[],
): readonly string[] {
  const names = new Set<string>()
  for (const message of input) {
    const name = nameOf(message)
    if (name !== undefined) names.add(plain(name))
    if (names.size >= max) break
  }
  return names.size === 0 ? usual : [...names]
}

/** A name as people and channels may be called: a letter, then letters, digits and dashes. */
function plain(name: string): string {
  const rest = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  const isFree = /^[a-z]/.test(rest) && !RESERVED.test(rest)
  return isFree ? rest.slice(0, 32) : `x-${rest.slice(0, 30)}`
}

/** Where `name` stands in the list; any place, but always the same one, when it does not stand there. */
function placeOf(name: string | undefined, names: readonly string[], any: number): number {
  if (name === undefined) return any % names.length
  const at = names.indexOf(plain(name))
  if (at >= 0) return at
  return (sha256(bytesFromText(name))[0] ?? 0) % names.length
}

function laneBy(chance: number): Lane {
  let limit = 0
  for (const [lane, share] of SHARES) {
    limit += share / 100
    if (chance < limit) return lane
  }
  return 'routine'
}
