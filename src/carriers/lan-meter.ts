/**
 * What goes over the sockets of the LAN carrier as an operator counts it: IP packets, both ways. What sockets are given and what comes out of them is
 * known to the byte; what is around it is reckoned.
 */

/** Counts from when the carrier was opened. */
export interface LanMeter {
  /** A session began to connect. */
  readonly connects: () => void
  /** One message of so many bytes went, or came. */
  readonly moved: (bytes: number) => void
  readonly usedBytes: () => number
}

/** TCP's three packets, TLS, and the upgrade to a WebSocket, with their headers. */
const CONNECT_BYTES = 3_500
/** The header of a WebSocket's message and the record of TLS around it. */
const AROUND_MESSAGE_BYTES = 30
/** What a packet holds, and what is around it: its own header, and half of an acknowledgement. */
const PACKET_BYTES = 1_400
const AROUND_PACKET_BYTES = 78

/** A meter at nothing. */
export function openLanMeter(): LanMeter {
  let bytes = 0
  return {
    connects: () => void (bytes += CONNECT_BYTES),
    moved: (length) => {
      const whole = length + AROUND_MESSAGE_BYTES
      bytes += whole + AROUND_PACKET_BYTES * Math.ceil(whole / PACKET_BYTES)
    },
    usedBytes: () => bytes,
  }
}
