/** How this node is: for people who are signed in, and for watchers who only need to know that it is up. */
import { EdgeError } from '#base/errors.ts'
import type { Door } from '#server/door.ts'
import { PAGE_CACHE_MS } from '#server/limits.ts'
import { openRoute, route, type Call, type OpenCall, type Route } from '#server/route.ts'

/** The routes about the node itself. */
export function nodeRoutes(door: Door): readonly Route[] {
  return [
    route('GET', '/api/holdfast/v1/status', (call) => statusFor(door, call)),
    openRoute('GET', '/api/holdfast/v1/health', () => ({ status: 'OK', node: door.nodeName })),
    openRoute('GET', '/api/holdfast/v1/ready', readiness(door)),
  ]
}

/** How much there is on the node is for its administrators; others are told of what they may read. */
async function statusFor({ node, people, options }: Door, { subject }: Call): Promise<object> {
  const { browser } = options
  const status = { ...(await node.status()), ...(browser !== undefined && { browser }) }
  if (people.byId(subject)?.isAdministrator === true) return status
  const [own, open] = await Promise.all([node.channelsOf(subject), node.publicChannels(subject)])
  const channels = [...new Map([...own, ...open].map((one) => [one.id, one])).values()]
  const messages = channels.reduce((sum, { messageCount }) => sum + messageCount, 0)
  const counts = { ...status, channels: channels.length, messages }
  if (node.seenBy(subject) === undefined) return counts
  // With whom the node has to do is none of a guest's business.
  const refusals = status.refusals.map((one) => ({ ...one, from: '' }))
  return { ...counts, nodes: [status.node], links: [], refusals, waitingChanges: 0 }
}

/**
 * Whether the node can do its work: it reads its store and knows of its links. Strangers may ask, so the node is asked at
 * most once in PAGE_CACHE_MS; why it cannot stands in the log.
 */
function readiness({ clock, log, node, nodeName }: Door): (call: OpenCall) => Promise<object> {
  const look = async (): Promise<boolean> => {
    try {
      await node.status()
      return true
    } catch (error) {
      log.error('node.not-ready', { error: error instanceof EdgeError ? error.code : 'unknown' })
      return false
    }
  }
  let known: { readonly at: number; readonly isReady: Promise<boolean> } | undefined
  return async ({ reply }) => {
    const now = clock.monotonicMs()
    if (known === undefined || now - known.at >= PAGE_CACHE_MS) known = { at: now, isReady: look() }
    const isReady = await known.isReady
    if (!isReady) reply.status(503)
    return { status: isReady ? 'OK' : 'UNAVAILABLE', node: nodeName }
  }
}
