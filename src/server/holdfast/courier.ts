/**
 * Sticks, for administrators: in a folder of the machine that the node runs on, or file by file through the browser of whoever
 * carries them.
 */
import { Readable } from 'node:stream'
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { TrayFile } from '#ports/tray.ts'
import type { Carriage, Door } from '#server/door.ts'
import { bodyOf, queryOf, textParam } from '#server/input.ts'
import { patiently } from '#server/patience.ts'
import { route, streamRoute, type Call, type Route } from '#server/route.ts'

/** Longest path that a system takes. */
const PATH_CHARACTERS_MAX = 4_096
const AT = '/api/holdfast/v1/courier'

/** A folder of a stick. */
export const Folder = z.object({ folder: z.string().min(1).max(PATH_CHARACTERS_MAX) })

/** The routes about sticks. An export or import is answered when it is over. */
export function courierRoutes(door: Door): readonly Route[] {
  const { node } = door
  return [
    route('POST', `${AT}/export`, (call) =>
      patiently(call, door.clock, () =>
        node.exportCourier(call.subject, bodyOf(call, Folder).folder),
      ),
    ),
    route('POST', `${AT}/import`, (call) =>
      patiently(call, door.clock, () =>
        node.importCourier(call.subject, bodyOf(call, Folder).folder),
      ),
    ),
    route('GET', AT, (call) => node.courierStatus(call.subject, queryOf(call, Folder).folder)),
    route('GET', `${AT}/progress`, (call) => ({
      folders: door.carriage?.folders ?? [],
      progress: node.courierProgress(call.subject) ?? null,
    })),
    ...trayRoutes(door),
  ]
}

/** The routes of whoever carries files by their browser. */
function trayRoutes(door: Door): readonly Route[] {
  const { node } = door
  return [
    // A stick that nobody has seen: it gets everything.
    route('POST', `${AT}/tray`, async (call) => {
      const { tray } = carriageOf(door, call)
      await insistOnRoom(door)
      return patiently(call, door.clock, () =>
        tray.fill(async (folder) => {
          const report = await node.exportCourier(call.subject, folder)
          return { ...report, list: await tray.files() }
        }),
      )
    }),
    route('GET', `${AT}/tray`, async (call): Promise<{ list: readonly TrayFile[] }> => ({
      list: await carriageOf(door, call).tray.files(),
    })),
    route('DELETE', `${AT}/tray`, async (call) => {
      await carriageOf(door, call).tray.clear()
      return {}
    }),
    route('GET', `${AT}/tray/:file`, async (call) => {
      const name = textParam(call, 'file')
      const content = await carriageOf(door, call).tray.read(name)
      if (content === undefined) throw new EdgeError('NOT_FOUND', { what: 'file', name })
      call.reply.type('application/octet-stream')
      call.reply.header('content-disposition', `attachment;filename="${name}"`)
      return Readable.from(content, { objectMode: false })
    }),
    streamRoute('POST', `${AT}/take`, async (call) => {
      const { tray } = carriageOf(door, call)
      await insistOnRoom(door)
      return tray.receive(call.request.raw, (folder) =>
        patiently(call, door.clock, () => node.importCourier(call.subject, folder)),
      )
    }),
  ]
}

/** The tray lies on the disk of the node itself, where what is kept free is for messages. @throws EdgeError STORE_FULL */
async function insistOnRoom({ node }: Door): Promise<void> {
  const { disk } = await node.status()
  if (disk.state === 'full')
    throw new EdgeError('STORE_FULL', { field: 'disk', freeBytes: disk.freeBytes ?? 0 })
}

/** @throws EdgeError NOT_ALLOWED for all but administrators, NOT_FOUND */
function carriageOf({ node, carriage }: Door, { subject }: Call): Carriage {
  node.courierProgress(subject)
  if (carriage === undefined) throw new EdgeError('NOT_FOUND', { what: 'tray' })
  return carriage
}
