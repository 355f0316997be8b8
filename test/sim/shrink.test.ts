import { test } from 'tap'
import { DEFAULT_OPTIONS, type SimOptions } from './options.ts'
import type { Result } from './run.ts'
import { shrink } from './shrink.ts'

const FAILURE = {
  broken: 'promise 6: convergence',
  step: 1,
  atMs: 1,
  where: 'hub',
  wanted: 'one view',
  found: 'two',
} as const

const needs = ({ without, hours, actions, nodes }: SimOptions): boolean =>
  !without.includes('power') &&
  !without.includes('cuts') &&
  hours >= 2 &&
  actions >= 15 &&
  nodes >= 3
test('what a failure does not need is left out, what it needs stays', async (t) => {
  const run = async (seed: number, options: SimOptions): Promise<Result> =>
    aResult(seed, options, needs(options))

  const { result, runs } = await shrink(aResult(7, { ...DEFAULT_OPTIONS, nodes: 6 }, true), run)

  t.equal(result.seed, 7)
  t.equal(result.options.nodes, 3)
  t.equal(result.options.hours, 2)
  t.equal(result.options.actions, 15)
  t.strictSame(
    [result.options.without.includes('power'), result.options.without.includes('full-disks')],
    [false, true],
  )
  t.ok(runs < 80, `${runs} runs`)
})

test('another failure than the first is not what we look for', async (t) => {
  const run = async (seed: number, options: SimOptions): Promise<Result> => ({
    ...aResult(seed, options, true),
    failure: { ...FAILURE, broken: 'no such error' },
  })

  const { result } = await shrink(aResult(7, DEFAULT_OPTIONS, true), run)

  t.strictSame(result.options, DEFAULT_OPTIONS)
})

function aResult(seed: number, options: SimOptions, isRed: boolean): Result {
  return {
    ok: !isRed,
    seed,
    options,
    steps: 1,
    virtualMs: 1,
    traceHash: '',
    marks: {},
    failure: isRed ? FAILURE : undefined,
    tail: [],
    isAborted: false,
  }
}
