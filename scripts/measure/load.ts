/** Posts as fast as the node takes them, from many clients at once, and how long each waits for its 201. */
import { Pool } from 'undici'
import type { Clock } from '#ports/clock.ts'
import type { Node } from '../fleet/node.ts'
import { OWN_MESSAGES } from '../trial/own-messages.ts'
import type { Built } from './build.ts'
import { quantile } from './statistics.ts'

/** What came of it. */
export interface Load {
  readonly postsPerSecond: number
  readonly p99Ms: number
}

/** How it is done. */
export interface LoadOptions {
  readonly seconds: number
  readonly atOnce: number
  readonly clock: Clock
  /** Posts are begun this often and no oftener; as often as can be unless given. */
  readonly postsPerSecond?: number
}

/** Puts the sending time, in microseconds of a clock that all processes share, in front of a text. */
const STAMP_SEPARATOR = ' '

/** Posts into the first channel. Throws when an answer is not 201. */
export async function load(
  node: Pick<Node, 'url'>,
  built: Pick<Built, 'tokens' | 'channels'>,
  options: LoadOptions,
): Promise<Load> {
  const { seconds, atOnce, clock, postsPerSecond } = options
  const pool = new Pool(node.url(), { connections: atOnce, pipelining: 1 })
  const waits: number[] = []
  const beganMs = clock.monotonicMs()
  let number = 0
  let begun = 0
  const turn = async (): Promise<void> => {
    if (postsPerSecond === undefined) return
    const atMs = beganMs + (begun * 1000) / postsPerSecond
    begun += 1
    await clock.sleep(Math.max(0, atMs - clock.monotonicMs()), new AbortController().signal)
  }
  const client = async (token: string): Promise<void> => {
    for (;;) {
      await turn()
      if (clock.monotonicMs() - beganMs >= seconds * 1000) return
      const sentMs = clock.monotonicMs()
      const text = OWN_MESSAGES[number++ % OWN_MESSAGES.length]?.text ?? ''
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path: '/api/v4/posts',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          channel_id: built.channels[0],
          message: `${process.hrtime.bigint() / 1000n}${STAMP_SEPARATOR}${text}`,
          pending_post_id: `bench:${beganMs}:${number}`,
        }),
      })
      await body.dump()
      if (statusCode !== 201) throw new Error(`a post was answered with ${statusCode}`)
      waits.push(clock.monotonicMs() - sentMs)
    }
  }
  const { tokens } = built
  await Promise.all(
    Array.from({ length: atOnce }, (_, index) => client(tokens[index % tokens.length] ?? '')),
  )
  const elapsedMs = clock.monotonicMs() - beganMs
  await pool.close()
  return { postsPerSecond: (waits.length * 1000) / elapsedMs, p99Ms: quantile(waits, 0.99) }
}

/** The sending time in a text, or undefined. */
export function stampOf(text: string): number | undefined {
  const stamp = text.split(STAMP_SEPARATOR, 1)[0] ?? ''
  return /^\d{6,}$/.test(stamp) ? Number(stamp) : undefined
}
