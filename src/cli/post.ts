/** `holdfast post`: writes a message on the running node, as its first administrator. */
import { z } from 'zod'
import type { Lane } from '#model/precedence.ts'
import { channelId } from './channel.ts'
import { Stories, wayInWords } from './delivery-words.ts'
import { findLocalNode } from './local-node.ts'
import { writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

/** What `post` may be told. */
export interface PostOptions extends CommonOptions {
  readonly lane: Lane
  /** Why it cannot wait, for one beyond the allowance of its lane. */
  readonly override?: string
  /** Id of the message that is answered. */
  readonly reply?: string
}

/** What is posted where. */
export interface Writing {
  readonly channel: string
  readonly words: readonly string[]
}

const Posted = z.object({ id: z.string(), create_at: z.int() })

/** Runs the command. The answer comes once the message is on disk. */
export async function post(
  { channel, words }: Writing,
  options: PostOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal } = surroundings
  const node = await findLocalNode(options.data, surroundings)
  const answer = await node.ask('POST', '/api/v4/posts', {
    channel_id: await channelId(node, channel),
    message: words.join(' '),
    root_id: options.reply ?? '',
    ...precedence(options),
  })
  const { id, create_at: at } = Posted.parse(answer)
  const ask = await node.ask('POST', '/api/holdfast/v1/posts/delivery', { post_ids: [id] })
  const deliveries = Stories.parse(ask).flatMap((story) => story.deliveries)
  if (options.json) return writeJson(terminal, { id, at, deliveries })
  const ways = deliveries.map((way) => `    ${wayInWords(way)}`)
  writeLines(terminal, [`Saved on this kit: ${id}`, ...ways])
}

/** The lane in the words of the REST interface. */
function precedence({ lane, override }: PostOptions): object {
  const why = override === undefined ? {} : { holdfast_override: override }
  switch (lane) {
    case 'flash':
      return { props: { holdfast_precedence: 'flash', ...why } }
    case 'immediate':
      return { metadata: { priority: { priority: 'urgent' } }, props: why }
    case 'priority':
      return { metadata: { priority: { priority: 'important' } } }
    case 'routine':
      return {}
  }
}
