/** What is on its way in one direction of one connection: pieces that arrive in order, each at its time. */

/** Something on its way. */
interface Piece {
  readonly arrivesAtMs: number
  readonly bytes: number
  /** Hands it over at the far end; the next piece waits for this one. */
  readonly deliver: () => Promise<void>
}

/** Pieces on their way. */
export interface Flow {
  /** Sends a piece off. It arrives at its time, or just after the piece before it. */
  readonly push: (piece: Piece) => void
  /** Bytes on their way. */
  readonly bytes: () => number
}

/** How a flow waits, and whom it tells. */
export interface FlowOptions {
  /** Resolves at a virtual moment, or at once when the connection is gone. */
  readonly until: (atMs: number) => Promise<void>
  /** The connection is gone: nothing more is delivered. */
  readonly gone: AbortSignal
  /** Called after each delivery. */
  readonly onDelivered: (bytes: number) => void
}

/** An empty flow. It ends with its connection. */
export function openFlow({ until, gone, onDelivered }: FlowOptions): Flow {
  const pieces: Piece[] = []
  let bytes = 0
  let isRunning = false

  const run = async (): Promise<void> => {
    for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
      await until(piece.arrivesAtMs)
      if (gone.aborted) return
      await piece.deliver()
      if (gone.aborted) return
      bytes -= piece.bytes
      onDelivered(piece.bytes)
    }
    isRunning = false
  }
  return {
    push: (piece) => {
      pieces.push(piece)
      bytes += piece.bytes
      if (isRunning) return
      isRunning = true
      void run()
    },
    bytes: () => bytes,
  }
}
