/**
 * Headquarters ordered this node to destroy its keys. Its answer is signed and written already; it gets a few seconds to
 * leave by whatever link is up, and then the node is wiped, heard or not: whoever cuts the links gains no more than that.
 */
import type { EdgeNode } from '#app/node.ts'
import type { Clock } from '#ports/clock.ts'

/** How long the answer may take to leave, in milliseconds. */
const ANSWER_MS_MAX = 10_000
/** How often is looked whether it has left, in milliseconds. */
const LOOK_MS = 250

/** Calls `wipe` once an order was heard and answered; at once for one that was heard before a power cut. */
export function obeyWipeOrder(
  node: EdgeNode,
  clock: Clock,
  wipe: () => void,
): { readonly stop: () => void } {
  const over = new AbortController()
  let isObeyed = false
  const obey = async (): Promise<void> => {
    if (isObeyed) return
    isObeyed = true
    const until = clock.monotonicMs() + ANSWER_MS_MAX
    while (!over.signal.aborted && clock.monotonicMs() < until && (await isAnswerWaiting(node)))
      await clock.sleep(LOOK_MS, over.signal)
    if (!over.signal.aborted) wipe()
  }
  const unsubscribe = node.subscribe((event) => {
    if (event.kind === 'wipe-ordered') void obey()
  })
  void node.status().then(({ isToBeWiped }) => (isToBeWiped ? obey() : undefined))
  return {
    stop: () => {
      over.abort()
      unsubscribe()
    },
  }
}

/** The answer stands in the keys document, which is flash; with no link up there is nothing to wait for. */
async function isAnswerWaiting(node: EdgeNode): Promise<boolean> {
  const { links } = await node.status()
  return links.some(({ isUp, queued }) => isUp && queued.flash > 0)
}
