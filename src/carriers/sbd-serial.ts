/**
 * The way to a modem: a serial port, or TCP where it hangs on a serial server.
 *
 * A serial port is opened as the terminal that it is, after `stty` has set it: Node's own terminal stream waits for bytes without
 * holding a thread, and no package with native code has to be built or trusted for the four settings a modem needs.
 */
import { execFile } from 'node:child_process'
import { constants, open } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { ReadStream } from 'node:tty'
import { promisify } from 'node:util'
import { EdgeError } from '#base/errors.ts'

/** Where a modem is: a device with its rate, or an address. */
export type SbdAddress =
  | { readonly device: string; readonly baud: number }
  | { readonly host: string; readonly port: number }

/** Longest wait for a connection to a serial server. */
const CONNECT_MS_MAX = 30_000
const run = promisify(execFile)
/** A plain descriptor: the stream closes it, and nothing else may. */
const openFile = promisify(open)

/**
 * Opens the way. Whoever opens it destroys it.
 * @throws EdgeError CARRIER_UNREACHABLE with the reason
 */
export async function openSerial(address: SbdAddress): Promise<Socket> {
  try {
    return await ('device' in address ? openDevice(address) : openTcp(address))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new EdgeError('CARRIER_UNREACHABLE', { carrier: 'sbd', reason }, { cause: error })
  }
}

async function openDevice({
  device,
  baud,
}: {
  readonly device: string
  readonly baud: number
}): Promise<Socket> {
  // 8 bits, no parity, one stop bit, three wires: no flow control, and no hang-up when it is closed.
  const plain = ['raw', '-echo', 'cs8', '-parenb', '-cstopb', '-crtscts', 'clocal', '-hupcl']
  await run('stty', ['-F', device, String(baud), ...plain])
  const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants
  return new ReadStream(await openFile(device, O_RDWR | O_NOCTTY | O_NONBLOCK))
}

function openTcp(address: { readonly host: string; readonly port: number }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, noDelay: true })
    socket.setTimeout(CONNECT_MS_MAX, () => socket.destroy(new Error('no connection in time')))
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.off('error', reject)
      resolve(socket)
    })
  })
}
