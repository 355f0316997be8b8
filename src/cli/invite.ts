/** `holdfast invite`: asks the running node for a code that lets one new node join. */
import { z } from 'zod'
import { must } from '#base/assert.ts'
import { joinUrl, parseJoinCode } from '#trust/join-code.ts'
import { picture, placesOf } from './addresses.ts'
import { findLocalNode } from './local-node.ts'
import { when, writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

const Answer = z.object({ code: z.string(), expires_at: z.int() })

/** What `invite` may be told. */
export interface InviteOptions extends CommonOptions {
  /** `host:port` by which the new node reaches this one, when it is not one of this machine's addresses. */
  readonly at?: string
}

/** Runs the command. */
export async function invite(options: InviteOptions, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings
  const { note, ask } = await findLocalNode(options.data, surroundings)
  const answer = Answer.parse(await ask('POST', '/api/holdfast/v1/join-codes'))
  const at = options.at ?? placesOf(note.host, note.port)[0] ?? `127.0.0.1:${note.port}`
  const code = must(parseJoinCode(answer.code), 'the node gives out join codes')
  const url = joinUrl({ at, code })
  if (options.json)
    return writeJson(terminal, { code: answer.code, expiresAt: answer.expires_at, at, url })
  writeLines(terminal, [
    `Lets one new node join, until ${when(answer.expires_at)}. On the new kit:`,
    '',
    `  holdfast join ${at} ${answer.code} --name NAME`,
    '',
    'or with the text of this picture in place of address and code:',
    '',
    picture(url),
  ])
}
