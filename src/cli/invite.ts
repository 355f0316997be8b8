/**
 * `holdfast invite`: asks the running node for a code that lets one new node join; and, where people compare digits, shows
 * who waits and lets them in.
 */
import { z } from 'zod'
import { must } from '#base/assert.ts'
import { joinUrl, parseJoinCode } from '#trust/join-code.ts'
import { picture, placesOf } from './addresses.ts'
import { findLocalNode, type LocalNode } from './local-node.ts'
import {
  table,
  when,
  writeJson,
  writeLines,
  type CommonOptions,
  type Surroundings,
} from './terminal.ts'

const Answer = z.object({ code: z.string(), expires_at: z.int() })
const Waiting = z.object({ name: z.string(), role: z.string(), digits: z.string(), since: z.int() })
const JOINS = '/api/holdfast/v1/joins'

/** What `invite` may be told. */
export interface InviteOptions extends CommonOptions {
  /** `host:port` by which the new node reaches this one, when it is not one of this machine's addresses. */
  readonly at?: string
  /** The only role the code lets in. */
  readonly role?: string
  /** Digits are compared before the node is let in. */
  readonly compare?: boolean
  /** Shows who waits, instead of a new code. */
  readonly waiting?: boolean
  /** Lets in the node whose screen shows these digits. */
  readonly confirm?: string
  /** Sends the node with these digits away. */
  readonly refuse?: string
}

/** Runs the command. */
export async function invite(options: InviteOptions, surroundings: Surroundings): Promise<void> {
  const node = await findLocalNode(options.data, surroundings)
  if (options.confirm !== undefined)
    return decide({ deed: 'confirm', digits: options.confirm }, { options, node }, surroundings)
  if (options.refuse !== undefined)
    return decide({ deed: 'refuse', digits: options.refuse }, { options, node }, surroundings)
  if (options.waiting === true) return showWaiting(options, node, surroundings)
  return makeCode(options, node, surroundings)
}

async function makeCode(
  options: InviteOptions,
  { note, ask }: LocalNode,
  { terminal }: Surroundings,
): Promise<void> {
  const { role, compare = false } = options
  const draft = { ...(role === undefined ? {} : { role }), compare }
  const answer = Answer.parse(await ask('POST', '/api/holdfast/v1/join-codes', draft))
  const at = options.at ?? placesOf(note.host, note.port)[0] ?? `127.0.0.1:${note.port}`
  const code = must(parseJoinCode(answer.code), 'the node gives out join codes')
  const url = joinUrl({ at, code })
  if (options.json)
    return writeJson(terminal, { code: answer.code, expiresAt: answer.expires_at, at, url })
  const kind = role === undefined || role === 'kit' ? '' : ` --role ${role}`
  writeLines(terminal, [
    `Lets one new node join, until ${when(answer.expires_at)}. On the new kit:`,
    '',
    `  holdfast join ${at} ${answer.code} --name NAME${kind}`,
    '',
    'or with the text of this picture in place of address and code:',
    '',
    picture(url),
    ...(compare
      ? [
          'Its screen will show six digits. Have them read to you, and only if they are the same here:',
          '  holdfast invite --waiting           holdfast invite --confirm DIGITS',
        ]
      : []),
  ])
}

async function showWaiting(
  { json }: InviteOptions,
  { ask }: LocalNode,
  { terminal }: Surroundings,
): Promise<void> {
  const waiting = z.array(Waiting).parse(await ask('GET', JOINS))
  if (json) return writeJson(terminal, waiting)
  if (waiting.length === 0) return writeLines(terminal, ['Nobody waits.'])
  const rows = waiting.map((each) => [
    spaced(each.digits),
    `${each.name} (${each.role})`,
    `since ${when(each.since)}`,
  ])
  writeLines(terminal, ['These wait. Do their screens show the same digits?', ...table(rows)])
}

async function decide(
  { deed, digits }: { readonly deed: 'confirm' | 'refuse'; readonly digits: string },
  { options, node }: { readonly options: InviteOptions; readonly node: LocalNode },
  { terminal }: Surroundings,
): Promise<void> {
  const decided = Waiting.parse(await node.ask('POST', `${JOINS}/${deed}`, { digits }))
  if (options.json) return writeJson(terminal, decided)
  const { name, role } = decided
  writeLines(terminal, [
    deed === 'confirm' ? `${name} (${role}) is let in.` : `${name} (${role}) is sent away.`,
  ])
}

function spaced(digits: string): string {
  return digits.replace(/^(\d{3})(\d{3})$/, '$1 $2')
}
