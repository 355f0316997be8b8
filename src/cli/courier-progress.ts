/** How far a stick has come, told on standard error while the node works with it: how much, and what it waits for. */
import type { CourierProgress } from '#app/carrying-types.ts'
import type { LocalNode } from './local-node.ts'
import { amount, type Surroundings } from './terminal.ts'

/** How often it is asked how far the stick has come: every second. */
const LOOK_MS = 1_000
/** So many hundredths more are worth a line. */
const STEP_PERCENT = 5
/** What it waits for is told after so long without anything that moves, and again so often. */
const QUIET_MS = 15_000
/** Nobody waits any longer when nothing has moved for so long: a slow stick may sync for minutes. */
export const STUCK_MS = 600_000

/** What was asked for. */
interface Visit extends Pick<CourierProgress, 'deed'> {
  readonly folder: string
}

/** What is told, and who is told when nothing moves any more. */
interface Watching extends Pick<Surroundings, 'clock' | 'terminal'> {
  readonly over: AbortSignal
  readonly onStuck: (waitsFor: string) => void
}

/** Looks until it is over. That nobody can be asked ends nothing, but nor does it count as moving. */
export async function watchProgress(
  ask: LocalNode['ask'],
  visit: Visit,
  { clock, terminal, over, onStuck }: Watching,
): Promise<void> {
  let before = ''
  let told: unknown
  let movedMs = clock.monotonicMs()
  let toldMs = movedMs
  for (;;) {
    await clock.sleep(LOOK_MS, over)
    if (over.aborted) return
    const progress = await progressOf(ask)
    const nowMs = clock.monotonicMs()
    const now = JSON.stringify(progress)
    if (progress !== undefined && now !== before) {
      before = now
      movedMs = nowMs
      toldMs = nowMs
    }
    const step = progress && isFor(progress, visit) ? stepOf(progress) : told
    if (progress && step !== told) {
      told = step
      terminal.error(`  ${visit.deed}: ${muchOf(progress)}\n`)
    }
    if (nowMs - toldMs >= QUIET_MS) {
      toldMs = nowMs
      const seconds = Math.round((nowMs - movedMs) / 1_000)
      terminal.error(`  ${visit.deed}: waits for ${waitOf(progress, visit)}, ${seconds} s\n`)
    }
    if (nowMs - movedMs >= STUCK_MS) return onStuck(waitOf(progress, visit))
  }
}

/** Null when the node works with no stick; undefined when it does not say. */
async function progressOf(ask: LocalNode['ask']): Promise<CourierProgress | null | undefined> {
  const answer = await ask('GET', '/api/holdfast/v1/courier/progress').catch(() => undefined)
  return (answer as { readonly progress: CourierProgress | null } | undefined)?.progress
}

function isFor(progress: CourierProgress, { deed, folder }: Visit): boolean {
  return progress.deed === deed && progress.folder === folder
}

/** Changes when there is something to tell. */
function stepOf({ bytes, of = 0 }: CourierProgress): number {
  return of === 0 ? bytes : Math.floor((100 * bytes) / of / STEP_PERCENT)
}

function muchOf({ bytes, of = 0 }: CourierProgress): string {
  return `${amount(bytes)}${of === 0 ? '' : `, ${Math.floor((100 * bytes) / of)} % of ${amount(of)}`}`
}

/** In words, behind `waits for`. */
function waitOf(progress: CourierProgress | null | undefined, visit: Visit): string {
  if (progress === undefined) return 'the node, which does not answer'
  if (progress === null) return 'the node to begin'
  if (!isFor(progress, visit)) return `its turn, behind the ${progress.deed} of ${progress.folder}`
  if (progress.waitsFor === 'stick')
    return visit.deed === 'export' ? 'the stick to take it' : 'the stick to be read'
  return visit.deed === 'export' ? 'the node to gather more' : 'the node to take what was read'
}
