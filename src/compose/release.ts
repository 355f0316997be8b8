/**
 * A locked kit asks headquarters: each hub in turn, again and again, longer apart each time. What goes over the wire proves
 * and seals itself (`#trust/release.ts`), so any channel will do, and a wrong answer costs nothing but the try.
 */
import { hexFromBytes } from '#base/bytes.ts'
import { readDataFolder } from '#config/data-folder.ts'
import type { Random } from '#ports/random.ts'
import { askRelease, authenticationKey, readReleaseAnswer } from '#trust/release.ts'
import type { Suite } from '#trust/keys.ts'
import { organisationOf } from './opening.ts'
import type { World } from './world.ts'
import {
  unlockByRelease,
  waysInto,
  type Release,
  type StoreKey,
  type UnlockConfig,
} from './unlocking.ts'

/** How a question travels. Rejects when there is no answer in time. */
export type Post = (
  url: string,
  body: Uint8Array,
) => Promise<{ readonly status: number; readonly body: Uint8Array }>

/** What asking needs. */
export interface AskingPorts extends Pick<World, 'random' | 'log'> {
  readonly post: Post
}

/** First and longest time between two rounds of questions, in milliseconds. */
const BACK_OFF_MS = 1_000
const BACK_OFF_MS_MAX = 60_000

/** How this folder is released; undefined when it has no such way, or nobody is named who could. */
export async function releaseOf(
  dataFolder: string,
  { release }: UnlockConfig,
  ports: AskingPorts,
): Promise<Release | undefined> {
  if (release === undefined || !(await waysInto(dataFolder)).includes('release')) return undefined
  const { suite } = organisationOf(await readDataFolder(dataFolder))
  return askHubs({ suite, from: release.from }, ports)
}

/** Asks these hubs in turn, once. */
export function askHubs(
  { suite, from }: { readonly suite: Suite; readonly from: readonly string[] },
  ports: AskingPorts,
): Release {
  return {
    fetch: async (shareId, deviceSecret, isRight) => {
      const id = hexFromBytes(shareId)
      const authentication = authenticationKey(suite, deviceSecret, id)
      for (const address of from) {
        const share = await askOne(suite, { id, authentication, address }, ports)
        if (share !== undefined && isRight(share)) return share
      }
      return undefined
    },
  }
}

/** The folder's key as soon as a hub releases it; undefined when `signal` aborts first. */
export async function untilReleased(
  { dataFolder, release }: { readonly dataFolder: string; readonly release: Release },
  { clock, random, log }: World,
  signal: AbortSignal,
): Promise<StoreKey | undefined> {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    const key = await unlockByRelease(dataFolder, release)
    if (key !== undefined) return key
    const waitMs = backOffMs(attempt, random)
    if (!signal.aborted) log.info('release.awaited', { attempt, waitMs })
    await clock.sleep(waitMs, signal)
  }
  return undefined
}

async function askOne(
  suite: Suite,
  facts: { readonly id: string; readonly authentication: Uint8Array; readonly address: string },
  { post, random, log }: AskingPorts,
): Promise<Uint8Array | undefined> {
  const asking = askRelease(suite, facts, random.bytes)
  const hub = facts.address
  try {
    const answer = await post(`http://${hub}/api/holdfast/v1/release`, asking.bytes)
    if (answer.status === 200) {
      const share = readReleaseAnswer(asking, answer.body)
      if (share !== undefined) return share
    }
    log.debug('release.unanswered', { hub, status: answer.status })
  } catch (error) {
    log.debug('release.unanswered', { hub, reason: String(error) })
  }
  return undefined
}

/** Twice as long each time, and not all kits at once when a hub comes back. */
function backOffMs(attempt: number, random: Random): number {
  const longest = Math.min(BACK_OFF_MS_MAX, BACK_OFF_MS * 2 ** Math.min(attempt - 1, 16))
  const [chance = 0] = random.bytes(1)
  return Math.round(longest * (0.5 + chance / 510))
}
