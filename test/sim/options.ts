/** What a run is like. Everything else follows from the seed. */

/** What may go wrong in an honest world. Each draws from a generator of its own, so that one can be left out. */
export const FAULTS = [
  'cuts',
  'power',
  'power-in-writes',
  'full-disks',
  'duplicates',
  'strays',
  'clocks',
  'post-power',
  'post-wipe',
  'capture',
  'thin-links',
  'swizzle',
  'slow-disks',
  'slow-consumers',
  'sticks',
  'purges',
] as const

/** One kind of fault. */
export type Fault = (typeof FAULTS)[number]

/** What may go wrong only when it is asked for, so that the runs of earlier seeds stay what they are. */
export const EXTRAS = ['bit-flips', 'put-back', 'budgets'] as const

/** One kind of fault that is asked for. */
export type Extra = (typeof EXTRAS)[number]

/** Bugs of the kind that a program like ours has: planted to prove that the checkers bite. */
export const BUGS = [
  'ack-before-fsync',
  'time-window-dedup',
  'silent-expiry',
  'cursor-moved-early',
  'receipt-before-write',
  'lane-inversion',
  'cursor-not-persisted',
  'view-merged',
  'purge-forgets-outbox',
  'purge-forgets-view',
] as const

/** One planted bug. */
export type Bug = (typeof BUGS)[number]

/** Lies that an honest world does not tell: planted for the same reason. */
const LIES = [
  'disk-drops-batches',
  'disk-tears-batches',
  'disk-forgets-pending-ids',
  'disk-forgets-receipts',
  'disk-restored',
  'custody-before-delivery',
  'post-forgets-silently',
  'renumbered-duplicates',
  'roster-never-revokes',
  'roster-forgets-revocations',
  'roster-calls-all-hubs',
] as const

/** All that can be planted. */
export const PLANTS = [...BUGS, ...LIES] as const

/** What nodes must bear: planted to prove that they do. */
export const HARMLESS: readonly Plant[] = ['renumbered-duplicates']

/** One bug or lie. */
export type Plant = (typeof PLANTS)[number]

/** Runs that somebody has thought out. */
export const STORIES = ['two-sticks', 'shelf'] as const

/** How a run is set up. */
export interface SimOptions {
  /** Nodes, headquarters included. */
  readonly nodes: number
  /** Virtual hours with faults. */
  readonly hours: number
  /** Things that people do in these hours. */
  readonly actions: number
  readonly without: readonly Fault[]
  readonly planted: readonly Plant[]
  /** A trace file (see `scripts/link/trace.ts`) that every link replays. */
  readonly linkTrace: string | undefined
  /**
   * The scripted run instead of a drawn one, with one power cut in it: `never`, or `before-17` or `after-17` for the 17th write
   * of all to reach its disk.
   */
  readonly powerCut: string | undefined
  readonly also: readonly Extra[]
  /** A run that somebody has thought out instead of a drawn one: `two-sticks.ts`, `shelf-story.ts`. It has its own number of nodes. */
  readonly story: (typeof STORIES)[number] | undefined
}

/** What is said of a run. */
export type Given = { readonly [Name in keyof SimOptions]?: SimOptions[Name] | undefined }

/** What is not drawn from the seed (`draw.ts`) and not said. */
export const DEFAULT_OPTIONS: SimOptions = {
  nodes: 3,
  hours: 2,
  actions: 50,
  without: [],
  planted: [],
  linkTrace: undefined,
  powerCut: undefined,
  also: [],
  story: undefined,
}

/** Nodes of the story. */
const STORY_NODES = 4

/** In a scripted run nothing goes wrong but what stands in the script; links of a story may be thin. */
export function withScript(options: SimOptions): SimOptions {
  if (options.story !== undefined) {
    const without = FAULTS.filter((fault) => fault !== 'thin-links')
    return { ...options, nodes: STORY_NODES, without }
  }
  return options.powerCut === undefined ? options : { ...options, without: FAULTS }
}

/** The arguments of `scripts/sim` that say the same as `options`, whatever its seed would draw. */
export function argumentsOf(options: SimOptions): readonly string[] {
  const { nodes, hours, actions, without, planted, linkTrace, powerCut, also, story } = options
  const isScripted = powerCut !== undefined || story !== undefined
  return [
    ...(isScripted
      ? []
      : ['--nodes', `${nodes}`, '--hours', `${hours}`, '--actions', `${actions}`]),
    ...(without.length === 0 || isScripted ? [] : ['--without', without.join()]),
    ...(planted.length === 0 ? [] : ['--planted', planted.join()]),
    ...(linkTrace === undefined ? [] : ['--link-trace', linkTrace]),
    ...(powerCut === undefined ? [] : ['--power-cut', powerCut]),
    ...(also.length === 0 ? [] : ['--also', also.join()]),
    ...(story === undefined ? [] : ['--story', story]),
  ]
}

/** The options that `argumentsOf` would write so. Throws at a word it does not know. */
export function optionsFrom(words: readonly string[]): Given {
  const options: { -readonly [Name in keyof Given]: Given[Name] } = {}
  for (let at = 0; at < words.length; at += 2) {
    const [name, value = ''] = words.slice(at, at + 2)
    if (name === '--nodes') options.nodes = Number(value)
    else if (name === '--hours') options.hours = Number(value)
    else if (name === '--actions') options.actions = Number(value)
    else if (name === '--without') options.without = pick(FAULTS, value)
    else if (name === '--planted') options.planted = pick(PLANTS, value)
    else if (name === '--link-trace') options.linkTrace = value
    else if (name === '--power-cut') options.powerCut = value
    else if (name === '--also') options.also = pick(EXTRAS, value)
    else if (name === '--story') options.story = pick(STORIES, value)[0]
    else throw new Error(`${name} is no option of a run`)
  }
  return options
}

function pick<T extends string>(known: readonly T[], value: string): readonly T[] {
  return value.split(',').map((name) => {
    const found = known.find((one) => one === name)
    if (found === undefined) throw new Error(`${name} is none of ${known.join()}`)
    return found
  })
}
