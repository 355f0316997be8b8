/** A way between two programs on this machine that can be cut, or go silent without a word, as radio links do. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** Passes TCP connections on to one port. */
export interface Relay extends AsyncDisposable {
  readonly port: number
  /** Breaks all connections and refuses new ones. */
  readonly cut: () => void
  /** Swallows all bytes in both directions, of old connections and new; nobody is told. */
  readonly blackhole: () => void
  /** Ends the cut, or the silence for new connections; those that were silenced stay dead. */
  readonly heal: () => void
  /** Connections made so far. */
  readonly connections: () => number
  /** Bytes passed on so far, both directions. */
  readonly bytes: () => number
}

interface Pair {
  readonly near: Socket
  readonly far: Socket
}

/** Starts a relay to `targetPort`. */
export async function startRelay(targetPort: number): Promise<Relay> {
  const pairs = new Set<Pair>()
  const silenced = new WeakSet<Socket>()
  const state = { isCut: false, isSilent: false, connections: 0, bytes: 0 }

  const pass = (from: Socket, to: Socket): void => {
    from.on('data', (chunk) => {
      if (state.isSilent || silenced.has(from)) return
      state.bytes += chunk.length
      to.write(chunk)
    })
    from.on('error', () => undefined)
    from.on('close', () => {
      if (!silenced.has(from) && !state.isSilent) to.destroy()
    })
  }
  const server = createServer((near) => {
    state.connections += 1
    if (state.isCut) return void near.destroy()
    const far = connect(targetPort, '127.0.0.1')
    near.setNoDelay(true)
    far.setNoDelay(true)
    const pair = { near, far }
    pairs.add(pair)
    if (state.isSilent) silence(pair)
    pass(near, far)
    pass(far, near)
  })
  const silence = ({ near, far }: Pair): void => {
    silenced.add(near)
    silenced.add(far)
  }
  const breakAll = (): void => {
    for (const { near, far } of pairs) {
      near.destroy()
      far.destroy()
    }
    pairs.clear()
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      state.isCut = true
      breakAll()
    },
    blackhole: () => {
      state.isSilent = true
      pairs.forEach(silence)
    },
    heal: () => {
      state.isCut = false
      state.isSilent = false
    },
    connections: () => state.connections,
    bytes: () => state.bytes,
    [Symbol.asyncDispose]: async () => {
      state.isCut = true
      breakAll()
      server.close()
      await once(server, 'close')
    },
  }
}
