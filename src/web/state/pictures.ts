/** The bytes of files that the node has: fetched by the page itself, held in memory for a while, and where they are when not here. */
import type { Ask, ClientPorts } from '#web/core/client.ts'
import { PICTURES_BYTES_MAX } from '#web/core/limits.ts'
import { fields, text } from '#web/core/wire.ts'

/** What was found of a file. */
export type Found =
  | { readonly kind: 'here'; readonly blob: Blob | undefined }
  /** This node knows of it; another one has its bytes. */
  | { readonly kind: 'elsewhere'; readonly node: string }
  | { readonly kind: 'away' }

/** Files of messages. */
export interface Pictures {
  /** Its bytes. */
  readonly fetch: (fileId: string) => Promise<Found>
  /** Whether its bytes are on this node. */
  readonly find: (fileId: string) => Promise<Found>
  /** What it looks like: `thumbnail` is what came with its message, `preview` the best picture of it that is here. */
  readonly look: (fileId: string, as: 'thumbnail' | 'preview') => Promise<Blob | undefined>
  readonly clear: () => void
}

/** Files of messages. */
export function createPictures(ports: Pick<ClientPorts, 'fetch' | 'patience'>, ask: Ask): Pictures {
  const held = new Map<string, Blob>()
  const find = async (fileId: string): Promise<Found> => {
    const answer = await ask('GET', `/api/v4/files/${fileId}/info`)
    if (answer.kind !== 'ok') return { kind: 'away' }
    const node = text(fields(answer.value).holdfast_on)
    return node === '' ? { kind: 'here', blob: undefined } : { kind: 'elsewhere', node }
  }
  const bytes = async (path: string): Promise<Blob | undefined> => {
    const blob = held.get(path) ?? (await bytesOf(ports, path))
    if (blob === undefined) return undefined
    held.set(path, blob)
    drop(held)
    return blob
  }
  return {
    find,
    look: (fileId, as) => bytes(`${fileId}/${as}`),
    fetch: async (fileId) => {
      const blob = await bytes(fileId)
      if (blob !== undefined) return { kind: 'here', blob }
      const found = await find(fileId)
      return found.kind === 'here' ? { kind: 'away' } : found
    },
    clear: () => held.clear(),
  }
}

async function bytesOf(
  { fetch, patience }: Pick<ClientPorts, 'fetch' | 'patience'>,
  path: string,
): Promise<Blob | undefined> {
  try {
    const init = { method: 'GET', headers: {}, signal: patience() }
    const response = await fetch(`/api/v4/files/${path}`, init)
    return response.status === 200 ? await response.blob() : undefined
  } catch {
    return undefined
  }
}

/** The oldest go until the rest fits. */
function drop(held: Map<string, Blob>): void {
  let bytes = [...held.values()].reduce((sum, { size }) => sum + size, 0)
  for (const [id, { size }] of held) {
    if (bytes <= PICTURES_BYTES_MAX) return
    held.delete(id)
    bytes -= size
  }
}
