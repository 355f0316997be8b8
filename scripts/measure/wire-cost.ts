/** What the codec costs a machine: time beside deflate in the same run, and memory that stays in use. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { compress, decompress } from '#codec/compression.ts'
import type { PlannedMessage } from '../trial/messages.ts'
import { ratesOf } from './rates.ts'
import { rounded } from './statistics.ts'
import { aWorld, bodyOf, openPlace } from './wire-world.ts'

type Result = Readonly<Record<string, number>>

const BODIES = 64
const FULL = { ms: 150, rounds: 7 }
const SMALL = { ms: 5, rounds: 1 }

/** Bodies of single posts, made small and read again: how many times as long as deflate takes for them, without a dictionary. */
export function codecRatios(
  messages: readonly PlannedMessage[],
  { nowMs, isSmall }: { readonly nowMs: () => number; readonly isSmall: boolean },
): Result {
  const bodies = bodiesOf(messages)
  const deflated = bodies.map((body) => deflateRawSync(body, { level: 9 }))
  const usual = bodies.map((body) => compress(body))
  const thin = bodies.map((body) => compress(body, { isThin: true }))
  const rates = ratesOf(
    {
      deflate: inTurn(bodies, (body) => deflateRawSync(body, { level: 9 })),
      inflate: inTurn(deflated, (bytes) => inflateRawSync(bytes)),
      usual: inTurn(bodies, (body) => compress(body)),
      thin: inTurn(bodies, (body) => compress(body, { isThin: true })),
      usualBack: inTurn(usual, decompress),
      thinBack: inTurn(thin, decompress),
    },
    { nowMs, ...(isSmall ? SMALL : FULL) },
  )
  const times = (name: string, beside: string): number =>
    rounded((rates[beside] ?? 0) / (rates[name] ?? 1), 2)
  return {
    encode_vs_deflate_ratio: times('usual', 'deflate'),
    decode_vs_inflate_ratio: times('usualBack', 'inflate'),
    encode_thin_vs_deflate_ratio: times('thin', 'deflate'),
    decode_thin_vs_inflate_ratio: times('thinBack', 'inflate'),
    deflate_us: rounded(1e6 / (rates.deflate ?? 1)),
  }
}

/** Megabytes that a process has more once it has made posts small for both kinds of links: first without, then with thin ones. */
export function codecMemory(): Result {
  const program = join(import.meta.dirname, 'codec-memory.ts')
  const out = execFileSync(process.execPath, ['--expose-gc', program], { encoding: 'utf8' })
  const { usual, thin } = JSON.parse(out) as { readonly usual: number; readonly thin: number }
  return { codec_rss_mb: rounded(usual), codec_thin_rss_mb: rounded(thin) }
}

function bodiesOf(messages: readonly PlannedMessage[]): readonly Uint8Array[] {
  const world = { ...aWorld(), isThin: true }
  const place = openPlace(world)
  return messages
    .slice(0, BODIES)
    .map((message) => bodyOf(world, place.here, [place.write(message)]))
}

function inTurn<T>(items: readonly T[], work: (item: T) => unknown): () => unknown {
  let at = 0
  return () => {
    const item = items[at++ % items.length]
    return item === undefined ? undefined : work(item)
  }
}
