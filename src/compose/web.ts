/** Reads the web client that `scripts/build-web.ts` left in `.web/`. A node without it serves everything else. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { WebFile } from '#server/web.ts'

const List = z.array(
  z.object({ url: z.string(), type: z.string(), isForever: z.boolean(), name: z.string() }),
)

/** Where it is built to. */
const WEB_FOLDER = join(import.meta.dirname, '..', '..', '.web')

/** The files of the client in `folder`; undefined when none was built there. */
export async function readWeb(folder = WEB_FOLDER): Promise<readonly WebFile[] | undefined> {
  const list = await readFile(join(folder, 'files.json'), 'utf8').catch(() => undefined)
  if (list === undefined) return undefined
  return Promise.all(
    List.parse(JSON.parse(list)).map(async ({ name, ...rest }) => ({
      ...rest,
      plain: await readFile(join(folder, name)),
      gzip: await readFile(join(folder, `${name}.gz`)),
      brotli: await readFile(join(folder, `${name}.br`)),
    })),
  )
}
