/** Sticks, for administrators: the folder is one of the machine that the node runs on. */
import { z } from 'zod'
import type { Door } from '#server/door.ts'
import { bodyOf, queryOf } from '#server/input.ts'
import { route, type Route } from '#server/route.ts'

/** Longest path that a system takes. */
const PATH_CHARACTERS_MAX = 4_096

/** A folder of a stick. */
export const Folder = z.object({ folder: z.string().min(1).max(PATH_CHARACTERS_MAX) })

/** The routes about sticks. An export or import is answered when it is over. */
export function courierRoutes({ node }: Door): readonly Route[] {
  return [
    route('POST', '/api/holdfast/v1/courier/export', (call) =>
      node.exportCourier(call.subject, bodyOf(call, Folder).folder),
    ),
    route('POST', '/api/holdfast/v1/courier/import', (call) =>
      node.importCourier(call.subject, bodyOf(call, Folder).folder),
    ),
    route('GET', '/api/holdfast/v1/courier', (call) =>
      node.courierStatus(call.subject, queryOf(call, Folder).folder),
    ),
  ]
}
