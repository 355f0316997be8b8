/**
 * What a run is like of which nothing is said but its seed. Many small runs, each with other things that go wrong, find more in the
 * same time than few large ones that all have everything (Groce et al., "Swarm Testing", ISSTA 2012); a few large ones stay, for what
 * needs hours.
 */
import { openChance, type Chance } from './chance.ts'
import {
  DEFAULT_OPTIONS,
  EXTRAS,
  FAULTS,
  withScript,
  type Fault,
  type Given,
  type SimOptions,
} from './options.ts'

/** What is drawn. Who says one of these has the others as they stand in `DEFAULT_OPTIONS`. */
const DRAWN = ['nodes', 'hours', 'actions', 'without', 'also', 'powerCut', 'story'] as const

/** Of a hundred runs, so many have so many nodes. */
const NODES = [
  { nodes: 2, percent: 40 },
  { nodes: 3, percent: 47 },
  { nodes: 4, percent: 10 },
  { nodes: 5, percent: 3 },
] as const
/** Of runs that are large. */
const LARGE_PERCENT = 5
/** Of runs in which nothing is left out; in the others, of each thing. */
const EVERYTHING_PERCENT = 50
const LEFT_OUT_PERCENT = 30
/** Of runs with each of what is not usual. */
const EXTRA_PERCENT = 10
const QUARTERS = 4

/** The options of the run of this seed: those that are given, and the rest drawn or as usual. */
export function optionsOf(seed: number, given: Given): SimOptions {
  const isSaid = DRAWN.some((name) => given[name] !== undefined)
  const rest = isSaid ? DEFAULT_OPTIONS : draw(openChance(`options ${seed}`))
  const named = Object.entries(given).filter(([, value]) => value !== undefined)
  return withScript({ ...rest, ...Object.fromEntries(named) })
}

function draw(chance: Chance): SimOptions {
  const size = chance.fork('size')
  const nodes = drawNodes(size.below(100))
  const isLarge = size.below(100) < LARGE_PERCENT
  const [least, most] = isLarge ? [2 * QUARTERS, 4 * QUARTERS] : [1, QUARTERS - 1]
  const hours = size.between(least, most) / QUARTERS
  const actions = isLarge ? size.between(40, 80) : size.between(6, 24)
  const isAll = chance.fork('everything').below(100) < EVERYTHING_PERCENT
  const isLeftOut = (fault: Fault): boolean =>
    !isAll && chance.fork(fault).below(100) < LEFT_OUT_PERCENT
  const also = EXTRAS.filter((extra) => chance.fork(extra).below(100) < EXTRA_PERCENT)
  return { ...DEFAULT_OPTIONS, nodes, hours, actions, without: FAULTS.filter(isLeftOut), also }
}

function drawNodes(percent: number): number {
  let sum = 0
  for (const one of NODES) {
    sum += one.percent
    if (percent < sum) return one.nodes
  }
  return DEFAULT_OPTIONS.nodes
}
