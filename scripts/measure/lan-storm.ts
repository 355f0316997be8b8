/** Everybody signs in at the same moment, while somebody who is in already goes on working. */
import { Pool } from 'undici'
import type { Clock } from '#ports/clock.ts'
import { quantile, rounded } from './statistics.ts'

/** Who storms what. */
export interface StormOptions {
  readonly url: string
  readonly names: readonly string[]
  readonly password: string
  /** A session of somebody who is in, and a channel to post to. */
  readonly token: string
  readonly channel: string
  readonly calmMs: number
  readonly clock: Clock
}

const EVERY_MS = 25

/** How many came in, how long that took, and how long the other waited: for a post and for a look, before and meanwhile. */
export async function measureStorm(
  options: StormOptions,
): Promise<Readonly<Record<string, number>>> {
  const { url, names, clock } = options
  await using stack = new AsyncDisposableStack()
  const strangers = new Pool(url, { connections: names.length, pipelining: 1 })
  stack.defer(() => strangers.close())
  const worker = new Pool(url, { connections: 2, pipelining: 1 })
  stack.defer(() => worker.close())
  const over = new AbortController()
  await working(worker, options, AbortSignal.timeout(options.calmMs))
  const calm = await working(worker, options, AbortSignal.timeout(options.calmMs))
  const meanwhile = working(worker, options, over.signal)
  const beganMs = clock.monotonicMs()
  const codes = await Promise.all(names.map((name) => signIn(strangers, name, options.password)))
  const stormMs = clock.monotonicMs() - beganMs
  over.abort()
  const busy = await meanwhile
  return {
    storm_logins: names.length,
    storm_in: codes.filter((code) => code === 200).length,
    storm_s: rounded(stormMs / 1_000, 2),
    calm_post_p99_ms: rounded(quantile(calm.posts, 0.99)),
    storm_post_p99_ms: rounded(quantile(busy.posts, 0.99)),
    calm_get_p99_ms: rounded(quantile(calm.looks, 0.99)),
    storm_get_p99_ms: rounded(quantile(busy.looks, 0.99)),
  }
}

async function signIn(pool: Pool, name: string, password: string): Promise<number> {
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: '/api/v4/users/login',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login_id: name, password }),
  })
  await body.dump()
  return statusCode
}

interface Waits {
  readonly posts: readonly number[]
  readonly looks: readonly number[]
}

async function working(
  pool: Pool,
  { token, channel, clock }: StormOptions,
  until: AbortSignal,
): Promise<Waits> {
  const posts: number[] = []
  const looks: number[] = []
  const ask = async (waits: number[], path: string, message?: object): Promise<void> => {
    const beganMs = clock.monotonicMs()
    const { statusCode, body } = await pool.request({
      method: message === undefined ? 'GET' : 'POST',
      path,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(message !== undefined && { body: JSON.stringify(message) }),
    })
    await body.dump()
    if (statusCode >= 300) throw new Error(`${path} was answered with ${statusCode}`)
    waits.push(clock.monotonicMs() - beganMs)
  }
  do {
    await ask(looks, '/api/v4/users/me')
    await ask(posts, '/api/v4/posts', { channel_id: channel, message: 'The road is open again.' })
    await clock.sleep(EVERY_MS, until)
  } while (!until.aborted)
  return { posts, looks }
}
