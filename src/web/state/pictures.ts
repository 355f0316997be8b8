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
  return {
    find,
    fetch: async (fileId) => {
      const known = held.get(fileId)
      if (known !== undefined) return { kind: 'here', blob: known }
      const blob = await bytesOf(ports, fileId)
      if (blob === undefined) {
        const found = await find(fileId)
        return found.kind === 'here' ? { kind: 'away' } : found
      }
      held.set(fileId, blob)
      drop(held)
      return { kind: 'here', blob }
    },
    clear: () => held.clear(),
  }
}

async function bytesOf(
  { fetch, patience }: Pick<ClientPorts, 'fetch' | 'patience'>,
  fileId: string,
): Promise<Blob | undefined> {
  try {
    const init = { method: 'GET', headers: {}, signal: patience() }
    const response = await fetch(`/api/v4/files/${fileId}`, init)
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
