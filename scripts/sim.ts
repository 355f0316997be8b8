/**
 * Runs simulated fleets of real nodes and says which seeds broke a promise, with the line that replays each.
 * Called by `scripts/sim`, which sees to the right Node and the packages. Exits with 1 when any seed failed.
 */
import { performance } from 'node:perf_hooks'
import { Command, InvalidArgumentError, Option } from 'commander'
import { argumentsOf, EXTRAS, FAULTS, PLANTS, STORIES, type Given } from '../test/sim/options.ts'
import { cutAtEveryWrite } from '../test/sim/every-write.ts'
import { findPlants, type Find } from '../test/sim/plants.ts'
import { runSeeds } from '../test/sim/pool.ts'
import { runSeed, type Result } from '../test/sim/run.ts'
import { shrink } from '../test/sim/shrink.ts'

interface Arguments extends Omit<Given, 'planted'> {
  /** True for all of them, one after another. */
  readonly planted: Given['planted'] | true
  readonly seeds: readonly number[]
  /** Every so many-th write. */
  readonly powerCutAtEveryWrite: number | undefined
  readonly json: boolean
  readonly trace: boolean
  readonly shrink: boolean
}

const HOUR_MS = 3_600_000

process.exitCode = await main()

async function main(): Promise<number> {
  const wanted = readArguments()
  const { nodes, hours, actions, without, planted, linkTrace, powerCut, also, story } = wanted
  const startedAt = performance.now()
  const base = { nodes, hours, actions, without, linkTrace, powerCut, also, story }
  if (planted === true) {
    const finds = await findPlants(base, tellFind)
    if (wanted.json) console.log(JSON.stringify({ ...countsOf(finds), ...costsSince(startedAt) }))
    return finds.every(({ seed }) => seed !== undefined) ? 0 : 1
  }
  const options: Given = { ...base, planted }
  const results = await runWanted(wanted, options)
  const failed = results.filter((result) => !result.ok)
  for (const result of failed) await tellFailure(result, wanted.shrink)
  tellEnd(results, { isJson: wanted.json, startedAt })
  return failed.length === 0 ? 0 : 1
}

function readArguments(): Arguments {
  const program = new Command('scripts/sim')
    .description('Runs simulated fleets of real nodes; everything in a run follows from its seed.')
    .addOption(
      new Option('--seeds <from-to>', 'first and last seed')
        .argParser(readSeeds)
        .default(readSeeds('1-100'), '1-100'),
    )
    .option('--nodes <count>', 'headquarters and kits', readNumber)
    .option('--hours <count>', 'virtual hours with faults', readNumber)
    .option('--actions <count>', 'what people do in them', readNumber)
    .option('--without <faults>', `faults to leave out: ${FAULTS.join()}`, readList(FAULTS))
    .option('--link-trace <file>', 'a trace file that every link replays')
    .option(
      '--planted [names]',
      `bugs and lies that must be found; without names all, each in up to 500 seeds: ${PLANTS.join()}`,
      readList(PLANTS),
      [],
    )
    .option('--power-cut <where>', 'scripted runs; the power goes at before-17, after-17, or never')
    .addOption(new Option('--story <name>', 'a run that somebody has thought out').choices(STORIES))
    .option('--also <faults>', `faults to add: ${EXTRAS.join()}`, readList(EXTRAS))
    .addOption(
      new Option(
        '--power-cut-at-every-write [step]',
        'scripted runs, one for each end of each (or each step-th) write',
      )
        .argParser(readNumber)
        .preset('1'),
    )
    .option('--trace', 'print everything that happens', false)
    .option('--shrink', 'look for the smallest run that still fails', false)
    .option('--json', 'the last line is one JSON object', false)
  return program.parse().opts<Arguments>()
}

function readSeeds(text: string): readonly number[] {
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? []
  if (first === undefined || Number(last) < Number(first))
    throw new InvalidArgumentError('Wanted: 17, or 1-500.')
  return Array.from(
    { length: Number(last) - Number(first) + 1 },
    (_, index) => Number(first) + index,
  )
}

function readNumber(text: string): number {
  const number = Number(text)
  if (!(number > 0)) throw new InvalidArgumentError('Wanted: a number above 0.')
  return number
}

function readList<T extends string>(known: readonly T[]): (text: string) => readonly T[] {
  return (text) =>
    text.split(',').map((name) => {
      const found = known.find((one) => one === name)
      if (found === undefined) throw new InvalidArgumentError(`Wanted: some of ${known.join()}.`)
      return found
    })
}

async function runWanted(wanted: Arguments, options: Given): Promise<readonly Result[]> {
  const { seeds, trace, powerCutAtEveryWrite: step } = wanted
  const onResult = openProgress(wanted)
  if (trace) return runTraced(seeds, options)
  if (step === undefined) return runSeeds({ seeds, options, onResult })
  const results: Result[] = []
  for (const seed of seeds)
    results.push(...(await cutAtEveryWrite({ seed, options, step, onResult })))
  return results
}

