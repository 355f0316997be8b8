import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { test } from 'tap'
import { openChance } from './chance.ts'
import { openLineFaults, type LineGround } from './line-faults.ts'
import { meanBps } from './lines.ts'

test('some runs have thin links, some of their links are thin, and each stays as it is', async (t) => {
  const runs = Array.from({ length: 60 }, (_, seed) => openLineFaults(aGround({ seed })))
  const pairs = [
    ['hub', 'kit-1'],
    ['kit-1', 'kit-2'],
    ['kit-2', 'post:sim'],
  ] as const
  const thin = runs.map((faults) => pairs.filter(([a, b]) => faults.lineOf(a, b) !== undefined))

  t.ok(thin.some(({ length }) => length === 0) && thin.some(({ length }) => length === 3))
  for (const [seed, faults] of runs.entries()) {
    t.strictSame(faults.lineOf('hub', 'kit-1')?.trace, faults.lineOf('hub', 'kit-1')?.trace)
    t.equal(faults.slowestBps() === undefined, thin[seed]?.length === 0)
  }
})

test('without thin links all are fat', async (t) => {
  const runs = Array.from({ length: 60 }, (_, seed) => aGround({ seed, hasThin: false }))

  t.ok(runs.every((ground) => openLineFaults(ground).lineOf('hub', 'kit-1') === undefined))
})

test('a trace file is every link, from the field up and to the field down', async (t) => {
  const folder = t.testdir()
  const file = join(folder, 'hills.up.csv')
  writeFileSync(file, aTrace(1_000))
  writeFileSync(join(folder, 'hills.down.csv'), aTrace(5_000))
  const faults = openLineFaults(aGround({ hasThin: false, linkTrace: file }))
  const rate = (from: string, to: string): number => {
    const line = faults.lineOf(from, to)
    return line === undefined ? 0 : meanBps(line.trace)
  }

  t.equal(rate('kit-1', 'hub'), 1_000)
  t.equal(rate('hub', 'kit-1'), 5_000)
  t.equal(rate('kit-1', 'post:sim'), 1_000)
  t.equal(rate('post:sim', 'kit-1'), 5_000)
  t.equal(rate('kit-1', 'kit-2') + rate('kit-2', 'kit-1'), 6_000, 'between kits, one way each')
  t.equal(faults.slowestBps(), 1_000)
})

function aGround({ seed = 0, ...parts }: Partial<LineGround> & { readonly seed?: number }) {
  const chance = openChance(`lines ${seed}`)
  return { chance, hasThin: true, linkTrace: undefined, isCalm: () => false, ...parts }
}

function aTrace(rateBps: number): string {
  return `t_ms,up,rate_bps,rtt_ms,loss\n0,1,${rateBps},600,0\n60000,0,0,0,0\n`
}
