/**
 * What goes wrong with links besides being cut: thin ones, drawn or replayed from a trace; links that fall silent one by one,
 * one way first, and come back in another order; and places that look only minutes later at what has come to them.
 */
import { readLinkTrace, type LinkTrace } from '../../scripts/link/trace.ts'
import type { Chance } from './chance.ts'
import { drawLink } from './line-shapes.ts'
import { meanBps, type LineShape } from './lines.ts'

/** Links and places of one run, by the names of the places. */
export interface LineFaults {
  readonly lineOf: (from: string, to: string) => LineShape | undefined
  /** The thinnest line there is, in bits per second; undefined when all are fat. */
  readonly slowestBps: () => number | undefined
}

/** What is drawn from. */
export interface LineGround {
  readonly chance: Chance
  readonly hasThin: boolean
  /** Every link replays this file instead. */
  readonly linkTrace: string | undefined
  /** Faults are over: what was out is there. */
  readonly isCalm: () => boolean
}

/** The name of headquarters, and what the names of post offices begin with: the shore, seen from the field. */
const SHORE = /^(?:hub$|post:)/

/** Runs in which links are thin, and of their links those that are. */
const THIN_RUNS = 0.35
const THIN_LINKS = 0.7

/** Lines that are the same whenever they are asked for. */
export function openLineFaults(ground: LineGround): LineFaults {
  const { chance, linkTrace, isCalm } = ground
  const replayed = linkTrace === undefined ? undefined : readLinkTrace(linkTrace)
  const isThinRun = ground.hasThin && chance.happens(THIN_RUNS)
  const links = new Map<string, LinkTrace | undefined>()
  const drawn = (name: string): LinkTrace | undefined => {
    if (replayed !== undefined) return replayed
    const own = chance.fork(name)
    return isThinRun && own.happens(THIN_LINKS) ? drawLink(own) : undefined
  }
  const linkBetween = (a: string, b: string): LinkTrace | undefined => {
    const name = [a, b].toSorted().join()
    if (!links.has(name)) links.set(name, drawn(name))
    return links.get(name)
  }
  return {
    lineOf: (from, to) => {
      const link = linkBetween(from, to)
      if (link === undefined) return undefined
      return { trace: isUphill(from, to) ? link.up : link.down, isCalm }
    },
    slowestBps: () => {
      const known = [...links.values()].flatMap((link) => (link ? [link.up, link.down] : []))
      return known.length === 0 ? undefined : Math.min(...known.map(meanBps))
    },
  }
}

/** From the field towards the shore; between two kits, one way of the two. */
function isUphill(from: string, to: string): boolean {
  if (SHORE.test(to) !== SHORE.test(from)) return SHORE.test(to)
  return from < to
}
