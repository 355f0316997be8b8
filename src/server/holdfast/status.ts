/** How this node is: for people who are signed in, and for watchers who only need to know that it is up. */
import type { Door } from '#server/door.ts'
import { openRoute, route, type Call, type Route } from '#server/route.ts'

/** The routes about the node itself. */
export function nodeRoutes(door: Door): readonly Route[] {
  return [
    route('GET', '/api/holdfast/v1/status', (call) => statusFor(door, call)),
    openRoute('GET', '/api/holdfast/v1/health', () => ({ status: 'OK', node: door.nodeName })),
  ]
}

/** How much there is on the node is for its administrators; others are told of what they may read. */
async function statusFor({ node, people }: Door, { subject }: Call): Promise<object> {
  const status = await node.status()
  if (people.byId(subject)?.isAdministrator === true) return status
  const [own, open] = await Promise.all([node.channelsOf(subject), node.publicChannels(subject)])
  const channels = [...new Map([...own, ...open].map((one) => [one.id, one])).values()]
  const messages = channels.reduce((sum, { messageCount }) => sum + messageCount, 0)
  const counts = { ...status, channels: channels.length, messages }
  if (node.seenBy(subject) === undefined) return counts
  // With whom the node has to do is none of a guest's business.
  return { ...counts, nodes: [status.node], links: [], waitingChanges: 0 }
}
