/**
 * The fuzzer itself, and a run of it over every reader. HOLDFAST_FUZZ_MS makes that longer, HOLDFAST_FUZZ_SEED another one;
 * a fault is printed with the line that replays it.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { t as root, test } from 'tap'
import { bytesFromText, hexFromBytes, textFromBytes } from '#base/bytes.ts'
import { bend } from '../../scripts/fuzzing/bend.ts'
import { chanceOf } from '../../scripts/fuzzing/chance.ts'
import { fuzz, replay, type FuzzOptions } from '../../scripts/fuzzing/run.ts'
import type { Subject, Target } from '../../scripts/fuzzing/target.ts'
import { TARGETS } from '../../scripts/fuzzing/targets.ts'

const FUZZ = join(import.meta.dirname, '..', '..', 'scripts', 'fuzz.ts')
const SEED = Number(process.env['HOLDFAST_FUZZ_SEED'] ?? 20_261_121)
/** For all readers together. */
const MS = Number(process.env['HOLDFAST_FUZZ_MS'] ?? 30_000)
root.setTimeout(180_000 + 4 * MS)

const quick: FuzzOptions = {
  seed: 1,
  ms: 60_000,
  inputsMax: 3_000,
  guided: 0,
  note: () => undefined,
}

function aTarget(check: Subject['check'], rest: Partial<Subject> = {}): Target {
  const samples = [bytesFromText('a good sample'), bytesFromText('another one')]
  return { name: 'planted', open: async () => ({ form: 'bytes', samples, check, ...rest }) }
}

function run(...words: readonly string[]): { readonly code: number | null; readonly out: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [FUZZ, ...words], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  return { code: status, out: stdout + stderr }
}

/** The inputs of a run, in their order. */
async function inputsOf(seed: number): Promise<string> {
  const seen: string[] = []
  const target = aTarget((input) => void seen.push(hexFromBytes(input)))
  await fuzz(target, { ...quick, seed, inputsMax: 200 })
  return seen.join(' ')
}

test('every reader takes what is bent', async (t) => {
  const { code, out } = run(
    '--seed',
    `${SEED}`,
    '--seconds',
    `${MS / 1000}`,
    '--guided',
    '600',
    '--json',
  )

  t.equal(code, 0, out)
  const last = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as {
    readonly targets: Readonly<Record<string, number>>
  }
  t.strictSame(Object.keys(last.targets).toSorted(), TARGETS.map(({ name }) => name).toSorted())
  for (const [name, inputs] of Object.entries(last.targets)) t.ok(inputs >= 10, `${name} ${inputs}`)
})

test('a reader that throws is caught with an input that replays it', async (t) => {
  const target = aTarget((input) => {
    if (input[0] === 0xff) throw new RangeError('planted')
    return undefined
  })

  const { fault } = await fuzz(target, quick)

  t.match(fault, { what: /^it throws RangeError: planted/ })
  t.match(await replay(target, fault?.input ?? new Uint8Array()), /planted/)
  t.equal(await replay(target, bytesFromText('a good sample')), undefined)
})

test('a reader that remembers is caught with all that led there', async (t) => {
  let sum = 0
  const target = aTarget(
    () => {
      sum += 1
      return sum > 40 ? 'too many' : undefined
    },
    { reset: async () => void (sum = 0) },
  )

  const { fault } = await fuzz(target, quick)
  sum = 0

  t.match(fault, { what: 'too many', number: 41 })
  t.equal(await replay(target, fault?.input ?? new Uint8Array()), 'too many')
})

test('a reader that is too slow is a fault', async (t) => {
  const target = aTarget((input) => {
    const end = process.threadCpuUsage().user + 1_200_000
    while (input[0] === 0xff && process.threadCpuUsage().user < end);
    return undefined
  })

  const { fault } = await fuzz(target, quick)

  t.match(fault, { what: /^it takes \d{4,} ms$/ })
})

test('equal seeds give equal inputs, other seeds others', async (t) => {
  t.equal(await inputsOf(5), await inputsOf(5))
  t.not(await inputsOf(5), await inputsOf(6))
})

test('coverage leads to what chance alone would not find', async (t) => {
  const target = TARGETS.find(({ name }) => name === 'vault')
  const led = await fuzz(target ?? aTarget(() => 'no such target'), {
    ...quick,
    guided: 3_000,
  })

  t.equal(led.fault, undefined)
  t.ok(led.corpus > 3, `${led.corpus} in the corpus`)
  t.ok(led.blocks > 10, `${led.blocks} blocks`)
})

test('values are bent as values: most stay what the form can read', async (t) => {
  const chance = chanceOf(3, 'values')
  const sample = bytesFromText('{"a":[1,"two",null],"b":{"c":true}}')
  let good = 0
  for (let left = 300; left > 0; left -= 1) {
    const bent = bend('json', [sample, sample], chance)
    try {
      JSON.parse(textFromBytes(bent))
      good += 1
    } catch {
      // bent byte by byte
    }
  }

  t.ok(good > 200, `${good} of 300`)
})

test('a replay of a good input ends with 0, one target must be named, unknown ones are told', async (t) => {
  const hex = hexFromBytes(bytesFromText('{}'))

  t.match(run('json', '--replay', hex), { code: 0, out: /json takes it well/ })
  t.match(run('--replay', hex), { code: 2, out: /wanted the one that takes this input/ })
  t.match(run('nope'), { code: 2, out: /envelope-nacl/ })
})