/** One after another in this thread, every line printed. */
async function runTraced(seeds: readonly number[], options: Given): Promise<readonly Result[]> {
  const results: Result[] = []
  for (const seed of seeds) results.push(await runSeed(seed, options, (line) => console.log(line)))
  return results
}

function openProgress({ seeds, powerCutAtEveryWrite }: Arguments): (result: Result) => void {
  let done = 0
  let failed = 0
  return (result) => {
    done += 1
    if (!result.ok) failed += 1
    if (!result.ok) console.log(`seed ${result.seed}: ${result.failure?.broken ?? 'failed'}`)
    if (powerCutAtEveryWrite !== undefined && done % 25 === 0)
      console.log(`${done} runs, ${failed} failed`)
    else if (done % 25 === 0 || done === seeds.length)
      console.log(`${done} of ${seeds.length} seeds, ${failed} failed`)
  }
}

async function tellFailure(result: Result, isToShrink: boolean): Promise<void> {
  const { failure, seed, tail } = result
  if (failure === undefined) return
  const at = `step ${failure.step}, ${(failure.atMs / HOUR_MS).toFixed(3)} h`
  console.log(`\nseed ${seed} broke ${failure.broken} (${at}, ${failure.where})`)
  console.log(`  wanted: ${failure.wanted}\n  found:  ${failure.found}`)
  for (const line of tail.slice(-8)) console.log(`  | ${line}`)
  console.log(`  replay: ${replayLine(result)}`)
  if (!isToShrink) return
  const shrunk = await shrink(result, (one, options) => runSeed(one, options))
  console.log(`  smaller (${shrunk.runs} runs): ${replayLine(shrunk.result)}`)
  console.log(`  found:  ${shrunk.result.failure?.found ?? ''}`)
}

function replayLine({ seed, options }: Result): string {
  return ['scripts/sim', '--seeds', `${seed}-${seed}`, ...argumentsOf(options), '--trace'].join(' ')
}

function tellEnd(
  results: readonly Result[],
  { isJson, startedAt }: { readonly isJson: boolean; readonly startedAt: number },
): void {
  const sum = (pick: (result: Result) => number): number =>
    results.reduce((total, result) => total + pick(result), 0)
  const failed = sum((result) => (result.ok ? 0 : 1))
  const steps = sum((result) => result.steps)
  const hours = sum((result) => result.virtualMs) / HOUR_MS
  const costs = costsSince(startedAt)
  if (!isJson) {
    console.log(
      `\n${results.length} seeds, ${failed} failed, ${steps} steps, ${hours.toFixed(0)} virtual hours in ${costs.wall_s} s (${costs.cpu_s} s of all cores)`,
    )
    return
  }
  const end = {
    seeds: results.length,
    failed,
    steps,
    virtual_hours: Math.round(hours),
    virtual_hours_per_minute: Math.round((hours * 60) / Math.max(1, costs.wall_s)),
    ...costs,
    ...marksOf(results),
  }
  console.log(JSON.stringify(end))
}

/** Seconds by the clock on the wall, and of all cores together: other work on the machine makes only the first longer. */
function costsSince(startedAt: number): { readonly wall_s: number; readonly cpu_s: number } {
  const { user, system } = process.cpuUsage()
  return {
    wall_s: Math.round((performance.now() - startedAt) / 1000),
    cpu_s: Math.round((user + system) / 1_000_000),
  }
}

function tellFind({ plant, seed, seeds, broken }: Find): void {
  const found = seed === undefined ? `not found in ${seeds} seeds` : `seed ${seed}: ${broken}`
  console.log(`${plant.padEnd(28)} ${found}`)
}

/** How many were planted and found, and the first seed that finds each; 0 for none. */
function countsOf(finds: readonly Find[]): Readonly<Record<string, number>> {
  const found = finds.filter(({ seed }) => seed !== undefined).length
  const seeds = finds.map(({ plant, seed }) => [nameOf(plant), seed ?? 0] as const)
  return { planted: finds.length, found, ...Object.fromEntries(seeds) }
}

/** How often each rare thing happened, under names fit for a flat object. */
function marksOf(results: readonly Result[]): Readonly<Record<string, number>> {
  const total: Record<string, number> = {}
  for (const { marks } of results) {
    for (const [mark, count] of Object.entries(marks)) {
      const name = nameOf(mark)
      total[name] = (total[name] ?? 0) + count
    }
  }
  return Object.fromEntries(Object.entries(total).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function nameOf(words: string): string {
  return words.replace(/[^a-zA-Z]+/g, '_').toLowerCase()
}
