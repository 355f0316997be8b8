/** The power goes before and after every write of the scripted run, one run for each. */
import type { Given } from './options.ts'
import { runOrders, type Order } from './pool.ts'
import type { Result } from './run.ts'

/** Which writes. */
export interface EveryWrite {
  readonly seed: number
  readonly options: Given
  /** Every so many-th write; 1 for all of them. */
  readonly step: number
  readonly onResult?: (result: Result) => void
}

/** The scripted run without a power cut, and how many writes there are in it. */
export async function countWrites({
  seed,
  options,
}: Pick<EveryWrite, 'seed' | 'options'>): Promise<{
  readonly whole: Result
  readonly writes: number
}> {
  const [whole] = await runOrders({ orders: [orderFor(seed, options, 'never')] })
  if (whole === undefined) throw new Error('one order, one result')
  return { whole, writes: whole.marks['disk.write'] ?? 0 }
}

/** Runs the script once for each end of each write; the first result is the run without a cut. */
export async function cutAtEveryWrite(wanted: EveryWrite): Promise<readonly Result[]> {
  const { seed, options, step, onResult } = wanted
  const { whole, writes } = await countWrites(wanted)
  onResult?.(whole)
  const numbers = Array.from({ length: Math.ceil(writes / step) }, (_, at) => 1 + at * step)
  const orders = numbers.flatMap((number) =>
    ['before', 'after'].map((when) => orderFor(seed, options, `${when}-${number}`)),
  )
  return [whole, ...(await runOrders({ orders, ...(onResult && { onResult }) }))]
}

function orderFor(seed: number, options: Given, powerCut: string): Order {
  return { seed, options: { ...options, powerCut } }
}
