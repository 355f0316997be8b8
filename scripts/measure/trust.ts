/**
 * What trust costs on this machine: signing, sealing and wrapping in both suites beside tweetnacl and noble in one run,
 * catching up on attested changes of five nodes, and changing the key of a channel of fifty nodes.
 *
 * Both peers are JavaScript: npm packages that need no install script. A ratio is our rate over the peer's.
 */
import type { Clock } from '#ports/clock.ts'
import { realRandom } from '#ports/real.ts'
import { ratesOf, type RateOptions } from './rates.ts'
import { rounded } from './statistics.ts'
import { measureCatchUp } from './trust-catch-up.ts'
import { measureRekey } from './trust-rekey.ts'
import { certificateWorks, hybridWorks, sealWorks, signWorks, wrapWorks } from './trust-works.ts'

/** What the bench may be told. */
export interface TrustOptions {
  readonly clock: Clock
  /** Short rounds and a small history: to see that it runs, not to measure. */
  readonly isSmall: boolean
  readonly tell: (line: string) => void
}

/** Flat, ready for JSON. */
export type TrustResult = Readonly<Record<string, number>>

const FULL = { ms: 120, rounds: 9, changes: 10_000, nodes: 50, rekeys: 7 }
const SMALL = { ms: 2, rounds: 1, changes: 200, nodes: 5, rekeys: 2 }

/** Measures. Throws when something that was sealed does not open, or what was sent does not arrive. */
export async function measureTrust(options: TrustOptions): Promise<TrustResult> {
  const { clock, isSmall, tell } = options
  const { ms, rounds, changes, nodes, rekeys } = isSmall ? SMALL : FULL
  const rates = measureRates({ nowMs: clock.monotonicMs, ms, rounds })
  tell('keys measured')
  const catchUp = await measureCatchUp({ clock, changes })
  tell('catching up measured')
  const rekey = await measureRekey({ clock, nodes, times: rekeys })
  tell('a new key for a channel measured')
  return { ...rates, ...catchUp, ...rekey }
}

function measureRates(options: RateOptions): TrustResult {
  const random = realRandom()
  const groups = [
    signWorks(random),
    sealWorks(random, 300),
    sealWorks(random, 4_096),
    hybridWorks(random),
    wrapWorks(random),
    certificateWorks(random),
  ]
  const rates = Object.assign({}, ...groups.map((works) => ratesOf(works, options))) as Rates
  const perSecond = Object.entries(rates).map(([name, rate]) => [`${name}_per_s`, Math.round(rate)])
  return { ...Object.fromEntries(perSecond), ...ratiosOf(rates) }
}

type Rates = Readonly<Record<string, number>>

/** What is held beside what: our first suite beside tweetnacl and noble, the second beside the first. */
function ratiosOf(rates: Rates): TrustResult {
  const ratio = (name: string, peer: string): number =>
    rounded((rates[name] ?? 0) / Math.max(1e-9, rates[peer] ?? 0), 2)
  const operations = ['sign', 'verify', 'seal_300', 'open_300', 'seal_4k', 'open_4k']
  return Object.fromEntries(
    operations.flatMap((name) => [
      [`${name}_vs_tweetnacl_ratio`, ratio(`${name}_nacl`, `${name}_tweetnacl`)],
      [`${name}_vs_noble_ratio`, ratio(`${name}_nacl`, `${name}_noble`)],
      [`fips_${name}_ratio`, ratio(`${name}_fips`, `${name}_nacl`)],
      [`fips_${name}_vs_noble_ratio`, ratio(`${name}_fips`, `${name}_noble_fips`)],
    ]),
  )
}
