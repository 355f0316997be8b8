/** How this node is: for people who are signed in, and for watchers who only need to know that it is up. */
import type { Door } from '#server/door.ts'
import { openRoute, route, type Route } from '#server/route.ts'

/** The routes about the node itself. */
export function nodeRoutes(door: Door): readonly Route[] {
  return [
    route('GET', '/api/holdfast/v1/status', () => door.node.status()),
    openRoute('GET', '/api/holdfast/v1/health', () => ({ status: 'OK', node: door.nodeName })),
  ]
}
