/**
 * Bends bytes that come from outside and sees how every reader of them takes it: no throw, no hang, no growth, nothing
 * taken that nobody signed. Called by `scripts/fuzz`, which sees to the right Node and the packages. A fault is printed
 * with the line that replays it; then the exit code is 1.
 */
import { availableParallelism } from 'node:os'
import { readFile } from 'node:fs/promises'
import { Command, InvalidArgumentError } from 'commander'
import { bytesFromHex, hexFromBytes } from '#base/bytes.ts'
import { table } from '#cli/terminal.ts'
import { fuzzAll } from './fuzzing/pool.ts'
import { replay, type Report } from './fuzzing/run.ts'
import type { Target } from './fuzzing/target.ts'
import { TARGETS } from './fuzzing/targets.ts'

interface Options {
  readonly seed: number
  readonly seconds: number
  readonly inputs: number
  readonly guided: number
  readonly threads: number
  readonly replay?: string
  readonly list: boolean
  readonly json: boolean
}

process.exitCode = await main()

async function main(): Promise<number> {
  const program = new Command('scripts/fuzz')
    .description('Bends what comes from outside and sees how every reader takes it.')
    .argument('[targets...]', 'readers; all unless given')
    .option('--seed <number>', 'everything but time follows from it', readNumber, 1)
    .option('--seconds <number>', 'for all targets together', readNumber, 60)
    .option('--inputs <number>', 'at most so many for each target', readNumber, 1e9)
    .option('--guided <number>', 'inputs of each target led by coverage', readNumber, 20_000)
    .option('--threads <number>', 'at once', readNumber, availableParallelism())
    .option('--replay <hex>', 'takes this input, or that in @file, once')
    .option('--list', 'names the targets', false)
    .option('--json', 'the last line is one JSON object', false)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .parse()
  const options = program.opts<Options>()
  const unknown = program.args.filter((name) => !TARGETS.some((target) => target.name === name))
  if (options.list || unknown.length > 0) {
    for (const { name } of TARGETS) console.log(name)
    return unknown.length === 0 ? 0 : 2
  }
  const targets = TARGETS.filter(
    ({ name }) => program.args.length === 0 || program.args.includes(name),
  )
  return options.replay === undefined ? run(targets, options) : replayOne(targets, options.replay)
}

async function run(targets: readonly Target[], options: Options): Promise<number> {
  const { seed, seconds, inputs: inputsMax, guided, threads } = options
  const ms = (seconds * 1000 * Math.min(threads, targets.length)) / targets.length
  const reports: Report[] = []
  console.log(`seed ${seed}, ${targets.length} targets, ${(ms / 1000).toFixed(1)} s each`)
  await fuzzAll({
    orders: targets.map(({ name }) => ({ target: name, seed, ms, inputsMax, guided })),
    threads,
    onReport: (report) => {
      reports.push(report)
      tell(report, seed)
    },
  })
  const faults = reports.filter(({ fault }) => fault !== undefined)
  const inputs = reports.reduce((sum, report) => sum + report.inputs, 0)
  console.log(`${inputs} inputs, ${faults.length} faults`)
  if (options.json) console.log(JSON.stringify(summary(reports, { seed, inputs })))
  return faults.length === 0 ? 0 : 1
}

function tell(report: Report, seed: number): void {
  const { target, inputs, seconds, corpus, blocks, slowestMs, fault } = report
  const facts = [
    `${inputs} inputs`,
    `${seconds.toFixed(1)} s`,
    `corpus ${corpus}`,
    `${blocks} blocks`,
    `slowest ${slowestMs.toFixed(0)} ms`,
  ]
  console.log(table([[target, facts.join(', ')]]).join('\n'))
  if (fault === undefined) return
  console.log(`  FAULT of ${target}, seed ${seed}, input ${fault.number}: ${fault.what}`)
  console.log(`  scripts/fuzz ${target} --replay ${hexFromBytes(fault.input)}`)
}

function summary(
  reports: readonly Report[],
  { seed, inputs }: { readonly seed: number; readonly inputs: number },
): object {
  const targets = Object.fromEntries(reports.map((report) => [report.target, report.inputs]))
  const faults = reports.filter(({ fault }) => fault !== undefined).map(({ target }) => target)
  return { seed, inputs, faults, targets }
}

async function replayOne(targets: readonly Target[], given: string): Promise<number> {
  const [target, ...others] = targets
  if (target === undefined || others.length > 0) {
    console.error('found many targets, wanted the one that takes this input')
    return 2
  }
  const hex = given.startsWith('@') ? (await readFile(given.slice(1), 'utf8')).trim() : given
  const what = await replay(target, bytesFromHex(hex))
  console.log(what === undefined ? `${target.name} takes it well` : `FAULT: ${what}`)
  return what === undefined ? 0 : 1
}

function readNumber(text: string): number {
  const number = Number(text)
  if (!Number.isFinite(number) || number < 0) throw new InvalidArgumentError('a number is wanted')
  return number
}
